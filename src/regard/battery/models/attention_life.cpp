#include "regard/battery/models/attention_life.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "regard/attention/context.hpp"
#include "regard/base/error.hpp"
#include "regard/battery/models/tokens.hpp"
#include "regard/train/optimizer.hpp"
#include "regard/train/restore.hpp"
#include "regard/train/schedule.hpp"

namespace regard::battery {
using torch::Tensor;
namespace {

constexpr int64_t kPatches = kTokenPatches * kPatch;
constexpr int64_t kFeatures = kPatches + kSummary;
constexpr int64_t kPlaces = kTokenPatches + 1;  // the last one is the summary
constexpr int64_t kChannels = kPatch + kSummary;
constexpr double kLimit = 8;  // standard deviations; beyond, an input says no more than "far"
constexpr double kSummaryGain = 3;
constexpr int64_t kWarmup = 20;

/// (N, F) -> (N, places, channels): a patch fills the first channels of its token, the summary the
/// last of the last.
Tensor as_tokens(const Tensor& x) {
  const auto n = x.size(0);
  const auto patches = at::constant_pad_nd(
      x.narrow(1, 0, kPatches).reshape({n, kTokenPatches, kPatch}), {0, kSummary});
  const auto summary =
      at::constant_pad_nd(x.narrow(1, kPatches, kSummary).unsqueeze(1), {kPatch, 0});
  return at::cat({patches, summary}, 1);
}

/// What the linear path sees, at the scale that noise of one size shrinks alike.
Tensor as_linear(const Tensor& x, const std::string& sees) {
  const auto summary = x.narrow(1, kPatches, kSummary) * kSummaryGain;
  if (sees == "summary") return summary;
  return at::cat(
      {summary, x.narrow(1, 0, kPatches) / std::sqrt(static_cast<double>(kPlaces * kPatch) / 10)},
      1);
}

int64_t linear_width(const std::string& sees) {
  return sees == "none" ? 0 : sees == "summary" ? kSummary : kFeatures;
}

/// "mixed": every other member's linear path sees the summary alone.
std::string linear_of(const AttentionLifeSpec& spec, int64_t member) {
  if (spec.linear != "mixed") return spec.linear;
  return member % 2 == 0 ? "all" : "summary";
}

}  // namespace

void AttentionLifeSpec::visit(Visitor& f) {
  f("phrase", phrase, "the attention of every layer");
  f("width", width, "width of the residual stream");
  f("layers", layers, "number of blocks");
  f("heads", heads, "attention heads; they divide the width");
  f("mlp", mlp, "width of the feed-forward");
  f("dropout", dropout, "rate on the embedding and on each residual branch");
  f("linear", linear, "what the linear path beside the encoder sees",
    {"all", "summary", "mixed", "none"});
  f("noise", noise, "standard deviation of the noise on standardised inputs");
  f("mix", mix, "largest share of another cell in a mixed input");
  f("pairs", pairs, "share of the examples that are differences of two cells");
  f("shape_weight", shape_weight, "weight of log B beside log life in the loss");
  f("steps", steps, "updates of each member");
  f("lr", lr,
    "learning rate after a warm-up of 20 steps, at most a tenth of them, then cosine to 0");
  f("weight_decay", weight_decay, "of matrices of the encoder");
  f("linear_decay", linear_decay, "of the linear path");
  f("members", members, "networks in an ensemble");
}

void AttentionLifeSpec::check() const {
  const auto need = [](bool ok, const char* what) {
    if (!ok) throw InputError(std::string("[model]: ") + what);
  };
  need(noise >= 0 && mix >= 0 && mix <= 1 && pairs >= 0 && pairs <= 1,
       "noise of at least 0, mix and pairs in [0, 1] were expected");
  need(steps > kWarmup, "more than 20 steps were expected");
  need(members > 0, "at least 1 member was expected");
  need(lr > 0, "lr above 0 was expected");
  (void)attention::parse_phrase(phrase);
}

struct LifeNetwork : torch::nn::Module {
  LifeNetwork(const AttentionLifeSpec& spec, int64_t member, uint64_t seed)
      : sees(linear_of(spec, member)) {
    nn::TrunkSpec trunk_spec;
    trunk_spec.width = spec.width;
    trunk_spec.layers = spec.layers;
    trunk_spec.heads = spec.heads;
    trunk_spec.mlp = spec.mlp;
    trunk_spec.dropout = spec.dropout;
    trunk = register_module("trunk", std::make_shared<nn::Trunk>(nn::TrunkOptions{
                                         .spec = trunk_spec,
                                         .input = {.vocabulary = 0, .channels = kChannels},
                                         .phrases = {attention::parse_phrase(spec.phrase)},
                                         .max_length = kPlaces,
                                         .causal = false,
                                         .cls = false}));
    head = register_module("head", torch::nn::Linear(spec.width, 2));
    if (linear_width(sees) > 0)
      linear = register_parameter("linear", at::zeros({linear_width(sees), 2}));
    trunk->initialise(seed);
    nn::fill_normal(head->weight, "head.weight", 0.5 / std::sqrt(static_cast<double>(spec.width)),
                    seed);
    nn::fill_normal(head->bias, "head.bias", 0, seed);
  }

