#include "regard/data/readers/generated.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_set>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/data/generators/parallel.hpp"

namespace regard::data {
namespace {

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

void add_listops(const ExampleRange& range, const GeneratedSpec& spec, ExamplesBuilder& into) {
  spec.listops.check();
  std::vector<std::string> texts(static_cast<std::size_t>(range.size()));
  std::vector<int> values(texts.size());
  for_each_example(range.size(), 0, [&](int64_t i) {
    const auto codes = listops_tree(spec.listops, static_cast<uint64_t>(spec.data_seed),
                                    static_cast<uint64_t>(range.first + i));
    texts[static_cast<std::size_t>(i)] = listops_text(codes);
    values[static_cast<std::size_t>(i)] = listops_value(codes);
  });
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!seen.insert(texts[i]).second) {
      throw RunError("listops: example " + std::to_string(range.first + static_cast<int64_t>(i)) +
                     " equals one before it; short trees are few, so raise shortest");
    }
    into.add_document(texts[i], range.first + static_cast<int64_t>(i));
    into.add_label(std::to_string(values[i]));
  }
}

void add_pathfinder(const ExampleRange& range, const GeneratedSpec& spec, ExamplesBuilder& into) {
  const Pathfinder pathfinder(spec.pathfinder);
  const ImageShape shape{pathfinder.side(), pathfinder.side(), 1};
  into.reserve_images(range.size(), shape);
  constexpr int64_t kBlock = 8192;
  std::vector<PathfinderImage> images;
  for (int64_t begin = range.first; begin <= range.last; begin += kBlock) {
    images.resize(static_cast<std::size_t>(std::min(kBlock, range.last + 1 - begin)));
    for_each_example(static_cast<int64_t>(images.size()), 0, [&](int64_t i) {
      images[static_cast<std::size_t>(i)] =
          pathfinder.image(static_cast<uint64_t>(spec.data_seed), static_cast<uint64_t>(begin + i));
    });
    for (std::size_t i = 0; i < images.size(); ++i) {
      into.add_image(images[i].pixels, shape, begin + static_cast<int64_t>(i));
      into.add_label(std::to_string(images[i].label));
    }
  }
}

void add_recall(const ExampleRange& range, const GeneratedSpec& spec, ExamplesBuilder& into) {
  spec.recall.check();
  for (int64_t i = range.first; i <= range.last; ++i) {
    const auto made = recall_sequence(spec.recall, static_cast<uint64_t>(spec.data_seed),
                                      static_cast<uint64_t>(i));
    into.add_sentence(made.tokens, made.labels, i);
    into.add_planted(made.planted);
  }
}

}  // namespace

std::optional<ExampleRange> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = whole_number(text.substr(0, dash)), last = whole_number(text.substr(dash + 1));
  if (!first || !last || *first < 1 || *last < *first) return std::nullopt;
  return ExampleRange{*first, *last};
}

bool is_generator(std::string_view reader) {
  return reader == "listops" || reader == "pathfinder" || reader == "recall";
}

void add_generated(const std::string& reader, const std::string& text, const GeneratedSpec& spec,
                   ExamplesBuilder& into) {
  const auto range = parse_range(text);
  if (!range) {
    throw InputError(text + ": a range of examples such as 1-96000 was expected (reader " + reader +
                     " makes its data)");
  }
  into.begin_file(reader + " with data_seed " + std::to_string(spec.data_seed));
  into.set_unit("example");
  if (reader == "listops") {
    add_listops(*range, spec, into);
  } else if (reader == "recall") {
    add_recall(*range, spec, into);
  } else {
    add_pathfinder(*range, spec, into);
  }
}

}  // namespace regard::data
