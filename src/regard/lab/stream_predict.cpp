#include "regard/lab/stream_predict.hpp"

#include <filesystem>
#include <fstream>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/nn/positions.hpp"
#include "regard/train/meters.hpp"

namespace regard::lab {
using torch::Tensor;
using Rows = attention::StreamedFold::Rows;

namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& came) {
  throw InputError("predict --stream: " + what + " was expected, and this run has " + came);
}

void check_run(const TrainedRun& run) {
  const auto& e = run.encoding;
  if (e.task->name() != "classification" || e.is_image()) {
    refuse("a classifier of single texts", e.is_image() ? "images" : "the task " + e.task->name());
  }
  if (e.tokenizer->name() != "byte") {
    refuse("the tokenizer byte, whose tokens no chunk can cut", e.tokenizer->name());
  }
  const auto& positions = run.recipe.model.trunk.positions;
  if (positions != "none" && positions != "rotary") {
    refuse("a model without a position table (positions = \"rotary\" or \"none\")",
           "positions = \"" + positions + "\"");
  }
  const auto& pooling = run.recipe.model.pooling;
  if (pooling == "mean_padded")
    refuse("pooling that leaves padding out", "pooling = \"" + pooling + "\"");
}

std::ifstream open_plain(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw InputError(path + ": a file was expected, and this is a directory");
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored))
    throw InputError(path +
                     ": a regular file was expected, since it is read several times, and this is " +
                     (std::filesystem::is_fifo(path, ignored) ? "a pipe" : "none"));
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(path + ": no such file, or it cannot be read");
  return in;
}

}  // namespace

StreamPredictor::StreamPredictor(const TrainedRun& run, int64_t chunk, Counting counting)
    : run_(run), chunk_(chunk) {
  check_run(run);
  if (chunk < 1)
    throw InputError("predict --stream: a chunk of at least 1 byte was expected, and " +
                     std::to_string(chunk) + " came");
  auto spec = run.recipe.model;
  const bool rotary = spec.trunk.positions == "rotary";
  counting_ = !rotary && counting == Counting::kWherePossible;
  attention::StreamPlace place{.positions = {}, .cls = spec.pooling == "cls"};
  if (rotary) place.positions = [](const Tensor& x, int64_t first) { return nn::rotate(x, first); };
  auto phrases = run.recipe.phrases();
  phrases.resize(static_cast<std::size_t>(spec.trunk.layers), phrases.front());
  for (auto& phrase : phrases) {
    const auto streamed = phrase.fold->streamed(place);
    if (phrase.graph_name != "full" || (!streamed && phrase.fold_name != "off")) {
      refuse("attention by hrr or off on the full graph in every layer", phrase.canonical);
    }
    if (!streamed) continue;
    if (phrase.fold->reach() == attention::Reach::kAll && run.encoding.pad_to > 0)
      refuse("pads=out with pad_to", phrase.canonical);
    layers_.push_back(streamed);
    phrase.fold = streamed;
  }
  spec.trunk.positions = "none";  // the layers turn q and k by the place in the file
  model_ = std::make_shared<models::EncoderClassifier>(
      spec,
      models::ModelShape{{.vocabulary = run.encoding.vocabulary, .channels = 0},
                         static_cast<int64_t>(run.encoding.classes.size()),
                         run.encoding.max_length},
      phrases, 0);
  model_->to(run.device);
  model_->eval();
  const torch::NoGradGuard guard;
  const auto trained = run.model->named_parameters();
  for (auto& item : model_->named_parameters()) item.value().copy_(trained[item.key()]);
}

// Calls visit(ids (1, n), rows) for each chunk of the file, or once for the bytes that were
// counted.
template <class F>
void StreamPredictor::for_each_chunk(const std::string& path, F&& visit) {
  if (ids_.defined()) {
    visit(ids_, Rows{0, counts_});
    return;
  }
  ++passes_;
  auto in = open_plain(path);
  auto buffer = at::empty({chunk_}, torch::kByte);
  int64_t first = 0;
  while (true) {
    in.read(reinterpret_cast<char*>(buffer.data_ptr<uint8_t>()), chunk_);
    const auto n = static_cast<int64_t>(in.gcount());
    if (in.bad()) throw RunError(path + ": reading stopped at byte " + std::to_string(first));
    if (n == 0) break;
    visit(buffer.narrow(0, 0, n).to(run_.device, torch::kLong).unsqueeze(0), Rows{first, {}});
    first += n;
  }
  if (first == 0) throw InputError(path + ": the file is empty");
  bytes_ = first;
}

