// Labels for files of any size in constant memory: the file is read several times in chunks, never
// held.
//
// Each layer of `hrr` needs its S, then its Z, then the outputs that the layer above reads, so L
// layers take 2 L + 1 passes over the file; 2 L where the label depends on the CLS token alone,
// whose row is computed once at the end. Without positions (`none`) nothing in the model knows the
// order of the bytes: then one pass counts them, and the rest works on at most 256 rows.
#pragma once

#include <string>
#include <vector>

#include "regard/attention/streamed.hpp"
#include "regard/lab/predict.hpp"
#include "regard/models/kinds/encoder_classifier.hpp"

namespace regard::lab {

enum class Counting { kWherePossible, kNever };

struct StreamedPrediction {
  Prediction prediction;
  int64_t bytes = 0, passes = 0;
  double seconds = 0;
  int64_t peak_memory = 0;  // of the process, or of the GPU
};

class StreamPredictor {
 public:
  /// InputError with the reason when the run cannot stream: a classifier of bytes, layers of hrr or
  /// off on the full graph, and positions rotary or none are needed.
  explicit StreamPredictor(const TrainedRun& run, int64_t chunk = 1 << 14,
                           Counting counting = Counting::kWherePossible);

  /// The label of a whole plain file, whatever its length. InputError when it is missing, empty or
  /// no file.
  StreamedPrediction predict(const std::string& path);

 private:
  void read_layer(const std::string& path, std::size_t layer, int pass);
  torch::Tensor pooled(const std::string& path);
  void count_bytes(const std::string& path);
  template <class F>
  void for_each_chunk(const std::string& path, F&& visit);
  torch::Tensor hidden(const torch::Tensor& ids, attention::StreamedFold::Rows rows);

  const TrainedRun& run_;
  int64_t chunk_;
  bool counting_;
  std::shared_ptr<models::EncoderClassifier> model_;
  std::vector<std::shared_ptr<attention::StreamedFold>>
      layers_;  // but those of off, from the first
  int64_t bytes_ = 0, passes_ = 0;
  torch::Tensor ids_, counts_;  // the bytes that occur, and how often; where counted
};

}  // namespace regard::lab
