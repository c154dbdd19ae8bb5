#include "regard/attention/graphs/random.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/where.h>

#include "regard/attention/graphs/alpha.hpp"
#include "regard/base/philox.hpp"

namespace regard::attention::graphs {
using torch::Tensor;

namespace {

class RandomModule final : public GraphModule {
 public:
  explicit RandomModule(const RandomEdges& entry)
      : facts_(entry.facts(false)), alpha_(entry.alpha) {}

  void start(uint64_t seed) override {
    seed_ = seed;
    numbers_ = Tensor();
    last_ = {};
  }

  MadeGraph forward(const Call& call) override {
    MadeGraph made;
    made.graph = call.aligned(call.causal ? facts_.causally() : facts_);
    if (call.memory.defined()) return made;
    const bool again = !call.key_lengths.defined() && last_.defined() &&
                       last_positions_ == call.x.size(1) && last_causal_ == call.causal &&
                       last_.queries.device() == call.x.device();
    made.edges = again ? last_ : draw(call);
    if (!call.key_lengths.defined()) {
      last_ = made.edges;
      last_positions_ = call.x.size(1);
      last_causal_ = call.causal;
    }
    return made;
  }

 private:
  // u (T, alpha + 1): row i does not depend on how many rows there are.
  Tensor numbers(int64_t positions, torch::Device device) {
    if (!numbers_.defined() || numbers_.size(0) < positions) {
      numbers_ = at::empty({positions, alpha_ + 1}, torch::kDouble);
      auto* to = numbers_.data_ptr<double>();
      for (int64_t i = 0; i < positions; ++i) {
        Random random(seed_, RandomStream::kEdges, static_cast<uint64_t>(i));
        for (int64_t r = 0; r <= alpha_; ++r) *to++ = random.uniform();
      }
    }
    return numbers_.narrow(0, 0, positions).to(device);
  }

  EdgeTensors draw(const Call& call) {
    const int64_t positions = call.x.size(1);
    const auto whole = torch::TensorOptions().dtype(torch::kLong).device(call.x.device());
    const auto i = at::arange(positions, whole).view({1, positions, 1});
    const auto r = at::arange(alpha_, whole).view({1, 1, alpha_});
    // Keys beside itself: those before it, or all but itself. (1 or B, T or 1, 1)
    auto others = call.causal ? i : (at::ones({1, 1, 1}, whole) * (positions - 1));
    if (call.key_lengths.defined()) {
      const auto most = call.key_lengths.to(torch::kLong).view({-1, 1, 1}) - (call.causal ? 0 : 1);
      others = at::minimum(others, most.clamp_min(0));
    }
    const auto u = numbers(positions, call.x.device()).unsqueeze(0);  // (1, T, alpha + 1)
    const auto scaled = [&](const Tensor& share, const Tensor& size) {
      return at::minimum((share * size).floor().to(torch::kLong), size - 1);
    };
    const auto first = (r * others).floor_divide(alpha_),
               end = ((r + 1) * others).floor_divide(alpha_);
    const auto shift = scaled(u.narrow(2, alpha_, 1), others);
    const auto drawn = (first + scaled(u.narrow(2, 0, alpha_), end - first) + shift)
                           .remainder(others.clamp_min(1));
    auto key = at::where(others <= alpha_, r.expand_as(drawn), drawn);
    const auto exists = r < others;
    if (!call.causal) key = key + (key >= i).to(torch::kLong);  // itself is left out
    const auto query = at::where(exists & at::ones_like(key).to(torch::kBool), i, positions);
    const auto [queries, keys] =
        with_self_loops(query.flatten(1).unsqueeze(1), key.flatten(1).unsqueeze(1), positions);
    return attention::make_edges(queries, keys, {}, {positions, positions});
  }

  graph::Graph facts_;
  int64_t alpha_;
  uint64_t seed_ = 0;
  Tensor numbers_;
  EdgeTensors last_;  // of sequences without padding
  int64_t last_positions_ = 0;
  bool last_causal_ = false;
};

}  // namespace

void RandomEdges::check() { check_alpha(alpha); }

graph::Graph RandomEdges::facts(bool causal) const {
  return {graph::Edges{.per_query = alpha + 1}, causal};
}

std::shared_ptr<GraphModule> RandomEdges::build(const Size&) const {
  return std::make_shared<RandomModule>(*this);
}

std::unique_ptr<Graph> make_random() { return std::make_unique<RandomEdges>(); }

}  // namespace regard::attention::graphs
