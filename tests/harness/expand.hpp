// expand: a projection against `separate` with its expansion to three matrices, in value and
// gradient.
#pragma once

#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "harness/fuse.hpp"

namespace regard::harness {

inline attention::Parameters parameters_of(const attention::SelfAttention& m,
                                           const std::vector<attention::ParameterSpec>& specs) {
  attention::Parameters out;
  const auto named = m.named_parameters();
  for (const auto& spec : specs) out.push_back(named["projection." + spec.name]);
  return out;
}

struct ExpandCase {
  std::string projection, fold;
  int64_t width, heads;
  bool causal;
  std::shared_ptr<attention::Positions> positions;
  Tensor lengths;
};

inline void expand_once(const ExpandCase& c) {
  const attention::SelfAttentionOptions options{
      .width = c.width, .heads = c.heads, .causal = c.causal};
  const auto phrase = attention::parse_phrase(c.projection + "+" + c.fold);
  const attention::Size size{.model_width = c.width,
                             .heads = c.heads,
                             .head_width = c.width / c.heads,
                             .uses = phrase.fold->uses()};
  const auto m = module_of(c.projection + "+" + c.fold, options, c.positions),
             s = module_of(c.fold, options, c.positions);
  const auto p = parameters_of(*m, phrase.projection->parameters(size));
  const auto e = phrase.projection->expand(p, size);
  const auto three =
      parameters_of(*s, attention::parse_phrase(c.fold).projection->parameters(size));
  ASSERT_EQ(e.size(), three.size());
  {
    const torch::NoGradGuard guard;
    for (std::size_t i = 0; i < e.size(); ++i) three[i].copy_(e[i]);
    for (auto& item : s->named_parameters()) {
      if (!item.key().starts_with("projection.")) {
        item.value().copy_(m->named_parameters()[item.key()]);
      }
    }
  }
  const auto x = random({3, 11, c.width}, 3).requires_grad_();
  const auto y = m->forward(x, c.lengths), z = s->forward(x, c.lengths);
  EXPECT_LE(relative(y, z), 1e-12);
  const auto g = random(y.sizes(), 9);
  auto of_m = p;
  of_m.push_back(x);
  auto of_s = three;
  of_s.push_back(x);
  const auto dm = torch::autograd::grad({y}, of_m, {g});
  const auto ds = torch::autograd::grad({z}, of_s, {g});
  const std::vector<Tensor> back(ds.begin(), ds.end() - 1);
  const auto dp = torch::autograd::grad(e, p, back, std::nullopt, false, /*allow_unused=*/true);
  double scale = largest(ds.back());
  for (const auto& d : dp) scale = std::max(scale, d.defined() ? largest(d) : 0.0);
  for (std::size_t i = 0; i < p.size(); ++i) {
    EXPECT_LE(difference(dm[i], dp[i].defined() ? dp[i] : at::zeros_like(dm[i]), scale), 1e-12)
        << i;
  }
  EXPECT_LE(difference(dm.back(), ds.back(), scale), 1e-12);
}

/// Every fold, a window, causal or not, padded or not, with each kind of positions.
inline void expand(const std::string& projection) {
  const std::shared_ptr<attention::Positions> none, rotary = nn::attention_positions("rotary", 1);
  for (const char* fold : {"softmax", "sigmoid", "linear", "hrr", "mean", "window(width=3)"}) {
    for (const bool causal : {false, true}) {
      for (const bool ragged : {false, true}) {
        const auto lengths = ragged ? at::tensor({11, 4, 1}, torch::kLong) : Tensor();
        const int64_t heads = 2, width = 12;
        auto kinds = std::vector{none, rotary};
        if (attention::parse_phrase(fold).fold->has_scores()) {
          kinds.push_back(nn::attention_positions("alibi", heads));
        }
        for (const auto& positions : kinds) {
          SCOPED_TRACE(projection + "+" + fold + (causal ? ", causal" : "") +
                       (ragged ? ", ragged" : "") +
                       (!positions          ? ""
                        : positions->maps() ? ", rotary"
                                            : ", alibi"));
          expand_once({projection, fold, width, heads, causal, positions, lengths});
        }
      }
    }
  }
}

}  // namespace regard::harness
