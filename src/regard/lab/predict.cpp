#include "regard/lab/predict.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "regard/base/error.hpp"
#include "regard/lab/translation.hpp"

namespace regard::lab {

namespace {
void say(const std::vector<std::string>& sentences) {
  for (const auto& sentence : sentences) std::fprintf(stderr, "%s\n", sentence.c_str());
}

// The likeliest class of each token, of probabilities (T, classes).
void fill_tokens(const torch::Tensor& p, const std::vector<std::string>& classes,
                 data::Prediction& out) {
  const auto [best, which] = p.max(1);
  for (int64_t t = 0; t < p.size(0); ++t) {
    out.token_labels.push_back(classes[static_cast<std::size_t>(which[t].item<int64_t>())]);
    out.token_probabilities.push_back(best[t].item<double>());
  }
}

// Nothing is cut in silence.
void say_cut(const data::Dataset& data, const TrainedRun& run) {
  if (data.truncated() == 0) return;
  std::fprintf(stderr,
               "%lld of %lld are longer than the run's longest input, and cut at %lld tokens\n",
               static_cast<long long>(data.truncated()), static_cast<long long>(data.size()),
               static_cast<long long>(run.encoding.max_length));
}
}  // namespace

void check_probabilities(const Prediction& prediction) {
  for (const double p : prediction.probabilities) {
    if (!std::isfinite(p))
      throw RunError(prediction.place + ": the model's probabilities are not finite");
  }
}

namespace {

// Of probabilities (N, classes) of all nodes; the id stands for the place.
std::vector<Prediction> of_nodes(const torch::Tensor& p, const data::Dataset& data,
                                 const std::vector<std::string>& classes) {
  std::vector<Prediction> predictions(static_cast<std::size_t>(p.size(0)));
  for (int64_t i = 0; i < p.size(0); ++i) {
    auto& out = predictions[static_cast<std::size_t>(i)];
    const auto* values = p.const_data_ptr<double>() + i * p.size(1);
    out.probabilities.assign(values, values + p.size(1));
    out.place = data.text(i);
    check_probabilities(out);
    const auto best = std::max_element(out.probabilities.begin(), out.probabilities.end());
    out.probability = *best;
    out.label = classes[static_cast<std::size_t>(best - out.probabilities.begin())];
  }
  return predictions;
}

}  // namespace

std::vector<Prediction> predict(const TrainedRun& run, const std::vector<std::string>& paths) {
  check_command(run, "predict", "predict");
  const torch::NoGradGuard guard;
  std::vector<std::string> sentences;
  const auto data =
      data::prepare_inputs(paths, run.recipe.data, run.encoding, run.device, &sentences);
  say(sentences);
  say_cut(*data, run);
  const auto stream = data->sweep(run.recipe.load.eval_batch);
  std::vector<Prediction> predictions(static_cast<std::size_t>(data->size()));
  for (int64_t step = 0; step < stream->steps_per_epoch(); ++step) {
    const auto rows = stream->examples(step);
    const auto batch = stream->batch(step);
    const auto p =
        at::softmax(run.model->logits(batch), -1).to(torch::kCPU, torch::kDouble).contiguous();
    if (run.encoding.nodes) return of_nodes(p[0], *data, run.encoding.classes);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      auto& out = predictions[static_cast<std::size_t>(rows[r])];
      if (run.encoding.task->targets() == data::Targets::kToken) {
        const auto row = static_cast<int64_t>(r);
        const auto length =
            batch.lengths.defined() ? batch.lengths[row].item<int64_t>() : p.size(1);
        fill_tokens(p[row].narrow(0, 0, length), run.encoding.classes, out);
        out.text = data->text(rows[r]);
        out.place = data->places().place(rows[r]);
        continue;
      }
      const auto* values = p.const_data_ptr<double>() + static_cast<int64_t>(r) * p.size(1);
      out.probabilities.assign(values, values + p.size(1));
      out.place = data->places().place(rows[r]);
      check_probabilities(out);
      const auto best = std::max_element(out.probabilities.begin(), out.probabilities.end());
      out.probability = *best;
      out.label = run.encoding.classes[static_cast<std::size_t>(best - out.probabilities.begin())];
    }
  }
  return predictions;
}

train::Score evaluate_run(const TrainedRun& run, const std::vector<std::string>& paths,
                          const std::vector<std::string>& targets, const data::Noise& noise) {
  std::vector<std::string> sentences;
  const auto data = data::prepare_evaluation(paths, run.recipe.data, run.encoding, run.device,
                                             &sentences, targets, noise);
  say(sentences);
  say_cut(*data, run);
  const auto learner = make_learner(run.model, run.encoding, data);
  return train::evaluate(*learner, evaluation_of(*data, run.recipe.load.eval_batch));
}

}  // namespace regard::lab
