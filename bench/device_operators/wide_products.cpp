#include "wide_products.hpp"

#include <ATen/ops/addmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <torch/library.h>

#include <memory>

#include "regard/base/error.hpp"

namespace regard::bench {
using torch::Scalar;
using torch::ScalarType;
using torch::Tensor;

namespace {

Tensor wide(const Tensor& x) {
  return at::isReducedFloatingType(x.scalar_type()) ? x.to(torch::kFloat) : x;
}

/// The out variants keep their kernels, so that none of these calls itself.
Tensor mm_in(const Tensor& a, const Tensor& b, ScalarType out_type) {
  const auto x = wide(a), y = wide(b);
  auto out = at::empty({x.size(0), y.size(1)}, x.options());
  at::mm_out(out, x, y);
  return out.to(out_type);
}

Tensor mm(const Tensor& a, const Tensor& b) { return mm_in(a, b, a.scalar_type()); }

Tensor addmm(const Tensor& c, const Tensor& a, const Tensor& b, const Scalar& beta,
             const Scalar& alpha) {
  const auto x = wide(a), y = wide(b);
  auto out = at::empty({x.size(0), y.size(1)}, x.options());
  at::addmm_out(out, wide(c), x, y, beta, alpha);
  return out.to(a.scalar_type());
}

Tensor bmm(const Tensor& a, const Tensor& b) {
  const auto x = wide(a), y = wide(b);
  auto out = at::empty({x.size(0), x.size(1), y.size(2)}, x.options());
  at::bmm_out(out, x, y);
  return out.to(a.scalar_type());
}

}  // namespace

void widen_products(torch::Device device) {
  if (!device.is_cuda() && !device.is_cpu()) {
    throw InputError("widen_products: the device cuda or cpu was expected, and " + device.str() +
                     " came");
  }
  // Kept to the end: a library that goes takes its kernels with it.
  static const auto library = std::make_unique<torch::Library>(
      torch::Library::IMPL, "aten",
      device.is_cuda() ? c10::DispatchKey::CUDA : c10::DispatchKey::CPU, __FILE__, __LINE__);
  library->impl("mm", TORCH_FN(mm));
  library->impl("addmm", TORCH_FN(addmm));
  library->impl("bmm", TORCH_FN(bmm));
  if (device.is_cuda()) library->impl("mm.dtype", TORCH_FN(mm_in));
}

}  // namespace regard::bench
