// Every way to compute every fold on a device, in value and gradient, against its definition in
// float64 on the CPU; then training steps of both models on the device against the CPU. Exit code 1
// when anything is off.
//
//   bench_device_check [cuda | cpu] [file.json]
#include <ATen/Functions.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "regard/attention/fold.hpp"
#include "regard/attention/phrase.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/bench/timer.hpp"
#include "regard/lab/machine.hpp"
#include "regard/lab/session.hpp"
#include "regard/models/model.hpp"
#include "regard/train/step.hpp"

namespace {
using namespace regard;
using torch::Tensor;

struct Check {
  std::string what, kernel, dtype;
  double error = 0, gradient_error = 0, limit = 0, gradient_limit = 0;
  bool ok() const { return error <= limit && gradient_error <= gradient_limit; }  // false for NaN
};

struct Type {
  const char* name;
  torch::ScalarType type;
  double limit, gradient_limit;  // relative, by norm: a few roundings of the type
};
const Type kTypes[] = {{"fp32", torch::kFloat, 2e-6, 2e-5},
                       {"fp16", torch::kHalf, 3e-3, 1e-2},
                       {"bf16", torch::kBFloat16, 2e-2, 6e-2}};

double distance(const Tensor& came, const Tensor& expected) {
  const auto c = came.to(torch::kDouble).cpu();
  const double size = expected.norm().item<double>();
  const double off = (c - expected).norm().item<double>();
  return size == 0 ? off : off / size;
}

struct Sample {
  Tensor q, k, v, g, lengths;
  Sample to(torch::Device device, torch::ScalarType type) const {
    const auto move = [&](const Tensor& t) { return t.defined() ? t.to(device, type) : t; };
    return {move(q), move(k), move(v), move(g), lengths.defined() ? lengths.to(device) : Tensor()};
  }
};

/// Heads of (B, T, h, d) buffers, as a layer makes them. Rounded to `type`, so that the reference
/// sees the same.
Sample make_sample(const attention::Uses& uses, torch::ScalarType type, bool ragged) {
  const auto make = [&](bool used) {
    if (!used) return Tensor();
    return torch::randn({3, 45, 4, 16}).to(type).to(torch::kDouble).transpose(1, 2);
  };
  return {make(uses.q), make(uses.k), make(uses.v), make(true),
          ragged ? torch::tensor({45, 1, 23}, torch::kLong) : Tensor()};
}

/// y and the gradients of <g, y>; `kernel` "": the definition.
std::vector<Tensor> evaluate(const attention::Phrase& phrase, bool causal, Sample s,
                             const std::string& kernel) {
  std::vector<Tensor> leaves;
  for (auto* t : {&s.q, &s.k, &s.v}) {
    if (!t->defined()) continue;
    *t = t->detach().requires_grad_();
    leaves.push_back(*t);
  }
  auto x = attention::make_inputs(s.q, s.k, s.v, phrase.graph->facts(causal), "device check");
  x.set_lengths(s.lengths);
  Tensor y;
  if (kernel.empty()) {
    y = phrase.fold->reference(x, attention::dense_mask(x));
  } else {
    const ops::ForceKernel force(kernel);
    y = attention::attend(*phrase.fold, phrase.fold_name, x);
  }
  auto out = torch::autograd::grad({y}, leaves, {s.g});
  out.insert(out.begin(), y.detach());
  return out;
}

/// How far the definition itself moves, in float64, when its inputs move by one rounding of `type`
/// of their mean size: no computation in that type can be asked for more. Division by small |F(q)|
/// makes it large.
std::pair<double, double> condition(const attention::Phrase& phrase, bool causal,
                                    const Sample& exact, torch::ScalarType type,
                                    const std::vector<Tensor>& expected) {
  const double rounding = type == torch::kFloat ? 0x1p-24 : type == torch::kHalf ? 0x1p-11 : 0x1p-8;
  Sample moved = exact;
  for (auto* t : {&moved.q, &moved.k, &moved.v}) {
    if (t->defined()) *t = *t + rounding * torch::randn_like(*t);
  }
  const auto came = evaluate(phrase, causal, moved, "");
  double gradient = 0;
  for (std::size_t i = 1; i < came.size(); ++i)
    gradient = std::fmax(gradient, distance(came[i], expected[i]));
  return {distance(came[0], expected[0]), gradient};
}

void check_phrase(const std::string& text, bool causal, bool ragged, torch::Device device,
                  std::vector<Check>& checks) {
  const auto phrase = attention::parse_phrase(text);
  if (!phrase.fold->refusal(phrase.graph->facts(causal)).empty()) return;
  for (const auto& type : kTypes) {
    const auto exact = make_sample(phrase.fold->uses(), type.type, ragged);
    const auto expected = evaluate(phrase, causal, exact, "");
    const auto [moves, gradient_moves] = condition(phrase, causal, exact, type.type, expected);
    const double limit = std::fmax(type.limit, 3 * moves);
    const double gradient_limit = std::fmax(type.gradient_limit, 3 * gradient_moves);
    if (gradient_limit > 0.5) {
      std::printf("skip %s in %s: one rounding of the input moves the gradient by %.0f %%\n",
                  phrase.canonical.c_str(), type.name, 100 * gradient_moves);
      continue;
    }
    const auto given = exact.to(device, type.type);
    auto x =
        attention::make_inputs(given.q, given.k, given.v, phrase.graph->facts(causal), "check");
    x.set_lengths(given.lengths);
    for (const auto& row :
         attention::candidates(*phrase.fold, phrase.fold_name, attention::problem_of(x))) {
      if (!row.support.ok) continue;
      Check check{
          .what = phrase.canonical + (causal ? ", causal call" : "") + (ragged ? ", ragged" : ""),
          .kernel = row.name,
          .dtype = type.name,
          .limit = limit,
          .gradient_limit = gradient_limit};
      const auto came = evaluate(phrase, causal, given, row.name);
      check.error = distance(came[0], expected[0]);
      for (std::size_t i = 1; i < came.size(); ++i) {
        // Not fmax alone: it would drop a NaN.
        const double e = distance(came[i], expected[i]);
        check.gradient_error = std::isnan(e) ? e : std::fmax(check.gradient_error, e);
        if (std::isnan(e)) break;
      }
      checks.push_back(check);
    }
  }
}

/// Losses of a few training steps.
std::vector<double> losses(const std::string& kind, const std::string& phrase, torch::Device device,
                           const std::string& dtype) {
  models::ModelSpec spec;
  spec.kind = kind;
  spec.trunk.width = 32;
  const models::ModelShape shape{
      .input = {.vocabulary = 50, .channels = 0}, .classes = 5, .max_length = 40};
  auto model = models::make_model(spec, shape, {attention::parse_phrase(phrase)}, 1);
  model->to(device);
  model->train();
  lab::ModelLearner learner(model);
  train::Spec train;
  train.dtype = dtype;
  train::TrainStep step(learner, train, 1);
  torch::manual_seed(5);
  const auto ids = torch::randint(50, {4, 40}, torch::kLong);
  const bool language = kind == "language_model";
  nn::Batch batch{.inputs = ids,
                  .lengths = language ? Tensor() : torch::tensor({40, 3, 17, 40}, torch::kLong),
                  .targets = language ? ids.roll(-1, 1) : torch::randint(5, {4}, torch::kLong),
                  .rows = 4,
                  .tokens = 160};
  batch = batch.to(device);
  std::vector<double> out;
  for (int64_t i = 0; i < 8; ++i) {
    step.prepare(i, 3e-3);
    step.run({batch});
    out.push_back(step.meter().read(i, i).loss);
  }
  return out;
}

void check_training(torch::Device device, std::vector<Check>& checks) {
  const std::pair<const char*, const char*> cases[] = {
      {"encoder_classifier", "softmax"}, {"encoder_classifier", "hrr"},
      {"encoder_classifier", "linear"},  {"encoder_classifier", "window(width=8)"},
      {"language_model", "softmax"},     {"language_model", "hrr"},
      {"language_model", "linear"},      {"language_model", "window(width=8)"},
      {"language_model", "mean"},        {"language_model", "off"}};
  for (const auto& [kind, phrase] : cases) {
    const auto expected = losses(kind, phrase, torch::kCPU, "fp32");
    for (const auto* dtype : {"fp32", "bf16"}) {
      const bool whole = std::string(dtype) == "fp32";
      Check check{.what = std::string(kind) + ", 8 training steps, " + phrase,
                  .kernel = "",
                  .dtype = dtype,
                  .limit = whole ? 1e-4 : 2e-2};
      const auto came = losses(kind, phrase, device, dtype);
      for (std::size_t i = 0; i < came.size(); ++i) {
        const double e = std::abs(came[i] / expected[i] - 1);
        check.error = std::isnan(e) ? e : std::fmax(check.error, e);
        if (std::isnan(e)) break;
      }
      checks.push_back(check);
    }
  }
}

void write_json(const std::string& path, const std::string& device,
                const std::vector<Check>& checks) {
  std::ofstream out(path);
  out << "{\"device\": \"" << device << "\", \"checks\": [\n";
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const auto& c = checks[i];
    const auto number = [](double x) {
      return std::isfinite(x) ? shortest(x) : std::string("null");
    };
    out << "{\"what\": \"" << c.what << "\", \"kernel\": \"" << c.kernel << "\", \"dtype\": \""
        << c.dtype << "\", \"error\": " << number(c.error) << ", \"limit\": " << number(c.limit)
        << ", \"gradient_error\": " << number(c.gradient_error)
        << ", \"gradient_limit\": " << number(c.gradient_limit)
        << ", \"ok\": " << (c.ok() ? "true" : "false") << (i + 1 < checks.size() ? "},\n" : "}\n");
  }
  out << "]}\n";
  out.close();
  if (!out) throw RunError(path + " cannot be written");
}

