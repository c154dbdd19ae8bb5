// chain check: the fold softmax gives the law of the chain.
#include <ATen/ATen.h>

#include <cmath>
#include <cstdio>

#include "chain.hpp"
#include "flags.hpp"
#include "regard/attention/phrase.hpp"
#include "regard/base/error.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/theory/markov/law.hpp"

namespace regard::cli {
namespace {

/// One query over all keys by the fold `softmax`, whose scores are q k / sqrt(d), so that q is
/// given times sqrt(d).
std::vector<double> attend_by_fold(std::span<const double> keys, std::span<const double> query) {
  static const auto phrase = attention::parse_phrase("softmax");
  const auto d = static_cast<int64_t>(query.size()), length = static_cast<int64_t>(keys.size()) / d;
  const auto options = at::TensorOptions().dtype(at::kDouble);
  const auto x = at::from_blob(const_cast<double*>(keys.data()), {1, 1, length, d}, options);
  const auto q = at::from_blob(const_cast<double*>(query.data()), {1, 1, 1, d}, options) *
                 std::sqrt(static_cast<double>(d));
  const auto inputs = attention::make_inputs(q, x, x, phrase.graph->facts(/*causal=*/false));
  const auto y = attention::attend(*phrase.fold, phrase.fold_name, inputs).contiguous();
  const auto* first = y.const_data_ptr<double>();
  return {first, first + d};
}

}  // namespace

void add_chain_check(CLI::App& chain) {
  auto* command = chain.add_subcommand(
      "check",
      "self-attention by the fold softmax against the law of the chain, on random prompts");
  command->footer("Example: regard chain check --tokens 20 --width 40 --length 16");
  struct State {
    int64_t tokens = 6, length = 8, width = 0, prompts = 10000, seed = 1;
    bool json = false;
  };
  auto s = std::make_shared<State>();
  add_number(*command, "--tokens", s->tokens, "tokens of a random chain")->capture_default_str();
  add_number(*command, "--length", s->length, "tokens of a prompt")->capture_default_str();
  add_number(*command, "--width", s->width, "of the embeddings; 0: once K and once 2 K")
      ->capture_default_str();
  add_number(*command, "--prompts", s->prompts, "random prompts")->capture_default_str();
  add_number(*command, "--seed", s->seed, "of chain, embeddings and prompts")
      ->capture_default_str();
  command->add_flag("--json", s->json, "one JSON object a line for each width");
  command->callback([=] {
    constexpr double kAgree = 1e-12;
    if (s->length < 1 || s->prompts < 1)
      throw InputError("chain check: --length and --prompts are 1 or more");
    const at::NoGradGuard guard;
    std::vector<int64_t> widths = {s->width};
    if (s->width == 0) widths = {s->tokens, 2 * s->tokens};
    double largest = 0;
    for (const auto width : widths) {
      const auto result = markov::check_equivalence(
          {s->tokens, s->length, width, s->prompts, static_cast<uint64_t>(s->seed)},
          attend_by_fold);
      largest = std::max(largest, result.largest);
      if (s->json) {
        Json out = {
            {"tokens", s->tokens},   {"length", s->length},       {"width", width},
            {"prompts", s->prompts}, {"largest", result.largest}, {"histogram", result.histogram}};
        std::printf("%s\n", out.dump().c_str());
      } else {
        std::printf(
            "Attention and chain differ by at most %.1e on %lld prompts (K = %lld, d = %lld, L = "
            "%lld).\n",
            result.largest, static_cast<long long>(s->prompts), static_cast<long long>(s->tokens),
            static_cast<long long>(width), static_cast<long long>(s->length));
      }
    }
    if (!(largest < kAgree))
      throw RunError("chain check: attention and chain differ by " + shortest(largest) +
                     ", more than 1e-12");
  });
}

}  // namespace regard::cli
