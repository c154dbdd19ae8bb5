#include "regard/lab/fill.hpp"

#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include "regard/base/error.hpp"

namespace regard::lab {
namespace {

using data::Special;

constexpr std::string_view kMask = "[MASK]";

struct Row {
  std::vector<int64_t> ids, places;
};

Row row_of(const data::Tokenizer& tokenizer, std::string_view text) {
  Row row{{tokenizer.special(Special::kBegin)}, {}};
  while (true) {
    const auto at = text.find(kMask);
    std::vector<int32_t> part;
    tokenizer.encode(text.substr(0, at), part);
    row.ids.insert(row.ids.end(), part.begin(), part.end());
    if (at == std::string_view::npos) break;
    row.places.push_back(static_cast<int64_t>(row.ids.size()));
    row.ids.push_back(tokenizer.special(Special::kMask));
    text.remove_prefix(at + kMask.size());
  }
  row.ids.push_back(tokenizer.special(Special::kEnd));
  return row;
}

void check(const TrainedRun& run, const std::string& text, int64_t top) {
  check_command(run, "fill", "fill");
  if (text.find(kMask) == std::string::npos) {
    throw InputError("fill: a text with [MASK] was expected, and there is none in \"" + text +
                     "\"");
  }
  if (top < 1 || top > run.encoding.vocabulary) {
    throw InputError("--top: a number from 1 to " + std::to_string(run.encoding.vocabulary) +
                     " was expected, and " + std::to_string(top) + " came");
  }
}

}  // namespace

Filled fill(const TrainedRun& run, const std::string& text, int64_t top) {
  check(run, text, top);
  const auto& tokenizer = *run.encoding.tokenizer;
  const auto row = row_of(tokenizer, text);
  const auto length = static_cast<int64_t>(row.ids.size());
  if (length > run.encoding.max_length) {
    throw InputError("fill: at most " + std::to_string(run.encoding.max_length) +
                     " tokens were expected, and the text has " + std::to_string(length));
  }
  const c10::InferenceMode guard;
  nn::Batch batch;
  batch.inputs = at::tensor(row.ids, torch::kLong).unsqueeze(0);  // (1, T)
  batch.others[nn::kPlaces] = at::tensor(row.places, torch::kLong).unsqueeze(0);
  batch.rows = 1;
  batch.tokens = length;
  const auto logits = run.model->logits(batch.to(run.device)).cpu();
  const auto p = at::softmax(logits[0].to(torch::kDouble), -1);  // (P, V)
  Filled filled;
  std::string_view rest = text;
  for (int64_t i = 0; i < p.size(0); ++i) {
    const auto [values, ids] = p[i].topk(top);
    auto& place = filled.places.emplace_back();
    for (int64_t k = 0; k < top; ++k) {
      const auto id = static_cast<int32_t>(ids[k].item<int64_t>());
      place.push_back({tokenizer.decode({&id, 1}), values[k].item<double>()});
    }
    const auto at = rest.find(kMask);
    filled.text += rest.substr(0, at);
    filled.text += place.front().piece;
    rest.remove_prefix(at + kMask.size());
  }
  filled.text += rest;
  return filled;
}

}  // namespace regard::lab
