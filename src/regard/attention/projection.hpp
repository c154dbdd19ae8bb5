// The first axis: x -> q, k, v. An entry names its parameters and computes with tensors that it is
// given.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "regard/attention/call.hpp"
#include "regard/attention/parameters.hpp"
#include "regard/base/spec.hpp"

namespace regard::attention {

/// Tensors (B, heads, T, d); those that the fold does not use are undefined.
struct Qkv {
  torch::Tensor q, k, v;
};
struct KeyValue {
  torch::Tensor k, v;
};

/// q (B, h, T, d) of new positions, and what generation keeps of them: rows (B, g, T, c).
struct Extension {
  torch::Tensor q;
  std::vector<torch::Tensor> rows;
};

class Projection {
 public:
  virtual ~Projection() = default;
  virtual std::string summary() const = 0;
  virtual std::string equation() const = 0;
  virtual void visit(Visitor&) {}
  virtual void check() {}

  virtual std::vector<ParameterSpec> parameters(const Size& size) const = 0;

  /// q, k and v of one sequence x (B, T, H). `p` holds the tensors of `parameters(size)`.
  virtual Qkv all(const Parameters& p, const Size& size, const torch::Tensor& x) const = 0;
  /// q of who asks, x (B, T_q, H).
  virtual torch::Tensor query(const Parameters& p, const Size& size,
                              const torch::Tensor& x) const = 0;
  /// k and v of who is asked, memory (B, T_k, H).
  virtual KeyValue key_value(const Parameters& p, const Size& size,
                             const torch::Tensor& memory) const = 0;

  /// The same projection as three matrices: the parameters of `separate`, as functions of `p`. Its
  /// tests compare with that, and a conversion may use it.
  virtual Parameters expand(const Parameters& p, const Size& size) const = 0;

  /// With a fold that reads values alone, it is `separate`.
  virtual bool values_are_separate() const { return false; }

  /// Numbers that generation keeps of a position: the widths of the rows of `extend` together.
  virtual int64_t kept(const Size& size) const;
  /// For generation: the rows of x (B, T, H) that are kept. By default k and v, one row each.
  virtual Extension extend(const Parameters& p, const Size& size, const torch::Tensor& x) const;
  /// Keys and values of kept rows.
  virtual KeyValue read(const Parameters& p, const Size& size,
                        const std::vector<torch::Tensor>& rows) const;
  /// Whether the first row is k itself: positions then map it once, when it is kept, else on
  /// reading.
  virtual bool keeps_keys() const { return true; }
};

}  // namespace regard::attention
