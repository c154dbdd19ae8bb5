#include "regard/nn/trunk.hpp"

#include <ATen/autocast_mode.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/nn/context.hpp"
#include "regard/nn/positions.hpp"
#include "regard/nn/saved_buffers.hpp"
#include "regard/ops/block/mean_rows.hpp"

namespace regard::nn {
using torch::Tensor;

void TrunkSpec::visit(Visitor& f) {
  f("width", width, "width of the residual stream");
  f("layers", layers, "number of blocks");
  f("heads", heads, "attention heads; they divide the width");
  f("mlp", mlp, "width of the feed-forward (0: four times the width)");
  f("block", block,
    "transformer: attention and feed-forward with norms; gat: dropout, attention without W_o, a "
    "bias and ELU, as graph attention networks have it",
    {"transformer", "gat"});
  f("heads_last", heads_last, "block gat: heads of the last layer, which are averaged");
  f("positions", positions, "how the model knows places",
    {"learned", "sinusoidal", "sinusoidal_2d", "rotary", "alibi", "none"});
  f("norm", norm,
    "norm before each part, after each residual sum, or before the feed-forward alone",
    {"pre", "post", "feed_forward"});
  f("norm_embed", norm_embed, "a norm behind embedding, positions and their dropout");
  f("embed_dropout", embed_dropout, "where that dropout stands; BERT has it behind the norm",
    {"before_norm", "behind_norm"});
  f("norm_last", norm_last, "a norm behind the last block (post ends with one in any case)");
  f("norm_kind", norm_kind, "LayerNorm or RMSNorm", {"layer", "rms"});
  f("norm_epsilon", norm_epsilon, "added to the variance (0: 1e-5, and 1e-6 in RMSNorm)");
  f("activation", activation, "feed-forward; gelu_tanh: GELU by its approximation with tanh",
    {"gelu", "gelu_tanh", "relu", "swiglu", "geglu"});
  f("bias", bias,
    "biases of all layers, or not in attention and the second layer of the feed-forward",
    {"all", "up"});
  f("dropout", dropout, "rate on the embedding and on each residual branch");
  f("attention_dropout", attention_dropout,
    "rate on the weights of attention, of folds with pairwise weights; the reference computes it");
  f("activation_dropout", activation_dropout,
    "rate between the two layers of the feed-forward, behind its activation");
  f("word_dropout", word_dropout, "rate at which whole tokens are left out in training");
  f("pairs", pairs,
    "rows of a table for two tokens in a row, added to the embedding of the second; the row comes "
    "from a hash (0: none)");
  f("token_types", token_types,
    "rows of a table for the texts of a row, added by how many separators stand before a token "
    "(0: none; BERT: 2)");
  f("init", init,
    "standard deviation of fresh weights (0: 1/sqrt(3 width), as a fresh Linear of PyTorch)");
  f("init_rule", init_rule,
    "residual: init, and 1/sqrt(2 layers) of it in matrices that write into the stream; inputs: "
    "1/sqrt(its inputs) in each matrix, 1/sqrt(width) in tables; glorot: sqrt(2 / (rows + "
    "columns))",
    {"residual", "inputs", "glorot"});
  f("residual", residual, "type of the residual stream under dtype bf16", {"bf16", "fp32"});
  f("embed_scale", embed_scale,
    "sqrt: embeddings times sqrt(width) before positions are added (Vaswani et al. 2017)",
    {"none", "sqrt"});
}

void TrunkSpec::check() const {
  const auto need = [](bool ok, const std::string& what) {
    if (!ok) throw InputError("[model]: " + what);
  };
  const auto share = [&](const std::string& name, double value) {
    need(value >= 0 && value < 1,
         name + " in [0, 1) was expected, and " + std::to_string(value) + " came");
  };
  need(width > 0 && layers > 0 && heads > 0, "width, layers and heads of at least 1 were expected");
  need(width % heads == 0, "a width divisible by heads was expected, and width " +
                               std::to_string(width) + " with " + std::to_string(heads) +
                               " heads came");
  need(mlp >= 0, "mlp of at least 0 was expected");
  share("dropout", dropout);
  share("attention_dropout", attention_dropout);
  share("activation_dropout", activation_dropout);
  share("word_dropout", word_dropout);
  need(pairs >= 0, "pairs of at least 0 was expected");
  need(token_types >= 0, "token_types of at least 0 was expected");
  share("norm_epsilon", norm_epsilon);
  need(embed_dropout == "before_norm" || norm_embed,
       "norm_embed = true was expected with embed_dropout = \"behind_norm\"");
  need(init >= 0, "init of at least 0 was expected");
  need(heads_last >= 1, "heads_last of at least 1 was expected");
  need(init == 0 || init_rule == "residual", "init = 0 was expected with init_rule = \"" +
                                                 init_rule + "\", and " + std::to_string(init) +
                                                 " came");
}

double TrunkSpec::deviation(const Tensor& parameter) const {
  if (parameter.dim() < 2) return 0;
  if (init_rule == "inputs") return 1 / std::sqrt(static_cast<double>(parameter.size(-1)));
  if (init_rule == "glorot") {
    return std::sqrt(2.0 / static_cast<double>(parameter.size(0) + parameter.size(-1)));
  }
  return init > 0 ? init : 1 / std::sqrt(3.0 * static_cast<double>(width));
}

namespace {
// Sites of dropout: 0 the embedding, 1 and 2 the branches of the first block, and so on; attention
// weights begin behind any number of blocks.
constexpr int64_t kAttentionSites = int64_t{1} << 20, kWordSite = int64_t{1} << 21,
                  kActivationSites = int64_t{1} << 22;

/// x (B, T, H) with whole tokens put to 0 at `rate`, the others scaled by 1 / (1 - rate).
Tensor keep_words(const Tensor& x, double rate, int64_t first_site) {
  if (rate == 0) return x;
  const auto ones = at::ones({x.size(0), x.size(1), 1}, x.options());
  return x * dropout(ones, rate, kWordSite + first_site, true);
}
}  // namespace

Trunk::Trunk(const TrunkOptions& options) : options_(options) {
  const auto& spec = options_.spec;
  spec.check();
  if (options_.phrases.size() != 1 &&
      static_cast<int64_t>(options_.phrases.size()) != spec.layers) {
    throw InputError("[attention]: one phrase or one for each of the " +
                     std::to_string(spec.layers) + " layers was expected, and " +
                     std::to_string(options_.phrases.size()) + " came");
  }
  // A graph attention network reads the values of nodes as they are.
  if (!is_gat() || options_.input.channels == 0) {
    // Not registered where it is another trunk's: a parameter has one name.
    embedding_ = options_.shared_embedding
                     ? options_.shared_embedding
                     : register_module("embed", std::make_shared<Embedding>(
                                                    options_.input, spec.width, spec.pairs));
    make_positions();
  }
  if (spec.token_types > 0) {
    if (options_.input.vocabulary == 0 || is_gat()) {
      throw InputError("[model]: token_types = 0 was expected, since the data gives no tokens");
    }
    types_ = register_parameter("types", at::empty({spec.token_types, spec.width}));
  }
  for (int64_t i = 0; i < spec.layers; ++i) {
    const auto& phrase = options_.phrases.size() == 1
                             ? options_.phrases[0]
                             : options_.phrases[static_cast<std::size_t>(i)];
    blocks_.push_back(
        register_module("block" + std::to_string(i),
                        std::make_shared<Block>(phrase, block_options(i),
                                                attention_positions(spec.positions, spec.heads))));
  }
  if (is_gat()) return;
  if (spec.norm_embed)
    norm_embed_ = register_module(
        "norm_embed", std::make_shared<Norm>(spec.norm_kind, spec.width, spec.norm_epsilon));
  if (spec.norm != "post" && spec.norm_last)
    norm_ = register_module("norm",
                            std::make_shared<Norm>(spec.norm_kind, spec.width, spec.norm_epsilon));
}

void Trunk::make_positions() {
  const auto& spec = options_.spec;
  const int64_t places = options_.max_length + (options_.cls ? 1 : 0);
  if (spec.positions == "learned") {
    positions_ = register_parameter("positions", at::empty({places, spec.width}));
  } else if (spec.positions == "sinusoidal") {
    positions_ =
        register_buffer(kConstant + std::string("positions"), sinusoidal_table(places, spec.width));
  } else if (spec.positions == "sinusoidal_2d") {
    // [CLS] is no pixel: zeros, as in MAE (He et al. 2022).
    auto grid = sinusoidal_grid(options_.max_length, spec.width);
    if (options_.cls) grid = at::cat({at::zeros({1, spec.width}), grid}, 0);
    positions_ = register_buffer(kConstant + std::string("positions"), grid);
  }
  if (options_.cls) cls_ = register_parameter("cls", at::empty({1, 1, spec.width}));
}

BlockOptions Trunk::block_options(int64_t index) const {
  const auto& spec = options_.spec;
  // A layer may share what one with the same phrase made before it.
  int64_t earlier = index;
  if (options_.phrases.size() > 1) {
    const auto& own = options_.phrases[static_cast<std::size_t>(index)].canonical;
    earlier = std::count_if(options_.phrases.begin(), options_.phrases.begin() + index,
                            [&](const auto& phrase) { return phrase.canonical == own; });
  }
  BlockOptions block{.attention = {.width = spec.width,
                                   .heads = spec.heads,
                                   .causal = options_.causal,
                                   .bias = spec.bias == "all",
                                   .dropout = {spec.attention_dropout,
                                               kAttentionSites + options_.first_site + index},
                                   .earlier = earlier},
                     .kind = spec.block,
                     .hidden = spec.hidden(),
                     .norm = spec.norm,
                     .norm_kind = spec.norm_kind,
                     .norm_epsilon = spec.norm_epsilon,
                     .activation = spec.activation,
                     .down_bias = spec.bias == "all",
                     .dropout = spec.dropout,
                     .activation_dropout = {spec.activation_dropout,
                                            kActivationSites + options_.first_site + index},
                     .index = index,
                     .first_site = options_.first_site};
  if (!options_.cross.empty()) {
    const auto place = options_.cross.size() == 1 ? 0 : static_cast<std::size_t>(index);
    block.cross = std::make_shared<const attention::Phrase>(options_.cross[place]);
  }
  if (!is_gat()) return block;
  auto& attention = block.attention;
  attention.bias = attention.out = false;
  attention.head_width = spec.width / spec.heads;
  if (index == 0 && options_.input.channels > 0) attention.width = options_.input.channels;
  if (index + 1 == spec.layers && options_.outputs > 0) {
    attention.heads = spec.heads_last;
    attention.head_width = options_.outputs;
    block.average = true;
  }
  return block;
}

void Trunk::check_length(int64_t last) const {
  if (positions_.defined() && last > positions_.size(0)) {
    throw InputError("positions: the table holds " + std::to_string(positions_.size(0)) +
                     " places, and a sequence of " + std::to_string(last) +
                     " came; raise the maximal length or take positions rotary, alibi or none");
  }
}

Residual Trunk::embed(const Tensor& inputs, int64_t first) {
  const auto& spec = options_.spec;
  const auto device = embedding_->parameters().front().device().type();
  const bool cast = at::autocast::is_autocast_enabled(device) && spec.residual == "bf16";
  const auto type = cast ? at::autocast::get_autocast_dtype(device)
                         : embedding_->parameters().front().scalar_type();
  Tensor places;
  if (positions_.defined()) {
    const int64_t count = inputs.size(1) + (cls_.defined() ? 1 : 0);
    check_length(first + count);
    // The gradient of a part is a table of zeros with the part copied in.
    const bool all = first == 0 && count == positions_.size(0);
    places = all ? positions_ : positions_.narrow(0, first, count);
  }
  const double words_out = is_training() ? spec.word_dropout : 0.0;
  const bool plain = !embedding_->has_pairs() && words_out == 0 && spec.embed_scale == "none" &&
                     options_.first_site == 0 && !types_.defined() && !norm_comes_first();
  if (plain && embedding_->table().defined() && !cls_.defined() && !observed()) {
    return {ops::Embedded{embedding_->table(), inputs, places, type}, spec.dropout, is_training()};
  }
  Tensor x;  // (B, T, H)
  if (cls_.defined()) {
    x = keep_words(scaled(embedding_->forward(inputs, {}, type)), words_out, options_.first_site);
    x = at::cat({cls_.expand({x.size(0), 1, -1}).to(type), x}, 1);
    if (places.defined()) x = x + places.to(type);
  } else if (words_out > 0 || spec.embed_scale != "none") {
    x = keep_words(scaled(embedding_->forward(inputs, {}, type)), words_out, options_.first_site);
    if (places.defined()) x = x + places.to(type);
  } else {
    x = embedding_->forward(inputs, places, type);
  }
  if (types_.defined()) x = x + token_types(inputs).to(x.scalar_type());
  observe("embed", x);
  if (norm_comes_first()) {
    Residual stream(x, 0, false);
    x = stream.norm(*norm_embed_);
  }
  return {dropout(x, spec.dropout, options_.first_site, is_training()), spec.dropout,
          is_training()};
}

Tensor Trunk::scaled(Tensor x) const {
  if (options_.spec.embed_scale == "none") return x;
  return x * std::sqrt(static_cast<double>(options_.spec.width));
}

Tensor Trunk::token_types(const Tensor& ids) const {
  const auto ends = (ids == options_.input.separator).to(torch::kLong);
  auto types = (ends.cumsum(1) - ends).clamp_max(types_.size(0) - 1);  // (B, T)
  if (cls_.defined()) types = at::constant_pad_nd(types, {1, 0});
  return types_.index_select(0, types.flatten()).view({types.size(0), types.size(1), -1});
}

Residual Trunk::begin(const Tensor& inputs, int64_t first) {
  if (!embedding_) return {inputs, 0, is_training()};
  auto stream = embed(inputs, first);
  if (norm_embed_ && !norm_comes_first()) stream.replace_by(*norm_embed_);
  return stream;
}

Tensor Trunk::finish(Residual& stream) {
  if (!norm_) return stream.sum();
  const auto y = stream.norm(*norm_);
  observe("norm", y);
  return y;
}

Tensor Trunk::all_lengths(const Tensor& lengths) const {
  return lengths.defined() && cls_.defined() ? lengths + 1 : lengths;
}

Residual Trunk::run_blocks(const Tensor& inputs, const Tensor& lengths, const MemoryView& memory) {
  auto stream = begin(inputs, 0);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const LayerScope scope("block" + std::to_string(i));
    blocks_[i]->forward(stream, lengths, memory);
  }
  return stream;
}

