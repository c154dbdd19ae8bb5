#include "regard/lab/generate.hpp"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/models/kinds/language_model.hpp"
#include "regard/nn/positions.hpp"

namespace regard::lab {
namespace {

/// The state of B texts behind a step function. With a position table, the last half of the window
/// is read anew beyond it.
class Reader {
 public:
  Reader(const TrainedRun& run, models::LanguageModel& model)
      : run_(run),
        model_(model),
        state_(model.start()),
        bounded_(nn::has_table(run.recipe.model.trunk.positions)),
        keep_(std::max<int64_t>(1, run.encoding.max_length / 2)) {}

  torch::Tensor push(const torch::Tensor& ids) {
    torch::Tensor logits;
    for (int64_t at = 0, count = 0; at < ids.size(1); at += count) {
      const auto room = run_.encoding.max_length - state_.position;
      const bool full = bounded_ && room <= 0;
      count = full ? 1 : ids.size(1) - at;
      if (bounded_ && !full) count = std::min(count, room);
      const auto part = ids.narrow(1, at, count);
      remember(part);
      logits = full ? restart() : feed(part);
    }
    return logits;
  }

  int64_t bytes() const { return state_.bytes(); }

 private:
  torch::Tensor feed(const torch::Tensor& ids) { return model_.step(ids.to(run_.device), state_); }
  torch::Tensor restart() {
    state_ = model_.start();
    return feed(seen_);
  }
  void remember(const torch::Tensor& ids) {
    if (!bounded_) return;
    seen_ = seen_.defined() ? at::cat({seen_, ids}, 1) : ids;
    const auto length = seen_.size(1);
    if (length > keep_) seen_ = seen_.narrow(1, length - keep_, keep_);
  }
  const TrainedRun& run_;
  models::LanguageModel& model_;
  nn::TrunkState state_;
  torch::Tensor seen_;  // (B, up to keep_)
  bool bounded_;
  int64_t keep_;
};

models::LanguageModel& language_model(const TrainedRun& run, const char* who) {
  check_command(run, who, "generate");
  return dynamic_cast<models::LanguageModel&>(*run.model);
}

void check(const GenerateOptions& options) {
  if (options.length < 0) throw InputError("generate: a length of 0 or more was expected");
  if (!(options.temperature >= 0) || std::isinf(options.temperature))
    throw InputError("generate: a finite temperature of 0 or more was expected, and " +
                     shortest(options.temperature) + " came");
  models::check(options.keep, "generate");
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

models::Step make_step(const TrainedRun& run, const char* who) {
  auto reader = std::make_shared<Reader>(run, language_model(run, who));
  return [reader](const torch::Tensor& ids) { return reader->push(ids); };
}

Generated generate(const TrainedRun& run, const GenerateOptions& options,
                   const std::function<void(const std::string&)>& each) {
  Reader reader(run, language_model(run, "generate"));
  const auto step = [&](const torch::Tensor& ids) { return reader.push(ids); };
  check(options);
  std::vector<int32_t> prompt;
  const auto& tokenizer = *run.encoding.tokenizer;
  tokenizer.encode(options.prompt, prompt);
  if (prompt.empty()) throw InputError("generate: a prompt of at least one token was expected");
  const c10::InferenceMode guard;
  const std::vector<int64_t> wide(prompt.begin(), prompt.end());
  Generated out;
  const double start = seconds_now();
  std::vector<int32_t> last;  // what was drawn before
  // A piece tells whether it begins a word; behind a word a blank is left to the prompt.
  if (tokenizer.name().ends_with("piece")) last.push_back(prompt.back());
  models::SamplingWatch watch;
  watch.drawn = [&](int64_t, const std::vector<int32_t>& ids) {
    // What a token adds to the text depends on the one before it, which a blank may follow.
    const auto before = tokenizer.decode(last).size();
    last.push_back(ids[0]);
    const auto piece = tokenizer.decode(last).substr(before);
    if (last.size() > 1) last.erase(last.begin());
    out.text += piece;
    if (each) each(piece);
  };
  models::sample(step, at::tensor(wide, torch::kLong).unsqueeze(0), options.length,
                 {.temperature = options.temperature,
                  .keep = options.keep,
                  .seed = static_cast<uint64_t>(options.seed)},
                 watch);
  out.tokens = options.length;
  out.seconds = seconds_now() - start;
  out.cache_bytes = reader.bytes();
  return out;
}

}  // namespace regard::lab
