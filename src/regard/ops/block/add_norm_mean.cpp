#include "regard/ops/block/add_norm_mean.hpp"

#include "regard/kernels/cuda/add_norm_mean.hpp"
#include "regard/ops/block/add_norm_call.hpp"
#include "regard/ops/block/mean_rows.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

bool can_fuse(const Tensor& x, const Branch& branch, const NormParameters& norm,
              const Tensor& lengths) {
  return x.dim() == 3 && x.numel() > 0 && can_fuse_norm(x, branch, norm) &&
         (!lengths.defined() || (lengths.scalar_type() == torch::kLong && lengths.is_contiguous()));
}

cuda::Sequences sequences_of(const Tensor& x, const Tensor& lengths) {
  return {x.size(0), lengths.defined() ? lengths.const_data_ptr<int64_t>() : nullptr};
}

struct AddNormMean : torch::autograd::Function<AddNormMean> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const MaybeTensor& branch_in,
                        const MaybeTensor& branch_bias, const Tensor& weight,
                        const MaybeTensor& bias, const MaybeTensor& lengths_in,
                        const NormCall& call) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(x.device());
    const auto branch = branch_in ? branch_in->contiguous() : Tensor();
    const auto lengths = lengths_in.value_or(Tensor());
    const auto problem = call.problem(x);
    const auto sequences = sequences_of(x, lengths);
    const auto floats = x.options().dtype(torch::kFloat);
    const auto sum = branch.defined() ? at::empty(x.sizes(), x.options()) : x;
    const auto stats = at::empty({problem.rows, 2}, floats),
               centre = at::empty({x.size(0), x.size(2)}, floats), pooled = at::empty_like(centre),
               scratch = at::empty({cuda::add_norm_mean_scratch(problem, sequences)}, floats);
    check_status(cuda::add_norm_mean_forward(
                     problem, sequences, x.const_data_ptr(), data_or_null(branch),
                     const_floats_or_null(branch_bias.value_or(Tensor())),
                     weight.const_data_ptr<float>(), const_floats_or_null(bias.value_or(Tensor())),
                     sum.data_ptr(), stats.data_ptr<float>(), centre.data_ptr<float>(),
                     pooled.data_ptr<float>(), scratch.data_ptr<float>(), stream_of(x)),
                 "add_norm_mean");
    ctx->save_for_backward({sum, stats, weight, centre, lengths, call.key.step});
    call.keep(ctx);
    ctx->saved_data["branch"] = branch.defined();
    ctx->saved_data["bias"] = branch_bias.has_value();
    return pooled;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const auto &x = saved[0], &stats = saved[1], &weight = saved[2], &centre = saved[3],
               &lengths = saved[4];
    const c10::DeviceGuard guard(x.device());
    const NormCall call(ctx, saved[5]);
    const auto problem = call.problem(x);
    const auto sequences = sequences_of(x, lengths);
    const auto given = grads[0].contiguous();
    const NormGradients out(ctx, call, x, weight);
    const auto scratch =
        at::empty({cuda::add_norm_mean_scratch(problem, sequences)}, stats.options());
    check_status(cuda::add_norm_mean_backward(
                     problem, sequences, x.const_data_ptr(), stats.const_data_ptr<float>(),
                     weight.const_data_ptr<float>(), centre.const_data_ptr<float>(),
                     given.const_data_ptr<float>(), out.x.data_ptr(), out.branch_apart(),
                     out.weight.data_ptr<float>(), floats_or_null(out.bias),
                     floats_or_null(out.branch_bias), scratch.data_ptr<float>(), stream_of(x)),
                 "add_norm_mean");
    return {out.x, out.branch, out.branch_bias, out.weight, out.bias, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor add_norm_mean(const Tensor& x, const Branch& branch, const NormParameters& norm,
                     double dropout, const DropoutKey& key, const Tensor& lengths) {
  if (can_fuse(x, branch, norm, lengths)) {
    return AddNormMean::apply(x, maybe(branch.value()), maybe(branch.bias), norm.weight,
                              maybe(norm.bias), maybe(lengths),
                              NormCall(x, branch, norm, dropout, key));
  }
  return mean_rows(add_norm(x, branch, norm, dropout, key).h, lengths)
      .to(norm.weight.scalar_type());
}

}  // namespace regard::ops
