#include "regard/docgraph/models/fit.hpp"

#include <ATen/ops/cross_entropy_loss.h>

#include <algorithm>
#include <numeric>

#include "regard/attention/context.hpp"
#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/plan.hpp"
#include "regard/metrics/f1.hpp"
#include "regard/train/optimizer.hpp"
#include "regard/train/restore.hpp"

namespace regard::docgraph {
using torch::Tensor;

void FitSpec::visit(Visitor& f) {
  f("epochs", epochs, "passes over the training documents, at most");
  f("batch", batch, "documents in a step");
  f("lr", lr, "learning rate of Adam");
  f("weight_decay", weight_decay, "decoupled decay of matrices");
  f("patience", patience, "epochs without a better macro-F1 on the validation part before it ends");
  f("min_delta", min_delta, "by how much a better macro-F1 is better");
}

void FitSpec::check(const char* table) const {
  const auto need = [&](bool ok, const char* what) {
    if (!ok) throw InputError("[" + std::string(table) + "] " + what);
  };
  need(epochs >= 1, "epochs: at least 1 was expected");
  need(batch >= 1, "batch: at least 1 was expected");
  need(lr > 0, "lr: a number above 0 was expected");
  need(weight_decay >= 0, "weight_decay: at least 0 was expected");
  need(patience >= 1, "patience: at least 1 was expected");
  need(min_delta >= 0, "min_delta: at least 0 was expected");
}

namespace {

/// What one example takes of memory, in edges or pairs of sentences.
int64_t load_of(const Vectors& vectors, const Item& item) {
  if (item.graph && item.graph->edges.size() > 0) return 4 * item.graph->edges.size();
  const auto n = item.graph ? item.graph->size() : vectors.sentences(item.document);
  return n * n + 4 * n;
}

constexpr int64_t kLoad = 400000;  // of a part of a batch that is computed at once

/// Cuts items, sorted by load, into parts whose padded load stays below kLoad.
std::vector<std::vector<Item>> in_parts(const Vectors& vectors, std::vector<Item> items) {
  std::stable_sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
    return load_of(vectors, a) < load_of(vectors, b);
  });
  std::vector<std::vector<Item>> parts(1);
  for (const auto& item : items) {
    const auto count = static_cast<int64_t>(parts.back().size()) + 1;
    if (count > 1 && count * load_of(vectors, item) > kLoad) parts.emplace_back();
    parts.back().push_back(item);
  }
  return parts;
}

Tensor class_weights(const std::vector<Item>& items, int64_t classes) {
  std::vector<double> counts(static_cast<std::size_t>(classes), 0);
  for (const auto& item : items) counts[static_cast<std::size_t>(item.label)] += 1;
  std::vector<float> weights;
  for (const double count : counts)
    weights.push_back(count > 0 ? static_cast<float>(static_cast<double>(items.size()) /
                                                     (static_cast<double>(classes) * count))
                                : 0.0F);
  return at::tensor(weights);
}

std::vector<Tensor> copies_of(const torch::nn::Module& module) {
  std::vector<Tensor> copies;
  for (const auto& parameter : module.parameters()) copies.push_back(parameter.detach().clone());
  return copies;
}

void put_back(torch::nn::Module& module, const std::vector<Tensor>& copies) {
  const torch::NoGradGuard guard;
  const auto parameters = module.parameters();
  for (std::size_t i = 0; i < copies.size(); ++i) parameters[i].copy_(copies[i]);
}

/// One update on the documents `items`.
void step(Trainee& trainee, const Vectors& vectors, const std::vector<Item>& items,
          const Tensor& weights, train::AdamW& optimizer, double lr) {
  double total = 0;
  for (const auto& item : items) total += weights[item.label].item<double>();
  optimizer.clear_gradients();
  for (const auto& part : in_parts(vectors, items)) {
    const auto batch = make_batch(vectors, part);
    const auto loss =
        at::cross_entropy_loss(trainee.logits(batch), batch.targets, weights, at::Reduction::Sum);
    (loss / total).backward();
  }
  optimizer.step(at::scalar_tensor(lr), at::ones({}), at::zeros({}));
}

}  // namespace

