// The first axis: x -> q, k, v.
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <string>

#include "regard/attention/fold.hpp"
#include "regard/base/spec.hpp"
#include "regard/ops/linear.hpp"

namespace regard::attention {

struct ProjectionSize {
  int64_t model_width = 0;  // H
  int64_t heads = 0;        // h
  int64_t head_width = 0;   // d
  Uses uses;                // which of q, k, v the fold reads
  bool bias = true;
};

/// Tensors (B, h, T, d); those that the fold does not use are undefined.
struct Qkv {
  torch::Tensor q, k, v;
  /// (B, T, n, h, d) where they are its slices, in this order, else undefined; its readers give the gradient of its bias
  /// (n h d), where q, k and v have theirs in their graph.
  ops::OwedBias packed;
};

/// What a fold wants beside q, k and v.
struct Wanted {
  /// U (d, d): q U, k U and v U, at the cost of a product on the weights. Undefined: q, k and v as they are.
  torch::Tensor basis = {};
  /// Sums of k o v over all tokens (Qkv::packed.bound), where they cost less on the way than later.
  bool bound = false;
};

class ProjectionModule : public torch::nn::Module {
 public:
  /// x (B, T, H) -> q, k, v.
  virtual Qkv forward(const torch::Tensor& x, const Wanted& wanted) = 0;
};

class Projection {
 public:
  virtual ~Projection() = default;
  virtual std::string summary() const = 0;
  virtual std::string equation() const = 0;
  virtual void visit(Visitor&) {}
  virtual void check() {}
  virtual std::shared_ptr<ProjectionModule> build(const ProjectionSize& size) const = 0;
};

}  // namespace regard::attention