void StreamPredictor::count_bytes(const std::string& path) {
  auto counts = at::zeros({256}, torch::kLong);
  auto* count = counts.data_ptr<int64_t>();
  ++passes_;
  auto in = open_plain(path);
  std::vector<char> buffer(static_cast<std::size_t>(chunk_));
  while (in.read(buffer.data(), chunk_), in.gcount() > 0) {
    for (int64_t i = 0; i < in.gcount(); ++i)
      ++count[static_cast<uint8_t>(buffer[static_cast<std::size_t>(i)])];
  }
  if (in.bad()) throw RunError(path + ": reading stopped");
  bytes_ = counts.sum().item<int64_t>();
  if (bytes_ == 0) throw InputError(path + ": the file is empty");
  ids_ = counts.nonzero().view({1, -1}).to(run_.device);
  counts_ = counts.to(run_.device, torch::kDouble).index_select(0, ids_.view({-1}));
}

Tensor StreamPredictor::hidden(const Tensor& ids, Rows rows) {
  for (const auto& layer : layers_) layer->set_rows(rows);
  return model_->trunk().forward(ids, {});  // (1, n, H), or (1, 1 + n, H)
}

void StreamPredictor::read_layer(const std::string& path, std::size_t layer, int pass) {
  for (std::size_t i = 0; i < layer; ++i) layers_[i]->set_pass(layers_[i]->passes());
  layers_[layer]->set_pass(pass);
  for_each_chunk(path, [&](const Tensor& ids, Rows rows) {
    try {
      hidden(ids, std::move(rows));
    } catch (const attention::LayerRead&) {
    }
  });
}

Tensor StreamPredictor::pooled(const std::string& path) {
  for (const auto& layer : layers_) layer->set_pass(layer->passes());
  const auto& pooling = run_.recipe.model.pooling;
  if (pooling == "cls") {
    // The first row of any chunk: one byte beside it is enough.
    const auto any = at::zeros({1, 1}, torch::TensorOptions(torch::kLong).device(run_.device));
    return hidden(any, {}).select(1, 0);  // (1, H)
  }
  // Weighted sums over the file; for attention pooling relative to the largest score so far.
  Tensor sum, total, largest;
  for_each_chunk(path, [&](const Tensor& ids, Rows rows) {
    const auto x = hidden(ids, rows);
    auto weights = rows.weights.defined()
                       ? rows.weights
                       : at::ones({x.size(1)}, x.options().dtype(torch::kDouble));
    if (pooling == "attention") {
      const auto scores = model_->scorer()->forward(x).view({-1}).to(torch::kDouble);
      const auto high = largest.defined() ? at::maximum(largest, scores.max()) : scores.max();
      weights = weights * (scores - high).exp();
      if (largest.defined()) {
        const auto shrink = (largest - high).exp();
        sum = sum * shrink;
        total = total * shrink;
      }
      largest = high;
    }
    const auto more = (x[0].to(torch::kDouble) * weights.unsqueeze(1)).sum(0, true);
    sum = sum.defined() ? sum + more : more;
    total = total.defined() ? total + weights.sum() : weights.sum();
  });
  return (sum / total).to(torch::kFloat);
}

StreamedPrediction StreamPredictor::predict(const std::string& path) {
  const torch::NoGradGuard guard;
  const double began = seconds_now();
  passes_ = 0;
  ids_ = counts_ = Tensor();
  for (const auto& layer : layers_) layer->clear();
  if (counting_) count_bytes(path);
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    for (int pass = 0; pass < layers_[layer]->passes(); ++pass) read_layer(path, layer, pass);
  }
  const auto p =
      at::softmax(model_->classify(pooled(path)), 1).to(torch::kCPU, torch::kDouble).contiguous();
  StreamedPrediction out;
  out.prediction.place = path;
  out.prediction.probabilities.assign(p.const_data_ptr<double>(),
                                      p.const_data_ptr<double>() + p.size(1));
  check_probabilities(out.prediction);
  const auto best = p.argmax(1).item<int64_t>();
  out.prediction.label = run_.encoding.classes[static_cast<std::size_t>(best)];
  out.prediction.probability = p[0][best].item<double>();
  out.bytes = bytes_;
  out.passes = passes_;
  out.seconds = seconds_now() - began;
  out.peak_memory = train::peak_memory(run_.device);
  return out;
}

}  // namespace regard::lab
