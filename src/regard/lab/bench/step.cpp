// A whole training step: encoder classifier on bytes, learned positions, mean pool, 10 classes, no
// dropout; forward, loss, backward, clipping, AdamW.
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/lab/bench/bench.hpp"
#include "regard/lab/bench/plain.hpp"
#include "regard/lab/session.hpp"
#include "regard/models/model.hpp"
#include "regard/ops/dispatch.hpp"
#include "regard/train/autocast.hpp"
#include "regard/train/captured_step.hpp"
#include "regard/train/step.hpp"

namespace regard::lab {
using torch::Tensor;

namespace {

constexpr int64_t kVocabulary = 257, kClasses = 10;

std::shared_ptr<models::Model> make_classifier(const BenchShape& s, const std::string& phrase,
                                               torch::Device device) {
  models::ModelSpec spec;
  spec.kind = "encoder_classifier";
  spec.trunk.width = s.width;
  spec.trunk.layers = s.layers;
  spec.trunk.heads = s.heads;
  spec.trunk.mlp = s.mlp;
  const models::ModelShape shape{.input = {.vocabulary = kVocabulary, .channels = 0},
                                 .classes = kClasses,
                                 .max_length = s.length};
  auto model = models::make_model(spec, shape, {attention::parse_phrase(phrase)}, 1);
  model->to(device);
  model->train();
  return model;
}

nn::Batch make_batch(const BenchShape& s, torch::Device device) {
  const auto options = torch::dtype(torch::kLong).device(device);
  return {.inputs = torch::randint(kVocabulary, {s.batch, s.length}, options),
          .lengths = {},
          .targets = torch::randint(kClasses, {s.batch}, options),
          .rows = s.batch,
          .tokens = s.batch * s.length};
}

train::Spec train_spec(const BenchSetting& setting) {
  train::Spec spec;
  spec.dtype = dtype_name(setting.dtype);
  return spec;
}

/// Our step with what it needs to live.
struct OurStep {
  OurStep(const BenchSetting& setting, const BenchShape& shape, const std::string& phrase,
          bool form_captures)
      : model(make_classifier(shape, phrase, setting.device)),
        learner(model),
        step(learner, train_spec(setting), 1),
        captured(step, form_captures ? train::Record::kMust : train::Record::kNo),
        records(form_captures && ops::can_record(setting.device.type()).ok) {}
  std::shared_ptr<models::Model> model;
  ModelLearner learner;
  train::TrainStep step;
  train::CapturedStep captured;
  bool records;
  int64_t done = 0;

