#include "regard/attention/lstm_picker.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/lstm.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <cmath>

namespace regard::attention {
using torch::Tensor;

namespace {

constexpr int64_t kPowers = 16;  // distances 1, 2-3, 4-7, ... of each sign
constexpr double kLowest = -1e30;

// (N, N) int64: the row of D for target j of source i, 0 for itself.
Tensor distance_rows(int64_t nodes, const Tensor& like) {
  const auto at = at::arange(nodes, like.options().dtype(torch::kDouble));
  const auto offset = at.unsqueeze(0) - at.unsqueeze(1);  // j - i
  const auto power = offset.abs().clamp_min(1).log2().floor().clamp_max(kPowers - 1) + 1;
  const auto row = at::where(offset == 0, 0.0, at::where(offset > 0, power, power + kPowers));
  return row.to(torch::kLong);
}

Tensor pick(const Tensor& logits, const Tensor& uniform) {
  if (!uniform.defined()) return logits.argmax(-1);
  // The first number whose sum of probabilities so far exceeds u: one of probability above 0.
  const auto sums = at::softmax(logits, -1).to(torch::kDouble).cumsum(-1);
  const auto bound =
      uniform.to(torch::kDouble).unsqueeze(-1) * sums.narrow(-1, sums.size(-1) - 1, 1);
  return (sums <= bound).sum(-1).clamp_max(sums.size(-1) - 1);
}

}  // namespace

LstmPicker::LstmPicker(int64_t model_width, int64_t hidden, Repeats repeats)
    : repeats_(repeats), hidden_(hidden) {
  const auto matrix = [&](const char* name, int64_t rows, int64_t columns) {
    auto value = at::empty({rows, columns});
    const torch::NoGradGuard guard;
    const double bound = 1 / std::sqrt(static_cast<double>(columns));
    value.uniform_(-bound, bound);
    return register_parameter(name, value);
  };
  embed_ = matrix("embed", hidden, model_width);
  embed_bias_ = register_parameter("embed_bias", at::zeros({hidden}));
  start_ = matrix("start", 1, hidden);
  types_ = matrix("types", 2, hidden);
  input_ = matrix("input", 4 * hidden, hidden);
  recurrent_ = matrix("recurrent", 4 * hidden, hidden);
  bias_ = register_parameter("bias", at::zeros({4 * hidden}));
  source_ = matrix("source", hidden, hidden);
  target_ = matrix("target", hidden, hidden);
  distance_ = matrix("distance", 2 * kPowers + 1, hidden);
}

Tensor LstmPicker::nodes(const Tensor& x) const { return at::linear(x, embed_, embed_bias_); }

LstmPicker::Prepared LstmPicker::prepare(const Tensor& nodes) const {
  // (W h) . e = h . (W^T e)
  return {at::linear(nodes, input_), at::matmul(nodes, source_), at::matmul(nodes, target_)};
}

Walk LstmPicker::walk(const Tensor& nodes, int64_t edges, const Tensor& uniform,
                      const Tensor& lengths) const {
  const torch::NoGradGuard guard;
  const int64_t examples = nodes.size(0), count = nodes.size(1), steps = 2 * edges;
  const auto prepared = prepare(nodes);
  const auto whole = nodes.options().dtype(torch::kLong),
             truth = nodes.options().dtype(torch::kBool);
  const auto rows = distance_rows(count, nodes);
  const bool left_out = repeats_ == Repeats::kLeftOut;
  // Pairs that cannot be drawn any more, (B, N, N).
  auto drawn = at::zeros({examples, count, count}, truth);
  if (left_out) drawn = drawn | at::eye(count, truth);
  if (lengths.defined()) {
    const auto pad = at::arange(count, lengths.options()) >= lengths.unsqueeze(1);  // (B, N)
    drawn = drawn | pad.unsqueeze(1) | pad.unsqueeze(2);
  }
  const auto wave = [&](int64_t parity) { return at::linear(types_[parity], input_) + bias_; };
  const auto from_start = at::linear(start_, input_) + bias_;
  const auto types = std::vector<Tensor>{wave(0), wave(1)};
  const auto all = at::arange(examples, whole);
  auto h = at::zeros({examples, hidden_}, nodes.options()), c = at::zeros_like(h);
  auto in = from_start.expand({examples, -1});  // (B, 4 H)
  Tensor source;
  std::vector<Tensor> picks, blocked;
  for (int64_t t = 0; t < steps; ++t) {
    const auto gates = at::addmm(in, h, recurrent_.t()).chunk(4, 1);  // i, f, g, o
    c = at::sigmoid(gates[1]) * c + at::sigmoid(gates[0]) * at::tanh(gates[2]);
    h = at::sigmoid(gates[3]) * at::tanh(c);
    const bool is_target = t % 2 == 1;
    const auto& keys = is_target ? prepared.targets : prepared.sources;
    auto logits = at::bmm(keys, h.unsqueeze(-1)).squeeze(-1);  // (B, N)
    Tensor stop;
    if (is_target) {
      const auto bias = at::linear(h, distance_);  // (B, rows of D)
      logits = logits + bias.gather(1, rows.index_select(0, source));
      stop = drawn.index({all, source});
    } else {
      stop = drawn.all(-1);
    }
    // Where nothing is left any choice stands for none.
    stop = stop & ~stop.all(-1, true);
    logits = logits.masked_fill(stop, kLowest);
    const auto chosen = pick(logits, uniform.defined() ? uniform[t] : Tensor());
    picks.push_back(chosen);
    blocked.push_back(stop);
    if (is_target && left_out) drawn.index_put_({all, source, chosen}, at::ones({examples}, truth));
    if (!is_target) source = chosen;
    in = prepared.gates.index({all, chosen}) + types[static_cast<std::size_t>(t % 2)];
  }
  return {at::stack(picks, 1), at::stack(blocked, 1)};
}

LstmPicker::Likelihood LstmPicker::likelihood(const Tensor& nodes, const Walk& walk) const {
  const int64_t examples = nodes.size(0), count = nodes.size(1), steps = walk.picks.size(1);
  const auto prepared = prepare(nodes);
  const auto before = walk.picks.narrow(1, 0, steps - 1);  // (B, S - 1)
  const auto vectors = nodes.gather(1, before.unsqueeze(-1).expand({examples, steps - 1, hidden_}));
  const auto parity = at::arange(steps - 1, before.options()).remainder(2);
  const auto inputs = at::cat({start_.expand({examples, 1, hidden_}),
                               vectors + types_.index_select(0, parity).unsqueeze(0)},
                              1);
  const auto zero = at::zeros({1, examples, hidden_}, nodes.options());
  const std::vector<Tensor> weights = {input_, recurrent_, bias_, at::zeros_like(bias_)};
  const auto h = std::get<0>(at::lstm(inputs, {zero, zero}, weights, true, 1, 0.0, false, false,
                                      /*batch_first=*/true));  // (B, S, H)
  const auto every_second = [](const Tensor& x, int64_t first) {
    return x.slice(1, first, x.size(1), 2);
  };
  const auto odd = every_second(h, 0), even = every_second(h, 1);
  const auto source = every_second(walk.picks, 0);  // (B, S / 2)
  const auto rows = distance_rows(count, nodes)
                        .index_select(0, source.flatten())
                        .view({examples, steps / 2, count});
  const auto of_source = at::matmul(odd, prepared.sources.transpose(1, 2));
  const auto of_target = at::matmul(even, prepared.targets.transpose(1, 2)) +
                         at::linear(even, distance_).gather(2, rows);
  auto logits = at::stack({of_source, of_target}, 2).view({examples, steps, count});
  logits = logits.masked_fill(walk.blocked, kLowest);
  const auto log_p = at::log_softmax(logits, -1);
  return {log_p.gather(2, walk.picks.unsqueeze(-1)).squeeze(-1), -(log_p.exp() * log_p).sum(-1)};
}

}  // namespace regard::attention
