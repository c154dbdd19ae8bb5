#include "regard/metrics/spans.hpp"

#include <algorithm>

namespace regard::metrics {
namespace {

struct Tag {
  char prefix = 'O';
  std::string type;
};

Tag tag_of(const std::string& label) {
  if (label.empty()) return {};
  const auto dash = label.find('-', 1);
  return {label[0], dash == std::string::npos ? label.substr(1) : label.substr(dash + 1)};
}

bool among(char prefix, const char* all) {
  return std::string_view(all).find(prefix) != std::string_view::npos;
}

bool ends_before(const Tag& before, const Tag& now) {
  if (before.prefix == 'O') return false;
  if (among(before.prefix, "ES")) return true;
  return among(now.prefix, "BSO") || before.type != now.type;
}

bool begins_at(const Tag& before, const Tag& now) {
  if (now.prefix == 'O') return false;
  if (among(now.prefix, "BS")) return true;
  return among(before.prefix, "ESO") || before.type != now.type;
}

}  // namespace

std::vector<Span> spans(const std::vector<std::string>& labels) {
  std::vector<Span> found;
  Tag before;
  int64_t first = 0;
  for (std::size_t i = 0; i <= labels.size(); ++i) {
    const auto now = i < labels.size() ? tag_of(labels[i]) : Tag{};
    const auto at = static_cast<int64_t>(i);
    if (ends_before(before, now)) found.push_back({before.type, first, at - 1});
    if (begins_at(before, now)) first = at;
    before = now;
  }
  return found;
}

bool mark_spans(const std::vector<std::string>& classes) {
  bool begins = false;
  for (const auto& label : classes) {
    const bool marks = label.size() > 2 && label[1] == '-' && among(label[0], "BIES");
    if (label != "O" && !marks) return false;
    begins = begins || (marks && among(label[0], "BS"));
  }
  return begins;
}

double span_f1(const Predictions& predictions, const std::vector<std::string>& classes) {
  const auto labels = [&](const std::vector<double>& values, int64_t begin, int64_t end) {
    std::vector<std::string> names;
    for (auto i = begin; i < end; ++i) {
      names.push_back(classes[static_cast<std::size_t>(values[static_cast<std::size_t>(i)])]);
    }
    return names;
  };
  int64_t begin = 0, right = 0, predicted = 0, truth = 0;
  for (const auto end : predictions.ends) {
    const auto said = spans(labels(predictions.predicted, begin, end));
    const auto meant = spans(labels(predictions.truth, begin, end));
    predicted += static_cast<int64_t>(said.size());
    truth += static_cast<int64_t>(meant.size());
    right += std::count_if(said.begin(), said.end(), [&](const Span& span) {
      return std::find(meant.begin(), meant.end(), span) != meant.end();
    });
    begin = end;
  }
  return predicted + truth > 0
             ? 2 * static_cast<double>(right) / static_cast<double>(predicted + truth)
             : 0;
}

}  // namespace regard::metrics
