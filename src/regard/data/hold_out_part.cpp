#include "regard/data/hold_out_part.hpp"

#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/split.hpp"

namespace regard::data {

std::string percent(double fraction) { return shortest(std::round(fraction * 1e4) / 1e2) + " %"; }

namespace {

Parts hold_out_examples(const DataSpec& spec, const Examples& all) {
  // Sentences have no label of their own: they count as examples of one.
  const std::vector<int32_t> alike(all.labels.empty() ? static_cast<std::size_t>(all.size()) : 0,
                                   0);
  const auto& labels = all.labels.empty() ? alike : all.labels;
  const auto split = hold_out(labels, spec.valid_fraction, static_cast<uint64_t>(spec.split_seed));
  Parts parts;
  parts.train = subset(all, split.train);
  parts.valid = subset(all, split.valid);
  parts.held_out = std::to_string(split.valid.size()) + " of " + std::to_string(all.size()) +
                   " training examples (" + percent(spec.valid_fraction) +
                   (all.labels.empty() ? ", split_seed " : " of each label, split_seed ") +
                   std::to_string(spec.split_seed) + ") are held out for validation";
  return parts;
}

// Documents for a masked language model, each whole in one part.
Parts hold_out_documents(const DataSpec& spec, const Examples& all) {
  auto parts = hold_out_examples(spec, all);
  parts.held_out = std::to_string(parts.valid.size()) + " of " + std::to_string(all.size()) +
                   " documents (" + percent(spec.valid_fraction) + ", split_seed " +
                   std::to_string(spec.split_seed) + ") are held out for validation";
  return parts;
}

// The text is cut before the tokenizer is made, so that it knows the training part alone.
Parts hold_out_text(const DataSpec& spec, const Examples& all) {
  if (!(spec.valid_fraction > 0 && spec.valid_fraction < 1)) {
    throw InputError("valid_fraction lies between 0 and 1, and " + shortest(spec.valid_fraction) +
                     " came");
  }
  std::string text;
  for (int64_t i = 0; i < all.size(); ++i) {
    if (i > 0) text += '\n';
    text += all.documents[i];
  }
  auto cut = static_cast<std::size_t>(static_cast<double>(text.size()) * (1 - spec.valid_fraction));
  while (cut < text.size() && (static_cast<uint8_t>(text[cut]) & 0xC0) == 0x80) ++cut;
  const auto part = [&](std::size_t begin, std::size_t end) {
    Examples examples;
    examples.files = all.files;
    examples.origins = {{0, 0}};
    examples.documents.add(std::string_view(text).substr(begin, end - begin));
    return examples;
  };
  Parts parts;
  parts.train = part(0, cut);
  parts.valid = part(cut, text.size());
  parts.held_out = "the last " + percent(spec.valid_fraction) + " of the text (" +
                   human_bytes(static_cast<double>(text.size() - cut)) +
                   ") is held out for validation";
  return parts;
}

}  // namespace

Parts hold_out_part(const DataSpec& spec, const Examples& all, const Task& task) {
  constexpr int64_t kFewDocuments = 20;
  if (!task.reads_text()) return hold_out_examples(spec, all);
  const bool many = task.targets() == Targets::kMasked && all.size() >= kFewDocuments;
  return many ? hold_out_documents(spec, all) : hold_out_text(spec, all);
}

}  // namespace regard::data