FitResult fit(Trainee trainee, const Vectors& vectors, const std::vector<Item>& train,
              const std::vector<Item>& valid, int64_t classes, const FitSpec& spec, uint64_t seed,
              const Progress& progress) {
  const double start = seconds_now();
  const auto weights = class_weights(train, classes);
  train::NamedTensors parameters;
  for (const auto& item : trainee.module->named_parameters())
    parameters.emplace_back(item.key(), item.value());
  train::Spec options;
  options.weight_decay = spec.weight_decay;
  train::AdamW optimizer(parameters, options);
  std::vector<int64_t> loads;
  for (const auto& item : train) loads.push_back(load_of(vectors, item));
  const auto plan = data::bucketed_plan(loads, {spec.batch, 0}, seed, data::Last::kKeep);
  const auto steps = plan->steps_per_epoch();
  FitResult result;
  result.f1 = -1;
  std::vector<Tensor> best;
  for (int64_t epoch = 0; epoch < spec.epochs; ++epoch) {
    trainee.module->train();
    for (int64_t s = 0; s < steps; ++s) {
      const auto number = epoch * steps + s;
      const attention::RandomContext context{static_cast<int64_t>(seed),
                                             at::scalar_tensor(number, at::kLong)};
      const attention::RandomScope scope(context);
      std::vector<Item> items;
      for (const auto row : plan->rows(number))
        items.push_back(train[static_cast<std::size_t>(row)]);
      step(trainee, vectors, items, weights, optimizer, spec.lr);
      if (s % 8 == 0)
        progress(static_cast<double>(number) / static_cast<double>(spec.epochs * steps),
                 "epoch " + std::to_string(epoch + 1));
    }
    trainee.module->eval();
    const auto now = score(logits_of(trainee, vectors, valid), valid);
    result.epochs = epoch + 1;
    if (now.f1 > result.f1 + (result.f1 < 0 ? 0 : spec.min_delta)) {
      result.f1 = now.f1;
      result.accuracy = now.accuracy;
      result.best = epoch + 1;
      best = copies_of(*trainee.module);
    } else if (epoch + 1 - result.best >= spec.patience) {
      break;
    }
  }
  put_back(*trainee.module, best);
  trainee.module->eval();
  result.seconds = seconds_now() - start;
  progress(1, "macro-F1 " + shortest(std::round(result.f1 * 1e4) / 1e4) + " (validation)");
  return result;
}

Tensor logits_of(const Trainee& trainee, const Vectors& vectors, const std::vector<Item>& items) {
  const torch::NoGradGuard guard;
  std::vector<int64_t> order(items.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return load_of(vectors, items[static_cast<std::size_t>(a)]) <
           load_of(vectors, items[static_cast<std::size_t>(b)]);
  });
  std::vector<Tensor> found;
  std::vector<Item> part;
  const auto flush = [&] {
    if (!part.empty()) found.push_back(trainee.logits(make_batch(vectors, part)));
    part.clear();
  };
  for (const auto row : order) {
    const auto& item = items[static_cast<std::size_t>(row)];
    const auto count = static_cast<int64_t>(part.size()) + 1;
    if (count > 128 || count * load_of(vectors, item) > kLoad) flush();
    part.push_back(item);
  }
  flush();
  if (found.empty()) return at::zeros({0, 1});
  const auto all = at::cat(found);
  return at::empty_like(all).index_copy_(0, at::tensor(order, torch::kLong), all);
}

Score score(const Tensor& logits, const std::vector<Item>& items) {
  metrics::Predictions predictions;
  const auto answers = logits.argmax(1).contiguous();
  double right = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto answer = answers.data_ptr<int64_t>()[i];
    predictions.predicted.push_back(static_cast<double>(answer));
    predictions.truth.push_back(items[i].label);
    right += answer == items[i].label ? 1 : 0;
  }
  if (items.empty()) return {};
  return {right / static_cast<double>(items.size()), metrics::macro_f1(predictions)};
}

train::NamedTensors named_tensors(const torch::nn::Module& module, const std::string& prefix) {
  train::NamedTensors tensors;
  for (const auto& item : module.named_parameters())
    tensors.emplace_back(prefix + item.key(), item.value().detach());
  return tensors;
}

void load_tensors(torch::nn::Module& module, const std::string& prefix,
                  const std::map<std::string, Tensor>& tensors) {
  const torch::NoGradGuard guard;
  train::restore(named_tensors(module, prefix), tensors);
}

int64_t count_parameters(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

}  // namespace regard::docgraph