  /// (N, F) and what the linear path sees of it -> (N, 2).
  Tensor forward(const Tensor& x, const Tensor& seen) {
    const auto out = head->forward(trunk->forward(as_tokens(x), {}).select(1, kPlaces - 1));
    return linear.defined() ? out + at::matmul(seen, linear) : out;
  }

  std::string sees;
  std::shared_ptr<nn::Trunk> trunk;
  torch::nn::Linear head{nullptr};
  Tensor linear;
};

struct AttentionLife::Inputs {
  Tensor x;  // (N, F) standardised
};

namespace {

/// One member, trained on standardised cells x (N, F) and targets y (N, 2).
void train_member(LifeNetwork& net, const AttentionLifeSpec& spec, const Tensor& x, const Tensor& y,
                  uint64_t seed) {
  auto random = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto n = x.size(0);
  const auto uniform = [&](int64_t columns) { return at::rand({n, columns}, random); };
  const auto others = [&] { return at::randint(0, n, {n}, random); };
  const auto noise = [&](const Tensor& like) {
    return spec.noise * at::randn(like.sizes(), random);
  };
  train::NamedTensors encoder, linear;
  for (const auto& item : net.named_parameters())
    (item.key() == "linear" ? linear : encoder).emplace_back(item.key(), item.value());
  train::Spec options;
  options.lr = spec.lr;
  options.warmup = std::min(kWarmup, spec.steps / 10);
  options.beta2 = 0.98;
  options.weight_decay = spec.weight_decay;
  train::AdamW optimizer(encoder, options);
  options.weight_decay = spec.linear_decay;
  train::AdamW linear_optimizer(linear, options);
  const train::Schedule schedule(options, spec.steps);
  const auto one = at::ones({}), zero = at::zeros({});
  const auto weight = at::tensor({1.0F, static_cast<float>(spec.shape_weight)});
  const auto seen_of = [&](const Tensor& v) {
    return net.linear.defined() ? as_linear(v, net.sees) : Tensor();
  };
  net.train();
  for (int64_t step = 0; step < spec.steps; ++step) {
    const attention::RandomContext context{static_cast<int64_t>(seed),
                                           at::scalar_tensor(step, at::kLong)};
    const attention::RandomScope scope(context);
    const auto partner = others(), reference = others();
    const auto keep = 1 - spec.mix * uniform(1);
    const auto differ = (uniform(1) < spec.pairs).to(at::kFloat);
    auto input = keep * x + (1 - keep) * x.index_select(0, partner);
    auto target = keep * y + (1 - keep) * y.index_select(0, partner);
    auto seen = seen_of(input - differ * x.index_select(0, reference));
    if (seen.defined()) seen = seen + noise(seen);
    input = input + noise(input) - differ * x.index_select(0, reference);
    target = target - differ * y.index_select(0, reference);
    const auto error = net.forward(input, seen) - target;
    const auto loss = (error.square() * weight).sum(1).mean();
    optimizer.clear_gradients();
    linear_optimizer.clear_gradients();
    loss.backward();
    const auto rate = at::scalar_tensor(schedule.at(step), at::kFloat);
    optimizer.step(rate, one, zero);
    if (!linear.empty()) linear_optimizer.step(rate, one, zero);
  }
  net.eval();
}

/// The mean of the plain prediction and of those by way of each reference cell; (N, 2),
/// standardised.
Tensor predict_member(LifeNetwork& net, const Tensor& x, const Tensor& reference,
                      const Tensor& answers, double pairs) {
  const auto n = x.size(0), r = reference.size(0);
  const auto run = [&](const Tensor& v) {
    return net.forward(v, net.linear.defined() ? as_linear(v, net.sees) : Tensor());
  };
  Tensor plain, by_pairs;
  if (pairs < 1) plain = run(x);
  if (pairs > 0) {
    const auto difference = (x.unsqueeze(1) - reference.unsqueeze(0)).reshape({n * r, x.size(1)});
    by_pairs = (run(difference).reshape({n, r, 2}) + answers.unsqueeze(0)).mean(1);
  }
  if (!plain.defined()) return by_pairs;
  return by_pairs.defined() ? (plain + by_pairs) / 2 : plain;
}

}  // namespace

AttentionLife::AttentionLife(const AttentionLifeSpec& spec) : spec_(spec) { spec_.check(); }
AttentionLife::~AttentionLife() = default;

AttentionLife::Inputs AttentionLife::standardised(const Examples& cells) const {
  std::vector<float> flat;
  for (const auto& cell : cells) {
    if (static_cast<int64_t>(cell.tokens.size()) != kPatches ||
        static_cast<int64_t>(cell.summary.size()) != kSummary)
      throw InputError("attention model: voltage curves of the early cycles of " + cell.name +
                       " were expected, and none came");
    for (const double v : cell.tokens) flat.push_back(static_cast<float>(v));
    for (const double v : cell.summary) flat.push_back(static_cast<float>(v));
  }
  const auto x = at::tensor(flat).reshape({static_cast<int64_t>(cells.size()), kFeatures});
  return {mean_.defined() ? ((x - mean_) / scale_).clamp(-kLimit, kLimit) : x};
}

void AttentionLife::prepare(const Examples& train) {
  if (train.size() < 2)
    throw InputError("attention model: at least 2 training cells were expected, and " +
                     std::to_string(train.size()) + " came");
  mean_ = scale_ = Tensor();
  const auto raw = standardised(train).x;
  mean_ = raw.mean(0);
  scale_ = raw.std(0, false).clamp_min(1e-6);
  std::vector<double> targets;
  for (const auto& cell : train) {
    if (!(cell.life > 1) || !(cell.b > 0))
      throw InputError("attention model: a known life and curve of " + cell.name +
                       " was expected, and none came");
    targets.push_back(std::log(cell.life));
    targets.push_back(std::log(cell.b));
  }
  const auto y = at::tensor(targets).reshape({-1, 2}).to(at::kFloat);
  target_ = at::stack({y.mean(0), y.std(0, false).clamp_min(1e-6)});
  answers_ = (y - target_[0]) / target_[1];
  reference_ = standardised(train).x;
}

void AttentionLife::fit(const Examples& train, uint64_t seed) {
  prepare(train);
  members_.clear();
  for (int64_t m = 0; m < spec_.members; ++m) {
    const uint64_t key = seed * 1000 + static_cast<uint64_t>(m);
    members_.push_back(std::make_shared<LifeNetwork>(spec_, m, key));
    train_member(*members_.back(), spec_, reference_, answers_, key);
  }
}

std::vector<Estimate> AttentionLife::predict(const Examples& cells) const {
  std::vector<Estimate> out;
  if (cells.empty()) return out;
  const torch::NoGradGuard guard;
  const auto x = standardised(cells).x;
  Tensor sum = at::zeros({x.size(0), 2});
  for (const auto& member : members_)
    sum += predict_member(*member, x, reference_, answers_, spec_.pairs);
  const auto logs =
      (sum / static_cast<double>(members_.size()) * target_[1] + target_[0]).to(at::kDouble);
  const auto values = logs.accessor<double, 2>();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    out.push_back(estimate_through(std::exp(values[row][0]), std::exp(values[row][1]), cells[i].c));
  }
  return out;
}

