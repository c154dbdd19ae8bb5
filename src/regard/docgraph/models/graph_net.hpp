// Stage 2: a graph attention network over the sentences of a document, the encoder classifier with
// block "gat" and mean pooling; and the mean of the sentence vectors with a hidden layer, which
// sees no graph.
#pragma once

#include "regard/docgraph/models/fit.hpp"
#include "regard/models/model.hpp"

namespace regard::docgraph {

struct GraphNetSpec {
  int64_t layers = 2;
  int64_t heads = 4;
  int64_t width = 256;
  double dropout = 0.2;
  FitSpec fit{.epochs = 50};

  void visit(Visitor& f);
  void check() const;
};

/// Which pairs the network's attention takes.
enum class Pairs { kGiven, kAll };

class GraphNet {
 public:
  GraphNet(const GraphNetSpec& spec, int64_t channels, int64_t classes, Pairs pairs, uint64_t seed);
  Trainee trainee();
  models::Model& model() { return *model_; }

 private:
  std::shared_ptr<models::Model> model_;
};

/// logits = W_2 relu(W_1 mean over sentences of x + b_1) + b_2, the hidden layer as wide as the
/// graph network.
class MeanNet : public torch::nn::Module {
 public:
  MeanNet(const GraphNetSpec& spec, int64_t channels, int64_t classes, uint64_t seed);
  torch::Tensor forward(const nn::Batch& batch);
  Trainee trainee();

 private:
  double dropout_;
  torch::nn::Linear hidden_{nullptr}, out_{nullptr};
};

}  // namespace regard::docgraph
