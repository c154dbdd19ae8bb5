// What every model of the library shares: embedding, positions, blocks, final norm.
#pragma once

#include "regard/nn/block.hpp"
#include "regard/nn/embedding.hpp"

namespace regard::nn {

/// The options [model] of a recipe that concern the trunk.
struct TrunkSpec {
  int64_t width = 64;
  int64_t layers = 2;
  int64_t heads = 4;
  int64_t mlp = 0;
  std::string block = "transformer";
  int64_t heads_last = 1;
  std::string positions = "learned";
  std::string norm = "pre";
  bool norm_embed = false;
  std::string embed_dropout = "before_norm";
  bool norm_last = true;
  std::string norm_kind = "layer";
  double norm_epsilon = 0;
  std::string activation = "gelu";
  std::string bias = "all";
  double dropout = 0;
  double attention_dropout = 0;
  double activation_dropout = 0;
  double word_dropout = 0;
  int64_t pairs = 0;
  int64_t token_types = 0;
  double init = 0;
  std::string init_rule = "residual";
  std::string residual = "bf16";
  std::string embed_scale = "none";

  void visit(Visitor& f);
  void check() const;
  /// Standard deviation of a fresh parameter: 0 for vectors; else `init`, or that of a fresh Linear
  /// of PyTorch. By the rule "inputs" 1/sqrt(size of the last axis), which are a matrix's inputs
  /// (LeCun et al. 1998) and a table's width; by "glorot" sqrt(2 / (rows + columns)) (Glorot,
  /// Bengio 2010).
  double deviation(const torch::Tensor& parameter) const;
  int64_t hidden() const { return mlp > 0 ? mlp : 4 * width; }
};

struct TrunkOptions {
  TrunkSpec spec;
  InputSpec input;
  std::vector<attention::Phrase> phrases;  // one, or one a layer
  int64_t max_length = 0;
  bool causal = false;
  bool cls = false;  // a learned token in front
  /// Of block gat: what the last layer gives in place of the width, averaged over heads_last heads;
  /// 0: the width.
  int64_t outputs = 0;
  /// Of a decoder: attention to a memory in each block, one phrase or one a layer; empty: none.
  std::vector<attention::Phrase> cross = {};
  /// The table of another trunk, instead of one of its own.
  std::shared_ptr<Embedding> shared_embedding = nullptr;
  /// Sites of dropout begin here: two trunks of a model draw other numbers.
  int64_t first_site = 0;
};

/// States of all layers during generation.
struct TrunkState {
  std::vector<std::unique_ptr<attention::Decoder>> layers;
  std::vector<attention::ReadMemory> memories;  // of a decoder with cross attention, one a layer
  int64_t position = 0;

  /// The examples of the batch that go on, in this order, int64 (n).
  void select(const torch::Tensor& examples);
  int64_t bytes() const;
};

class Trunk : public torch::nn::Module {
 public:
  explicit Trunk(const TrunkOptions& options);

  /// (B, T) ids or (B, T, C) values -> (B, T, H), or (B, 1 + T, H) with a CLS token in front.
  torch::Tensor forward(const torch::Tensor& inputs, const torch::Tensor& lengths);
  /// (B, H): the mean of `forward` over the valid tokens of each sequence, a CLS token among them.
  /// Without an observer the last norm and the mean are one operator where the device has it.
  torch::Tensor mean(const torch::Tensor& inputs, const torch::Tensor& lengths);
  /// The same of a decoder with cross attention.
  torch::Tensor forward(const torch::Tensor& inputs, const torch::Tensor& lengths,
                        const MemoryView& memory);
  TrunkState start() const;
  /// The state of n texts for each of the B sources of a memory (n is told by the first inputs).
  TrunkState start(const MemoryView& memory) const;
  /// The next positions, (B, T) ids -> (B, T, H).
  torch::Tensor extend(const torch::Tensor& inputs, TrunkState& state);

  const TrunkOptions& options() const { return options_; }
  /// Block gat reads values as they are, and has none then.
  Embedding& embedding() { return *embedding_; }
  std::vector<std::shared_ptr<Block>>& blocks() { return blocks_; }

  /// Normal(0, deviation) weights, zero biases, ones in norms; by the rule "residual" the matrices
  /// that write into the residual stream are scaled by 1/sqrt(2 layers) (Radford et al. 2019).
  /// Numbers are keyed by (seed, parameter name).
  /// Behind `prefix` the names of the parameters, so that two trunks begin with other numbers.
  void initialise(uint64_t seed, const std::string& prefix = "");

 private:
  /// The stream before the first block.
  Residual begin(const torch::Tensor& inputs, int64_t first);
  Residual embed(const torch::Tensor& inputs, int64_t first);
  /// (B, T) ids -> (B, T, H): the row of its token type for each, which counts the separators
  /// before it.
  torch::Tensor token_types(const torch::Tensor& ids) const;
  bool norm_comes_first() const { return options_.spec.embed_dropout == "behind_norm"; }
  Residual run_blocks(const torch::Tensor& inputs, const torch::Tensor& lengths,
                      const MemoryView& memory = {});
  /// (B, T, H) times the scale of the embedding.
  torch::Tensor scaled(torch::Tensor x) const;
  /// Lengths with the CLS token.
  torch::Tensor all_lengths(const torch::Tensor& lengths) const;
  torch::Tensor finish(Residual& stream);
  void check_length(int64_t last) const;
  void make_positions();
  BlockOptions block_options(int64_t index) const;
  bool is_gat() const { return options_.spec.block == "gat"; }

  TrunkOptions options_;
  std::shared_ptr<Embedding> embedding_;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::shared_ptr<Norm> norm_embed_, norm_;
  torch::Tensor positions_, cls_, types_;
};

/// Fills one parameter: `stdev` > 0 normal, 0 zeros; numbers are keyed by (seed, name).
void fill_normal(torch::Tensor parameter, const std::string& name, double stdev, uint64_t seed);

}  // namespace regard::nn