Tensor Trunk::forward(const Tensor& inputs, const Tensor& lengths, const MemoryView& memory) {
  auto stream = run_blocks(inputs, all_lengths(lengths), memory);
  return finish(stream);
}

Tensor Trunk::forward(const Tensor& inputs, const Tensor& lengths) {
  auto stream = run_blocks(inputs, all_lengths(lengths));
  return finish(stream);
}

Tensor Trunk::mean(const Tensor& inputs, const Tensor& lengths) {
  const auto all = all_lengths(lengths);
  auto stream = run_blocks(inputs, all);
  if (norm_ && !observed()) return stream.norm_mean(*norm_, all);
  return ops::mean_rows(finish(stream), all);
}

TrunkState Trunk::start() const {
  TrunkState state;
  for (const auto& block : blocks_) state.layers.push_back(block->attention().start());
  return state;
}

TrunkState Trunk::start(const MemoryView& memory) const {
  auto state = start();
  for (const auto& block : blocks_) {
    if (block->cross())
      state.memories.push_back(block->cross()->read(memory.values, memory.lengths));
  }
  return state;
}

Tensor Trunk::extend(const Tensor& inputs, TrunkState& state) {
  auto stream = begin(inputs, state.position);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const auto* memory = state.memories.empty() ? nullptr : &state.memories[i];
    blocks_[i]->extend(stream, *state.layers[i], state.position, memory);
  }
  state.position += inputs.size(1);
  return finish(stream);
}

