// torch.ops.regard.attention(q, k, v, phrase, causal): a phrase on tensors, in Python and TorchScript.
#include <torch/library.h>

#include <map>
#include <mutex>

#include "regard/attention/phrase.hpp"
#include "regard/base/error.hpp"

namespace regard::attention {
namespace {

const Phrase& cached_phrase(const std::string& text) {
  static std::mutex mutex;
  static std::map<std::string, Phrase> parsed;
  const std::lock_guard lock(mutex);
  const auto found = parsed.find(text);
  if (found != parsed.end()) return found->second;
  return parsed.emplace(text, parse_phrase(text)).first->second;
}

// q, k, v (B, h, T, d) -> (B, h, T_q, d). The projection of the phrase plays no part: q, k, v are given.
torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const std::string& phrase, bool causal) {
  try {
    const auto& parsed = cached_phrase(phrase);
    check_meaning(parsed, causal);
    const auto inputs = make_inputs(q, k, v, parsed.graph->make(causal), "regard::attention");
    return attend(*parsed.fold, parsed.fold_name, inputs);
  } catch (const InputError& error) {
    TORCH_CHECK_VALUE(false, error.what());
  }
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(regard, m) {
  m.def("attention(Tensor q, Tensor k, Tensor v, str phrase, bool causal=False) -> Tensor",
        &attention);
}

}  // namespace regard::attention
