#include "regard/ops/block/embed_norm.hpp"

#include <ATen/ops/zeros_like.h>

#include "regard/kernels/cuda/elementwise.hpp"
#include "regard/kernels/cuda/embed_norm.hpp"
#include "regard/ops/block/add_norm_call.hpp"
#include "regard/ops/block/embed.hpp"
#include "regard/ops/block/embed_call.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

/// The arguments that are no tensors of autograd; x is where the stream is written.
struct Call {
  Tensor x;
  NormCall norm;
  bool as_it_comes;
};

struct EmbedNorm : torch::autograd::Function<EmbedNorm> {
  static variable_list forward(AutogradContext* ctx, const Tensor& table,
                               const MaybeTensor& positions_in, const Tensor& ids,
                               const Tensor& weight, const MaybeTensor& bias, const Call& call) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(table.device());
    const auto& x = call.x;
    const auto positions = positions_in.value_or(Tensor());
    const auto problem = call.norm.problem(x);
    const auto h = at::empty(x.sizes(), x.options().dtype(call.norm.h));
    const auto stats = at::empty({problem.rows, 2}, x.options().dtype(torch::kFloat));
    const cuda::EmbeddedRows from{ids.const_data_ptr<int64_t>(), table.const_data_ptr<float>(),
                                  const_floats_or_null(positions), table.size(0), ids.size(1)};
    check_status(
        cuda::embed_norm_forward(problem, from, weight.const_data_ptr<float>(),
                                 const_floats_or_null(bias.value_or(Tensor())), x.data_ptr(),
                                 h.data_ptr(), stats.data_ptr<float>(), stream_of(x)),
        "embed_norm");
    ctx->save_for_backward({x, stats, weight, call.norm.key.step, ids});
    call.norm.keep(ctx);
    keep_embed(ctx, table, positions, call.as_it_comes);
    ctx->set_materialize_grads(false);
    return {x, h};
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const auto &x = saved[0], &stats = saved[1], &weight = saved[2], &ids = saved[4];
    const c10::DeviceGuard guard(x.device());
    const NormCall call(ctx, saved[3]);
    auto problem = call.problem(x);
    const auto draw = problem.draw;
    const bool same = call.h == x.scalar_type();
    if (!same) problem.draw = {};
    const auto next = grads[0].defined() ? grads[0].contiguous() : Tensor();
    const auto dh =
        grads[1].defined() ? grads[1].contiguous() : at::zeros_like(x, x.options().dtype(call.h));
    const auto dx = at::empty(x.sizes(), x.options()), dweight = at::empty_like(weight),
               dbias = call.centred ? at::empty_like(weight) : Tensor(),
               scratch = at::empty({cuda::add_norm_blocks(problem) * 3, problem.width},
                                   x.options().dtype(torch::kFloat));
    // Nobody wants the gradient before dropout: in its place the kernel writes the one behind,
    // where the type is the same.
    check_status(cuda::add_norm_backward(problem, x.const_data_ptr(), stats.const_data_ptr<float>(),
                                         weight.const_data_ptr<float>(), data_or_null(next),
                                         dh.const_data_ptr(), dx.data_ptr(),
                                         problem.draw.step ? dx.data_ptr() : nullptr,
                                         dweight.data_ptr<float>(), floats_or_null(dbias), nullptr,
                                         scratch.data_ptr<float>(), stream_of(x)),
                 "embed_norm");
    if (draw.step && !same) {
      check_status(cuda::dropout_apply(storage_of(x.scalar_type()), dx.const_data_ptr(),
                                       dx.data_ptr(), dx.numel(), draw, stream_of(x)),
                   "embed_norm");
    }
    const auto of = embed_gradients(ctx, dx, ids);
    return {of.table, of.positions, Tensor(), dweight, dbias, Tensor()};
  }
};

}  // namespace

Normed embed_norm(const Embedded& from, const NormParameters& norm, double p,
                  const DropoutKey& key) {
  const auto ids = from.ids.to(torch::kLong);
  if (p >= 0 && p < 1 && can_fuse_embed(from.table, ids, from.positions, from.type)) {
    const auto x = at::empty({ids.size(0), ids.size(1), from.table.size(1)},
                             from.table.options().dtype(from.type));
    if (x.numel() > 0 && can_fuse_norm(x, {}, norm)) {
      auto out = EmbedNorm::apply(
          from.table, maybe(from.positions), ids.contiguous(), norm.weight, maybe(norm.bias),
          Call{x, NormCall(x, {}, norm, p, key), takes_any_gradient(from.positions)});
      return {out[0], out[1]};
    }
  }
  const auto x = dropout(embed(from.table, from.ids, from.positions, from.type), p, key);
  return add_norm(x, {}, norm, 0, {});
}

}  // namespace regard::ops