void TrunkState::select(const Tensor& examples) {
  for (auto& layer : layers) layer->select(examples);
}

int64_t TrunkState::bytes() const {
  int64_t bytes = 0;
  for (const auto& layer : layers) bytes += layer->bytes();
  return bytes;
}

void fill_normal(Tensor parameter, const std::string& name, double stdev, uint64_t seed) {
  const torch::NoGradGuard guard;
  if (stdev == 0) {
    parameter.zero_();
    return;
  }
  uint64_t hash =
      1469598103934665603u;  // FNV-1a of the name: the same numbers whatever stands before it
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  Random random(seed, RandomStream::kInit, hash);
  auto values = at::empty(parameter.sizes(), torch::kFloat);
  auto* out = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); i += 2) {  // Box-Muller
    const double radius = stdev * std::sqrt(-2 * std::log(1 - random.uniform()));
    const double angle = 2 * std::numbers::pi * random.uniform();
    out[i] = static_cast<float>(radius * std::cos(angle));
    if (i + 1 < values.numel()) out[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
  parameter.copy_(values);
}

void Trunk::initialise(uint64_t seed, const std::string& prefix) {
  const auto& spec = options_.spec;
  const double divisor =
      spec.init_rule == "residual" ? std::sqrt(2.0 * static_cast<double>(spec.layers)) : 1.0;
  for (const auto& item : named_parameters()) {
    const auto& name = item.key();
    const bool into_stream = name.ends_with("attention.out.weight") ||
                             name.ends_with("cross.out.weight") ||
                             name.ends_with("mlp.down.weight");
    if (name.find("norm") != std::string::npos && name.ends_with("weight")) continue;  // ones
    const double deviation = spec.deviation(item.value());
    fill_normal(item.value(), prefix + name, into_stream ? deviation / divisor : deviation, seed);
  }
  for (const auto& block : blocks_) {
    block->attention().start_values(seed);
    if (block->cross()) block->cross()->start_values(seed);
  }
}

}  // namespace regard::nn
