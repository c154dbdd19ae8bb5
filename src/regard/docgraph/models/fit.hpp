// Training of a classifier of documents: Adam, cross-entropy with class weights, the epoch with the
// best macro-F1 on the validation part.
//
//   weight of class c = documents / (classes * documents of c)
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <vector>

#include "regard/docgraph/models/dataset.hpp"
#include "regard/train/safetensors.hpp"

namespace regard::docgraph {

struct FitSpec {
  int64_t epochs = 20;
  int64_t batch = 32;
  double lr = 1e-3;
  double weight_decay = 0;
  int64_t patience = 5;
  double min_delta = 1e-3;

  void visit(Visitor& f);
  void check(const char* table) const;
};

/// What is trained: its weights, and logits (B, classes) of a batch.
struct Trainee {
  torch::nn::Module* module = nullptr;
  std::function<torch::Tensor(const nn::Batch&)> logits;
};

/// Called with the share of the work that is done, 0 to 1, and words.
using Progress = std::function<void(double, const std::string&)>;

struct FitResult {
  double f1 = 0, accuracy = 0;  // validation, of the best epoch
  int64_t epochs = 0, best = 0;
  double seconds = 0;
};

/// Leaves the weights of the best epoch, in evaluation mode. The same seed and one thread give the
/// same bits.
FitResult fit(Trainee trainee, const Vectors& vectors, const std::vector<Item>& train,
              const std::vector<Item>& valid, int64_t classes, const FitSpec& spec, uint64_t seed,
              const Progress& progress);

/// Logits (items, classes), in the order of the items, without gradient.
torch::Tensor logits_of(const Trainee& trainee, const Vectors& vectors,
                        const std::vector<Item>& items);

struct Score {
  double accuracy = 0, f1 = 0;
};
Score score(const torch::Tensor& logits, const std::vector<Item>& items);

/// Parameters by name, for files.
train::NamedTensors named_tensors(const torch::nn::Module& module, const std::string& prefix);
void load_tensors(torch::nn::Module& module, const std::string& prefix,
                  const std::map<std::string, torch::Tensor>& tensors);
int64_t count_parameters(const torch::nn::Module& module);

}  // namespace regard::docgraph
