#include "regard/ops/block/mean_rows.hpp"

#include <ATen/ops/arange.h>

#include "regard/kernels/cuda/mean_rows.hpp"
#include "regard/ops/cuda.hpp"
#include "regard/ops/maybe.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

Tensor plain(const Tensor& x, const Tensor& lengths) {
  const auto type = x.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat;
  if (!lengths.defined()) return x.mean(1, false, type);
  const auto valid = (at::arange(x.size(1), lengths.options()).unsqueeze(0) < lengths.unsqueeze(1))
                         .unsqueeze(-1);  // (B, T, 1)
  const auto count = lengths.clamp_min(1).unsqueeze(1).to(type);
  return x.masked_fill(~valid, 0.0).sum(1, false, type) / count;
}

cuda::MeanRows problem_of(c10::IntArrayRef sizes, const Tensor& lengths) {
  return {sizes[0], sizes[1], sizes[2],
          lengths.defined() ? lengths.const_data_ptr<int64_t>() : nullptr};
}

bool can_fuse(const Tensor& x, const Tensor& lengths) {
  return x.is_cuda() && x.numel() > 0 &&
         can_mean_rows({torch::kCUDA, x.scalar_type(), x.scalar_type()}, x.size(0), x.size(2)).ok &&
         (!lengths.defined() || (lengths.scalar_type() == torch::kLong && lengths.is_contiguous()));
}

struct MeanRows : torch::autograd::Function<MeanRows> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x_in, const MaybeTensor& lengths_in) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(x_in.device());
    const auto x = x_in.contiguous(), lengths = lengths_in.value_or(Tensor());
    const auto problem = problem_of(x.sizes(), lengths);
    const auto options = x.options().dtype(torch::kFloat);
    const auto y = at::empty({x.size(0), x.size(2)}, options);
    const auto scratch = at::empty({cuda::mean_rows_scratch(problem)}, options);
    check_status(cuda::mean_rows(problem, storage_of(x.scalar_type()), x.const_data_ptr(),
                                 y.data_ptr<float>(), scratch.data_ptr<float>(), stream_of(x)),
                 "mean_rows");
    ctx->save_for_backward({lengths});
    ctx->saved_data["sizes"] = x.sizes().vec();
    ctx->saved_data["type"] = x.scalar_type();
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto lengths = ctx->get_saved_variables()[0], g = grads[0].contiguous();
    const c10::DeviceGuard guard(g.device());
    const auto sizes = ctx->saved_data["sizes"].toIntVector();
    const auto type = ctx->saved_data["type"].toScalarType();
    const auto dx = at::empty(sizes, g.options().dtype(type));
    check_status(cuda::mean_rows_backward(problem_of(sizes, lengths), storage_of(type),
                                          g.const_data_ptr<float>(), dx.data_ptr(), stream_of(g)),
                 "mean_rows");
    return {dx, Tensor()};
  }
};

}  // namespace

Support can_mean_rows(const Place& place, int64_t batch, int64_t width) {
  if (auto gpu = on_gpu(place.device); !gpu.ok) return gpu;
  if (!has_storage(place.stream)) return Support::no("it takes fp32, bf16 and fp16");
  if (width % 8 != 0) return Support::no("it takes widths that are multiples of 8");
  return batch <= 65535 ? Support::yes() : Support::no("it takes at most 65,535 sequences");
}

Tensor mean_rows(const Tensor& x, const Tensor& lengths) {
  if (can_fuse(x, lengths)) {
    return MeanRows::apply(x, maybe(lengths));
  }
  return plain(x, lengths);
}

}  // namespace regard::ops