int check_all(torch::Device device, const std::string& json) {
  torch::manual_seed(2);
  const std::vector<std::string> folds = {"softmax",
                                          "hrr",
                                          "hrr(unbind=unit)",
                                          "hrr(unbind=exact)",
                                          "hrr(mode=paper)",
                                          "hrr(scale=time)",
                                          "linear",
                                          "mean",
                                          "off",
                                          "sigmoid"};
  std::vector<Check> checks;
  for (const auto& fold : folds) {
    for (const auto* graph : {"full", "causal", "window(width=7)", "window(width=7,global=2)"}) {
      for (const bool ragged : {false, true}) {
        try {
          check_phrase(std::string(graph) + "+" + fold, false, ragged, device, checks);
        } catch (const InputError&) {
          // A product without meaning is refused with a sentence; the tests of phrases say which.
        }
      }
    }
  }
  check_training(device, checks);
  int bad = 0;
  for (const auto& c : checks) {
    if (!c.ok()) ++bad;
    std::printf("%s %-52s %-12s %-5s %8.1e (%.0e) %8.1e (%.0e)\n", c.ok() ? "ok  " : "FAIL",
                c.what.c_str(), c.kernel.c_str(), c.dtype.c_str(), c.error, c.limit,
                c.gradient_error, c.gradient_limit);
  }
  const auto name = lab::device_name(device);
  if (!json.empty()) write_json(json, name, checks);
  std::printf("%s: %zu checks against float64 on the CPU, %d failed\n", name.c_str(), checks.size(),
              bad);
  return bad == 0 && !checks.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return check_all(lab::choose_device(argc > 1 ? argv[1] : "cuda"), argc > 2 ? argv[2] : "");
  } catch (const InputError& error) {
    std::fprintf(stderr, "bench_device_check: %s\n", error.what());
    return 2;
  } catch (const RunError& error) {
    std::fprintf(stderr, "bench_device_check: %s\n", error.what());
    return 1;
  }
}
