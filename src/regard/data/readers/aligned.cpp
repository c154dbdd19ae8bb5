#include "regard/data/readers/aligned.hpp"

#include <utility>

#include "regard/base/error.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/charset.hpp"

namespace regard::data {
namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::string lines(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " line" : " lines");
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view content) {
  std::vector<std::string_view> all;
  while (!content.empty()) {
    const auto end = content.find('\n');
    auto line = content.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    all.push_back(line);
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
  }
  return all;
}

void parse_aligned(const Side& source, const Side& target, bool refuse_half,
                   ExamplesBuilder& into) {
  const auto from = lines_of(source.content), to = lines_of(target.content);
  if (from.size() != to.size()) {
    throw InputError(source.name + " has " + lines(from.size()) + " and " + target.name + " has " +
                     std::to_string(to.size()) +
                     ": as many were expected, since line n of one is the translation of line n "
                     "of the other");
  }
  into.begin_file(source.name);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto row = static_cast<int64_t>(i) + 1;
    if (refuse_half && is_blank(from[i]) != is_blank(to[i])) {
      const auto [empty, full] = is_blank(from[i]) ? std::pair{source.name, target.name}
                                                   : std::pair{target.name, source.name};
      throw InputError(empty + ": line " + std::to_string(row) + " is empty, and that of " + full +
                       " is not; dropped from one file alone it would shift the pairs (--empty "
                       "leave_out leaves out both)");
    }
    into.add_pair(from[i], to[i], row);
  }
}

Examples read_aligned(const std::vector<std::string>& sources,
                      const std::vector<std::string>& targets, const ReaderSpec& spec) {
  if (sources.size() != targets.size()) {
    throw InputError(std::to_string(sources.size()) + " files of sources and " +
                     std::to_string(targets.size()) +
                     " of targets were named; as many were expected, in the same order");
  }
  ExamplesBuilder into(empty_policy(spec.empty));
  const auto text_of = [&](const std::string& path) {
    check_exists(path);
    auto file = open_single(path);
    auto decoded = decode(std::move(file.bytes), file.name, {spec.encoding, spec.unmarked});
    const auto sentence = decoded_sentence(decoded, file.name);
    if (!sentence.empty()) into.note(sentence);
    return std::pair{file.name, std::move(decoded.text)};
  };
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto source = text_of(sources[i]), target = text_of(targets[i]);
    parse_aligned({source.first, source.second}, {target.first, target.second},
                  spec.empty != "leave_out", into);
  }
  return into.finish();
}

}  // namespace regard::data