  /// A step; the first time as many as it takes until one is replayed, so that no turn is without
  /// the recording.
  void run(const nn::Batch& batch) {
    do {
      step.prepare(done++, 1e-3);
      captured.run({batch});
    } while (records && captured.replayed() == 0);
  }
};

constexpr const char* kEager = "regard, eager";
bool is_eager(const BenchForm& form) { return form.name == kEager; }
bool is_ours(const BenchForm& form) { return form.name == "regard" || is_eager(form); }

struct Gradients {
  double loss = 0;
  std::vector<Tensor> of;
};

double distance(const std::vector<Tensor>& came, const std::vector<Tensor>& expected) {
  double off = 0, size = 0;
  for (std::size_t i = 0; i < came.size(); ++i) {
    const auto c = came[i].cpu().to(torch::kDouble), e = expected[i].cpu();
    off += (c - e).pow(2).sum().item<double>();
    size += e.pow(2).sum().item<double>();
  }
  return std::sqrt(off / size);
}

Gradients plain_gradients(const PlainModel& model, const nn::Batch& batch, bool bf16) {
  Tensor loss;
  {
    const train::AutocastScope autocast(batch.inputs.device().type(), bf16);
    loss = model.loss(batch);
  }
  return {loss.item<double>(), torch::autograd::grad({loss}, model.parameters())};
}

/// Loss and all gradients together against the plain model in float64 with the fold's reference,
/// for fresh weights on at most 2 x 128 tokens and 2 layers.
void measure_error(const BenchSetting& setting, const BenchForm& form, BenchRow& row) {
  auto shape = row.shape;
  shape.batch = std::min<int64_t>(shape.batch, 2);
  shape.length = std::min<int64_t>(shape.length, 128);
  shape.layers = std::min<int64_t>(shape.layers, 2);
  const bool bf16 = setting.dtype == torch::kBFloat16;
  const auto batch = make_batch(shape, setting.device);
  OurStep ours(setting, shape, form.phrase, false);
  const auto parameters = ours.learner.parameters();
  try {
    Gradients came;
    if (is_ours(form)) {
      ours.step.forward(batch);  // the steps that are timed know what the first one asked for
      const auto loss = ours.step.forward(batch).total();
      ours.step.backward(loss);
      came = {loss.item<double>(), ours.step.optimizer().gradients()};
    } else {
      came = plain_gradients(PlainModel(parameters, shape, form), batch, bf16);
    }
    train::NamedTensors on_cpu;
    for (const auto& [name, value] : parameters) on_cpu.emplace_back(name, value.detach().cpu());
    const PlainModel exact(on_cpu, shape, reference_form(attention::parse_phrase(form.phrase)),
                           torch::kDouble);
    const auto expected = plain_gradients(exact, batch.to(torch::kCPU), false);
    row.error = std::abs(came.loss / expected.loss - 1);
    row.gradient_error = distance(came.of, expected.of);
  } catch (const c10::Error&) {
    // The timing of the same form says what PyTorch refused.
  }
}

ops::Problem problem_of(const attention::Phrase& phrase, const BenchSetting& setting,
                        const BenchShape& s) {
  return {.batch = s.batch,
          .heads = s.heads,
          .kv_heads = s.heads,
          .queries = s.length,
          .keys = s.length,
          .width = s.width / s.heads,
          .dtype = setting.dtype,
          .device = setting.device.type(),
          .graph = phrase.graph->facts(false)};
}

/// Matrix products forward and backward, and attention by the convention of bench_attention.cpp.
/// Bytes: 24 passes over (B, T, H) a layer for norms, residuals, activation and their gradients
/// when fused, q, k, v, y and theirs, 30 bytes a parameter for AdamW.
void count_work(const BenchSetting& setting, BenchRow& row) {
  const auto& s = row.shape;
  const auto phrase = attention::parse_phrase(row.attention);
  const auto uses = phrase.fold->uses();
  const auto cost = phrase.fold->cost(problem_of(phrase, setting, s));
  const auto width = static_cast<double>(s.width), mlp = static_cast<double>(s.mlp);
  const auto layers = static_cast<double>(s.layers),
             size = static_cast<double>(c10::elementSize(setting.dtype));
  const double products =
      3 * s.tokens() * (2 * (uses.count() + 1) * width * width + 4 * width * mlp);
  row.flops = layers * (products + 3.5 * cost.flops);
  row.bytes = layers * (24 * size * s.tokens() * width + (uses.count() == 3 ? 3 : 2) * cost.bytes) +
              30 * static_cast<double>(row.parameters);
  row.floor = floor_in_turn(setting.ceiling, row.flops, row.bytes);
}

std::string kernel_name(const attention::Phrase& phrase, const BenchSetting& setting,
                        const BenchShape& s) {
  const auto rows =
      attention::candidates(*phrase.fold, phrase.fold_name, problem_of(phrase, setting, s));
  for (const auto& row : rows) {
    if (row.chosen) return row.name;
  }
  return "";
}

/// A few steps, or one that takes long: a trace of many is of no use to anybody.
int64_t steps_to_profile(double seconds) {
  return std::clamp<int64_t>(static_cast<int64_t>(1 / std::max(seconds, 1e-3)), 1, 10);
}

/// Profiles the contenders that are ours.
void profile_ours(const BenchSetting& setting, const std::vector<BenchForm>& forms,
                  const std::vector<Contender>& contenders, std::vector<BenchRow>& rows) {
  for (std::size_t i = 0; i < forms.size(); ++i) {
    if (!is_ours(forms[i]) || !contenders[i].run) continue;
    const bool recorded = !is_eager(forms[i]) && ops::can_record(setting.device.type()).ok;
    const auto file = setting.several_traces
                          ? trace_file(setting.trace, rows[i].shape.name + "-" + rows[i].attention +
                                                          (recorded ? "-recorded" : "-eager"))
                          : setting.trace;
    rows[i].profile = profile_steps(contenders[i].run, setting.device,
                                    steps_to_profile(rows[i].time.median), file);
  }
}

}  // namespace

std::vector<BenchRow> bench_step(const BenchSetting& setting, const BenchShape& shape,
                                 const attention::Phrase& phrase) {
  torch::manual_seed(1);
  const auto batch = make_batch(shape, setting.device);
  const bool bf16 = setting.dtype == torch::kBFloat16;
  const ops::SideStream stream(setting.device);  // which a recording needs
  auto forms = setting.peers ? peer_forms(phrase) : std::vector<BenchForm>();
  if (ops::can_record(setting.device.type()).ok) {
    forms.insert(forms.begin(), regard_form(phrase));
    forms[0].name = kEager;
  }
  forms.insert(forms.begin(), regard_form(phrase));
  std::vector<BenchRow> rows;
  std::vector<Contender> contenders;
  for (const auto& form : forms) {
    BenchRow row;
    row.test = "training step";
    row.shape = shape;
    row.implementation = form.name;
    auto ours = std::make_shared<OurStep>(setting, shape, form.phrase, form.name == "regard");
    row.parameters = count_parameters(*ours->model);
    row.attention = form.phrase;  // the work is that of the form's own fold
    count_work(setting, row);
    row.attention = phrase.canonical;
    measure_error(setting, form, row);
    if (is_ours(form)) {
      row.kernel = kernel_name(phrase, setting, shape);
      contenders.push_back({[ours, batch] { ours->run(batch); }, {}, {}});
    } else {
      auto plain =
          std::make_shared<PlainStep>(PlainModel(ours->learner.parameters(), shape, form), bf16);
      contenders.push_back({[plain, batch] { plain->run(batch); }, {}, {}});
    }
    rows.push_back(row);
  }
  auto timed = timed_rows(rows, contenders, setting.turns);
  if (!setting.trace.empty()) profile_ours(setting, forms, contenders, timed);
  return timed;
}

}  // namespace regard::lab
