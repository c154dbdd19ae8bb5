#include "regard/ops/block/embed.hpp"

#include <ATen/ops/embedding.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <ATen/ops/mm.h>

#include "regard/kernels/cuda/elementwise.hpp"
#include "regard/kernels/cuda/table_gradient.hpp"
#include "regard/ops/block/embed_call.hpp"
#include "regard/ops/cuda.hpp"
#include "regard/ops/maybe.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

constexpr int64_t kSmallTable = 1024;

/// dtable = ones(ids)^T g: (V, N) (N, H).
Tensor table_gradient(const Tensor& g, const Tensor& ids, int64_t rows) {
  const auto flat = g.reshape({-1, g.size(-1)});
  const cuda::TableGradient problem{storage_of(g.scalar_type()), flat.size(0), rows, flat.size(1)};
  if (cuda::table_gradient_takes(problem)) {
    const auto options = g.options().dtype(torch::kFloat);
    const auto sums = at::empty({rows, flat.size(1)}, options),
               scratch = at::empty({cuda::table_gradient_scratch(problem)}, options);
    check_status(
        cuda::table_gradient(problem, flat.const_data_ptr(), ids.const_data_ptr<int64_t>(),
                             sums.data_ptr<float>(), scratch.data_ptr<float>(), stream_of(g)),
        "embed");
    return sums;
  }
  if (rows > kSmallTable) {
    return at::embedding_dense_backward(flat, ids.reshape({-1}), rows, -1, false).to(torch::kFloat);
  }
  const int64_t columns = (rows + 7) / 8 * 8;
  const auto ones = at::empty({flat.size(0), columns}, flat.options());
  check_status(cuda::one_hot(storage_of(flat.scalar_type()), ids.const_data_ptr<int64_t>(),
                             ones.data_ptr(), flat.size(0), columns, stream_of(g)),
               "embed");
  return at::mm(ones.t(), flat).narrow(0, 0, rows).to(torch::kFloat);
}

/// (B, T, H) -> (T, H)
Tensor position_gradient(const Tensor& g, bool as_it_comes) {
  if (as_it_comes && g.size(0) == 1) return g[0];
  const int64_t count = g.size(1) * g.size(2);
  if (count % 8 != 0) return g.sum(0, false, torch::kFloat);
  const auto sums = at::empty({g.size(1), g.size(2)}, g.options().dtype(torch::kFloat));
  check_status(cuda::batch_sums(storage_of(g.scalar_type()), g.const_data_ptr(),
                                sums.data_ptr<float>(), g.size(0), count, stream_of(g)),
               "embed");
  return sums;
}

struct Embed : torch::autograd::Function<Embed> {
  static Tensor forward(AutogradContext* ctx, const Tensor& table, const MaybeTensor& positions_in,
                        const Tensor& ids, torch::ScalarType type, bool as_it_comes) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto positions = positions_in.value_or(Tensor());
    const c10::DeviceGuard guard(table.device());
    const int64_t width = table.size(1);
    const auto out = at::empty({ids.size(0), ids.size(1), width}, table.options().dtype(type));
    check_status(
        cuda::embed(storage_of(type), ids.const_data_ptr<int64_t>(), table.const_data_ptr<float>(),
                    positions.defined() ? positions.const_data_ptr<float>() : nullptr,
                    out.data_ptr(), ids.size(0), ids.size(1), width, stream_of(table)),
        "embed");
    ctx->save_for_backward({ids});
    keep_embed(ctx, table, positions, as_it_comes);
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto ids = ctx->get_saved_variables()[0];
    const c10::DeviceGuard guard(ids.device());
    const auto of = embed_gradients(ctx, grads[0].contiguous(), ids);
    return {of.table, of.positions, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

bool can_fuse_embed(const Tensor& table, const Tensor& ids, const Tensor& positions,
                    torch::ScalarType type) {
  return table.is_cuda() && table.scalar_type() == torch::kFloat && ids.dim() == 2 &&
         table.is_contiguous() && can_embed({torch::kCUDA, type, type}, table.size(1)).ok &&
         (!positions.defined() ||
          (positions.scalar_type() == torch::kFloat && positions.is_contiguous()));
}

Support can_embed(const Place& place, int64_t width) {
  if (auto gpu = on_gpu(place.device); !gpu.ok) return gpu;
  if (!has_storage(place.stream)) return Support::no("it takes fp32, bf16 and fp16");
  return width % 4 == 0 ? Support::yes() : Support::no("it takes widths that are multiples of 4");
}

bool takes_any_gradient(const Tensor& positions) {
  return positions.defined() && positions.is_leaf() && positions.requires_grad() &&
         !positions.grad_dtype().has_value();
}

void keep_embed(AutogradContext* ctx, const Tensor& table, const Tensor& positions,
                bool as_it_comes) {
  ctx->saved_data["rows"] = table.size(0);
  ctx->saved_data["as it comes"] = as_it_comes;
  ctx->saved_data["positions"] = positions.defined() && positions.requires_grad();
}

EmbedGradients embed_gradients(AutogradContext* ctx, const Tensor& g, const Tensor& ids) {
  Tensor positions;
  if (ctx->saved_data["positions"].toBool()) {
    positions = position_gradient(g, ctx->saved_data["as it comes"].toBool());
  }
  return {table_gradient(g, ids, ctx->saved_data["rows"].toInt()), positions};
}

Tensor embed(const Tensor& table, const Tensor& ids_in, const Tensor& positions,
             torch::ScalarType type) {
  const auto ids = ids_in.to(torch::kLong);
  if (can_fuse_embed(table, ids, positions, type)) {
    return Embed::apply(table, maybe(positions), ids.contiguous(), type,
                        takes_any_gradient(positions));
  }
  auto x = at::embedding(table, ids);
  if (positions.defined()) x = x + positions;
  return x.to(type);
}

}  // namespace regard::ops
