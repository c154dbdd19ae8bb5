#include "regard/lab/nodes.hpp"

#include <ATen/ops/where.h>

#include "regard/attention/edges.hpp"

namespace regard::lab {

void fit_to_nodes(Recipe& recipe, const data::Encoding& encoding) {
  if (!encoding.nodes) return;
  const auto set = [&](const char* name, auto& value, auto wanted) {
    if (!recipe.named.contains(name)) value = wanted;
  };
  auto& trunk = recipe.model.trunk;
  if (!recipe.named.contains("attention.layers")) {
    set("attention.phrase", recipe.attention.phrase, "shared(form=plain)+edges+additive");
  }
  set("model.positions", trunk.positions, "none");
  set("model.block", trunk.block, "gat");
  const bool gat = trunk.block == "gat";
  set("model.heads", trunk.heads, gat ? 8 : 4);
  set("model.width", trunk.width, 64);
  set("model.layers", trunk.layers, 2);
  set("model.dropout", trunk.dropout, gat ? 0.6 : 0.5);
  set("model.init_rule", trunk.init_rule, gat ? "glorot" : "residual");
  auto& train = recipe.train;
  set("train.lr", train.lr, 0.005);
  set("train.l2", train.l2, 5e-4);
  set("train.weight_decay", train.weight_decay, 0.0);
  set("train.clip", train.clip, 0.0);
  set("train.warmup", train.warmup, int64_t{0});
  set("train.schedule", train.schedule, "constant");
  set("train.best", train.best, "accuracy");
  set("train.eval_every", train.eval_every, int64_t{1});
  set("train.checkpoint_every", train.checkpoint_every, int64_t{200});
  set("train.early_stop", train.early_stop, int64_t{100});
  // Dropout of weights wants pairwise weights, which mean and off do not have.
  const auto phrases = recipe.phrases();
  bool scores = true;
  for (const auto& phrase : phrases) scores = scores && phrase.fold->has_scores();
  if (scores) set("model.attention_dropout", trunk.attention_dropout, gat ? 0.6 : 0.0);
}

bool must_not_drop(const Recipe& recipe, const std::string& attention) {
  if (recipe.named.contains("model.attention_dropout")) return false;
  if (recipe.model.trunk.attention_dropout == 0) return false;
  for (const auto& phrase : parse_attention(attention)) {
    if (!phrase.fold->has_scores()) return true;
  }
  return false;
}

void cut_positions(nn::Batch& batch, int64_t length) {
  const int64_t positions = batch.inputs.size(1);
  batch.inputs = batch.inputs.narrow(1, 0, length);
  batch.lengths = torch::Tensor();
  const auto found = batch.others.find(nn::kEdgeQueries);
  if (found == batch.others.end() || length == positions) return;
  const auto row = [&](const char* name) {
    const auto at = batch.others.find(name);
    return at == batch.others.end() ? torch::Tensor() : at->second.unsqueeze(1);
  };
  const auto edges = attention::make_edges(row(nn::kEdgeQueries), row(nn::kEdgeKeys),
                                           row(nn::kEdgeGates), {length, length});
  batch.others[nn::kEdgeQueries] = edges.queries.squeeze(1);
  batch.others[nn::kEdgeKeys] = edges.keys.squeeze(1);
  if (edges.log_gate.defined()) batch.others[nn::kEdgeGates] = edges.log_gate.squeeze(1);
}

}  // namespace regard::lab
