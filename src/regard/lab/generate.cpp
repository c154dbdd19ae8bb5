#include "regard/lab/generate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/models/kinds/language_model.hpp"
#include "regard/nn/positions.hpp"

namespace regard::lab {
namespace {

int32_t sample(const torch::Tensor& logits, const GenerateOptions& options, Random& random) {
  const auto row = logits[0].to(torch::kCPU, torch::kDouble).contiguous();
  const auto* values = row.const_data_ptr<double>();
  if (!at::isfinite(row).all().item<bool>())
    throw RunError("generate: the model's scores of the next token are not finite");
  const auto count = static_cast<std::size_t>(row.numel());
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  if (options.temperature == 0) return static_cast<int32_t>(order[0]);
  const auto kept =
      options.top_k > 0 ? std::min(count, static_cast<std::size_t>(options.top_k)) : count;
  std::vector<double> weights(kept);
  double total = 0;
  for (std::size_t i = 0; i < kept; ++i) {
    weights[i] = std::exp((values[order[i]] - values[order[0]]) / options.temperature);
    total += weights[i];
  }
  double at = random.uniform() * total;
  for (std::size_t i = 0; i < kept; ++i) {
    at -= weights[i];
    if (at < 0) return static_cast<int32_t>(order[i]);
  }
  return static_cast<int32_t>(order[kept - 1]);
}

class Generator {
 public:
  Generator(const TrainedRun& run, models::LanguageModel& model)
      : run_(run), model_(model), state_(model.start()) {
    bounded_ = nn::has_table(run.recipe.model.trunk.positions);
  }
  /// Logits (1, vocabulary) after `ids`.
  torch::Tensor push(const std::vector<int32_t>& ids) {
    torch::Tensor logits;
    for (std::size_t at = 0; at < ids.size();) {
      if (bounded_ && state_.position >= run_.encoding.max_length) {
        seen_.push_back(ids[at++]);
        logits = restart();
        continue;
      }
      auto count = ids.size() - at;
      if (bounded_) {
        const auto room = static_cast<std::size_t>(run_.encoding.max_length - state_.position);
        count = std::min(count, room);
      }
      const auto* first = ids.data() + at;
      seen_.insert(seen_.end(), first, first + count);
      logits = feed({first, count});
      at += count;
    }
    return logits;
  }

 private:
  torch::Tensor feed(std::span<const int32_t> ids) {
    const std::vector<int64_t> wide(ids.begin(), ids.end());
    return model_.step(at::tensor(wide, torch::kLong).unsqueeze(0).to(run_.device), state_);
  }
  torch::Tensor restart() {
    state_ = model_.start();
    const auto keep = static_cast<std::size_t>(std::max<int64_t>(1, run_.encoding.max_length / 2));
    const auto count = std::min(keep, seen_.size());
    return feed({seen_.data() + (seen_.size() - count), count});
  }
  const TrainedRun& run_;
  models::LanguageModel& model_;
  nn::TrunkState state_;
  std::vector<int32_t> seen_;
  bool bounded_ = false;
};

}  // namespace

namespace {

void check(const GenerateOptions& options) {
  if (options.length < 0) throw InputError("generate: a length of 0 or more was expected");
  if (!(options.temperature >= 0) || std::isinf(options.temperature))
    throw InputError("generate: a finite temperature of 0 or more was expected, and " +
                     shortest(options.temperature) + " came");
  if (options.top_k < 0) throw InputError("generate: a top-k of 0 or more was expected");
}

}  // namespace

std::vector<std::string> unknown_parts(const data::Tokenizer& tokenizer, const std::string& text) {
  std::vector<std::string> parts;
  std::vector<int32_t> all;
  tokenizer.encode(text, all);  // text that it cannot read is refused before anything is said of it
  if (tokenizer.unknown() < 0) return parts;
  const auto look = [&](std::string_view part) {
    std::vector<int32_t> ids;
    tokenizer.encode(part, ids);
    const bool unknown = std::find(ids.begin(), ids.end(), tokenizer.unknown()) != ids.end();
    if (unknown && std::find(parts.begin(), parts.end(), part) == parts.end())
      parts.emplace_back(part);
  };
  if (tokenizer.name() != "character") {
    data::for_each_word(text, look);
    return parts;
  }
  for (std::string_view rest = text; !rest.empty();) {
    const auto from = rest;
    take_code_point(rest);
    look(from.substr(0, from.size() - rest.size()));
  }
  return parts;
}

std::string generate(const TrainedRun& run, const GenerateOptions& options,
                     const std::function<void(const std::string&)>& each) {
  auto* model = dynamic_cast<models::LanguageModel*>(run.model.get());
  if (model == nullptr)
    throw InputError(
        "generate: a language model was expected, and this run is a classifier; use `regard "
        "predict`");
  check(options);
  std::vector<int32_t> prompt;
  run.encoding.tokenizer->encode(options.prompt, prompt);
  if (prompt.empty()) throw InputError("generate: a prompt of at least one token was expected");
  const torch::NoGradGuard guard;
  Generator generator(run, *model);
  auto logits = generator.push(prompt);
  Random random(static_cast<uint64_t>(options.seed), RandomStream::kSample);
  std::vector<int32_t> made;
  std::string text;
  for (int64_t i = 0; i < options.length; ++i) {
    made.push_back(sample(logits, options, random));
    // Decoding everything keeps multi-byte characters and blanks between words right.
    const auto all = run.encoding.tokenizer->decode(made);
    const auto piece = all.substr(std::min(text.size(), all.size()));
    text = all;
    if (each) each(piece);
    if (i + 1 < options.length) logits = generator.push({made.back()});
  }
  return text;
}

}  // namespace regard::lab
