// A profile for people: short names, the longest rows, the total.
#include <algorithm>

#include "regard/lab/bench/profile.hpp"

namespace regard::lab {
namespace {

constexpr std::size_t kMostRows = 40, kMostLetters = 72, kLettersOfTheEnd = 22;

void remove_all(std::string& text, const std::string& part, const std::string& by = "") {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size())) {
    text.replace(at, part.size(), by);
  }
}

/// Where the parameters of a demangled function begin; its end when it has none.
std::size_t parameters_of(const std::string& name) {
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<') ++depth;
    if (name[i] == '>' && i > 0 && name[i - 1] != '-') --depth;
    if (name[i] == '(' && depth == 0 && i > 0 && !name.substr(0, i).ends_with("operator")) return i;
  }
  return name.size();
}

std::vector<report::Cell> row_of(const std::string& name, const ProfileRow& row, double total) {
  const bool whole = row.calls == static_cast<double>(static_cast<int64_t>(row.calls));
  return {report::word(name), report::number(row.calls, whole ? 0 : 1),
          report::number(row.seconds * 1e6, 1), report::number(100 * row.seconds / total, 1)};
}

}  // namespace

std::string short_name(const std::string& name) {
  auto text = name;
  remove_all(text, "(anonymous namespace)::");
  text.erase(parameters_of(text));
  if (text.starts_with("void ")) text.erase(0, 5);
  while (text.ends_with(' ')) text.pop_back();
  remove_all(text, "regard::kernels::cuda::", "regard::");
  for (const auto* space : {"at::native::", "at::cuda::", "c10::", "std::"})
    remove_all(text, space);
  if (text.size() <= kMostLetters) return text.empty() ? name.substr(0, kMostLetters) : text;
  return text.substr(0, kMostLetters - kLettersOfTheEnd - 3) + "..." +
         text.substr(text.size() - kLettersOfTheEnd);
}

std::string profile_sentence(const Profile& profile) {
  const std::string problem = profile.note.empty() ? "" : "Not complete: " + profile.note + ".";
  if (profile.rows.empty()) return problem;
  return "Mean of " + std::to_string(profile.steps) +
         " steps under the profiler: " + report::fixed(profile.span * 1e6, 1) + " us a step, in " +
         report::fixed(profile.busy * 1e6, 1) + " of them " +
         (profile.kernels ? "a kernel ran" : "an operator ran") + "; trace: " + profile.file + "." +
         (problem.empty() ? "" : " " + problem);
}

report::Table profile_table(const Profile& profile) {
  using report::Align;
  report::Table table;
  table.columns = {{"name", profile.kernels ? "kernel" : "operator", "", Align::kLeft},
                   {"calls", "calls a step", "", Align::kRight},
                   {"microseconds", "a step", "us", Align::kRight},
                   {"share", "share", "%", Align::kRight}};
  ProfileRow sum, rest;
  for (const auto& row : profile.rows) {
    sum.calls += row.calls;
    sum.seconds += row.seconds;
  }
  const auto most = std::min(kMostRows, profile.rows.size());
  for (std::size_t i = 0; i < profile.rows.size(); ++i) {
    const auto& row = profile.rows[i];
    if (i < most) {
      table.rows.push_back(row_of(short_name(row.name), row, sum.seconds));
      continue;
    }
    rest.calls += row.calls;
    rest.seconds += row.seconds;
  }
  if (profile.rows.size() > most) {
    const auto name = std::to_string(profile.rows.size() - most) + " others";
    table.rows.push_back(row_of(name, rest, sum.seconds));
  }
  if (!profile.rows.empty()) table.rows.push_back(row_of("total", sum, sum.seconds));
  return table;
}

}  // namespace regard::lab
