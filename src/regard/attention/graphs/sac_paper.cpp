#include "regard/attention/graphs/sac_paper.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/where.h>

#include "regard/attention/graphs/alpha.hpp"
#include "regard/attention/lstm_picker.hpp"
#include "regard/base/text.hpp"
#include "regard/ops/attention/uniform.hpp"

namespace regard::attention::graphs {
using torch::Tensor;

namespace {

constexpr double kDecay = 0.9;

class SacPaperModule final : public GraphModule {
 public:
  SacPaperModule(const SacPaper& entry, const Size& size) : entry_(entry) {
    picker_ =
        register_module("picker", std::make_shared<LstmPicker>(size.model_width, entry.hidden));
    baseline_ = register_buffer("baseline", at::zeros({}));
    square_ = register_buffer("square", at::ones({}));
    seen_ = register_buffer("seen", at::zeros({}));
  }

  MadeGraph forward(const Call& call) override {
    MadeGraph made;
    made.graph = call.aligned(entry_.facts(false));
    const int64_t positions = call.x.size(1);
    if (call.memory.defined()) return made;
    if (entry_.alpha >= positions - 1) {
      made.graph = graph::full();
      return made;
    }
    const auto nodes = picker_->nodes(call.x.detach().to(torch::kFloat));
    const int64_t edges = entry_.alpha * positions;
    const auto walk = picker_->walk(nodes.detach(), edges, numbers(call, edges), call.key_lengths);
    made.edges = edges_of(walk.picks, call);
    if (is_training() && collects_losses()) ask_for_feedback(call, nodes, walk);
    return made;
  }

 private:
  Tensor numbers(const Call& call, int64_t edges) const {
    if (!is_training() || call.random == nullptr) return {};
    return ops::uniform({2 * edges, call.x.size(0)},
                        {call.random->seed, call.random->step, call.dropout.site}, call.x.device());
  }

  // True for the choices of an example that has so many nodes, (B, S).
  Tensor counts(const Call& call, int64_t steps) const {
    const auto t = at::arange(steps, call.key_lengths.options()).unsqueeze(0);
    return t < 2 * entry_.alpha * call.key_lengths.unsqueeze(1);
  }

  EdgeTensors edges_of(const Tensor& picks, const Call& call) const {
    const int64_t positions = call.x.size(1), steps = picks.size(1);
    auto query = picks.slice(1, 0, steps, 2), key = picks.slice(1, 1, steps, 2);  // (B, alpha N)
    if (call.key_lengths.defined()) {
      query = at::where(counts(call, steps).slice(1, 0, steps, 2), query, positions);
    }
    const auto [queries, keys] = with_self_loops(query.unsqueeze(1), key.unsqueeze(1), positions);
    return attention::make_edges(queries, keys, {}, {positions, positions});
  }

  void ask_for_feedback(const Call& call, const Tensor& nodes, const Walk& walk) {
    const auto like = picker_->likelihood(nodes, walk);
    Tensor log_p, entropy;
    if (call.key_lengths.defined()) {
      const auto valid = counts(call, walk.picks.size(1));
      const auto number = valid.sum(1).clamp_min(1);
      log_p = like.log_p.masked_fill(~valid, 0.0).sum(1) / number;
      entropy = like.entropy.masked_fill(~valid, 0.0).sum(1) / number;
    } else {
      log_p = like.log_p.mean(1);
      entropy = like.entropy.mean(1);
    }
    add_loss("policy", FeedbackLoss([this, log_p, entropy](const Tensor& losses) {
               return policy_loss(-losses.to(torch::kFloat), log_p, entropy);
             }));
  }

  Tensor policy_loss(const Tensor& reward, const Tensor& log_p, const Tensor& entropy) {
    Tensor gain;
    {
      const torch::NoGradGuard guard;
      const auto first = seen_ == 0;
      const auto mean = reward.mean();
      baseline_.copy_(at::where(first, mean, baseline_));
      const auto off = reward - baseline_;
      const auto square = off.square().mean();
      square_.copy_(at::where(first, square, kDecay * square_ + (1 - kDecay) * square));
      gain = off / square_.sqrt().clamp_min(1e-6);
      baseline_.copy_(kDecay * baseline_ + (1 - kDecay) * mean);
      seen_.fill_(1);
    }
    return -(gain * log_p).mean() - entry_.entropy * entropy.mean();
  }

  SacPaper entry_;
  std::shared_ptr<LstmPicker> picker_;
  Tensor baseline_, square_, seen_;
};

}  // namespace

void SacPaper::check() {
  check_alpha(alpha);
  if (hidden < 1) {
    throw InputError("hidden of at least 1 was expected, and " + std::to_string(hidden) + " came");
  }
  if (entropy < 0) {
    throw InputError("entropy of at least 0 was expected, and " + shortest(entropy) + " came");
  }
}

std::string SacPaper::refusal(bool causal) const {
  if (!causal) return "";
  return "sac_paper chooses the edges of early tokens with later ones in view, which tells a "
         "causal "
         "model what it is to predict; take sac or random";
}

double SacPaper::choice_flops(int64_t positions, int64_t, int64_t) const {
  const double n = static_cast<double>(positions), h = static_cast<double>(hidden);
  return 2 * static_cast<double>(choices(positions)) * (8 * h * h + n * h);
}

int64_t SacPaper::choices(int64_t positions) const { return 2 * alpha * positions; }

graph::Graph SacPaper::facts(bool causal) const {
  // A source may be drawn more often than alpha times: the mean stands for the cost.
  return {graph::Edges{.per_query = alpha + 1, .learned = true}, causal};
}

std::shared_ptr<GraphModule> SacPaper::build(const Size& size) const {
  return std::make_shared<SacPaperModule>(*this, size);
}

std::unique_ptr<Graph> make_sac_paper() { return std::make_unique<SacPaper>(); }

}  // namespace regard::attention::graphs