train::NamedTensors AttentionLife::state() const {
  train::NamedTensors tensors = {{"mean", mean_},
                                 {"scale", scale_},
                                 {"target", target_},
                                 {"reference", reference_},
                                 {"answers", answers_}};
  for (std::size_t m = 0; m < members_.size(); ++m) {
    for (const auto& item : members_[m]->named_parameters())
      tensors.emplace_back("member" + std::to_string(m) + "." + item.key(), item.value().detach());
  }
  return tensors;
}

void AttentionLife::load(const std::map<std::string, Tensor>& tensors) {
  const auto take = [&](const std::string& name) {
    const auto found = tensors.find(name);
    if (found == tensors.end())
      throw InputError("attention model: a tensor \"" + name + "\" was expected, and none came");
    train::check_finite(name, found->second);
    return found->second.clone();
  };
  mean_ = take("mean");
  scale_ = take("scale");
  target_ = take("target");
  reference_ = take("reference");
  answers_ = take("answers");
  members_.clear();
  const torch::NoGradGuard guard;
  for (int64_t m = 0; m < spec_.members; ++m) {
    auto member = std::make_shared<LifeNetwork>(spec_, m, 0);
    train::NamedTensors weights;
    for (const auto& item : member->named_parameters())
      weights.emplace_back("member" + std::to_string(m) + "." + item.key(), item.value());
    train::restore(weights, tensors);
    member->eval();
    members_.push_back(std::move(member));
  }
}

int64_t AttentionLife::parameters() const {
  LifeNetwork net(spec_, 0, 0);
  int64_t count = 0;
  for (const auto& p : net.parameters()) count += p.numel();
  return count;
}

}  // namespace regard::battery
