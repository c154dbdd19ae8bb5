
#include "regard/base/error.hpp"
#include "regard/kernels/cuda/hrr.hpp"
#include "regard/kernels/cuda/hrr_causal.hpp"
#include "regard/ops/attention/hrr_kernel.hpp"
#include "regard/ops/cuda.hpp"

namespace regard::ops {
using torch::Tensor;

static_assert(kHrrStateTokens == cuda::kHrrCausalChunk);

namespace {

cuda::Unbind unbind_of(const std::string& name) {
  return name == "exact"  ? cuda::Unbind::kExact
         : name == "unit" ? cuda::Unbind::kUnit
                          : cuda::Unbind::kConj;
}

void check_cuda(const HrrArguments& x, at::TensorList others) {
  TORCH_CHECK(x.q.size(3) <= 256, "regard::hrr: a head width of at most 256 was expected, and ",
              x.q.size(3), " came");
  std::vector<Tensor> all = {x.q, x.k, x.v};
  all.insert(all.end(), others.begin(), others.end());
  for (const auto& t : all) {
    TORCH_CHECK(t.scalar_type() == x.q.scalar_type() && t.device() == x.q.device(),
                "regard::hrr: tensors of one type on one GPU were expected, and ", t.scalar_type(),
                " on ", t.device(), " came beside ", x.q.scalar_type(), " on ", x.q.device());
  }
  TORCH_CHECK(!x.lengths.defined() || x.lengths.device() == x.q.device(),
              "regard::hrr: lengths on ", x.q.device(), " were expected, and ", x.lengths.device(),
              " came");
}

cuda::HrrProblem cuda_problem(const Tensor& q, const Tensor& lengths, const HrrOptions& options) {
  return {q.size(0),
          q.size(1),
          q.size(2),
          q.size(3),
          storage_of(q.scalar_type()),
          lengths.defined() ? lengths.const_data_ptr<int64_t>() : nullptr,
          unbind_of(options.unbind),
          options.pads_in,
          options.time_scale,
          options.causal};
}

cuda::Rows rows(const Tensor& x) { return {x.data_ptr(), x.stride(0), x.stride(1), x.stride(2)}; }

Tensor scratch(const Tensor& q, int64_t bytes) {
  return at::empty({bytes}, q.options().dtype(torch::kByte));
}

}  // namespace

bool hrr_sums_columns(const HrrArguments& x) {
  return x.q.is_cuda() && cuda::hrr_sums_columns(cuda_problem(x.q, x.lengths, x.options));
}

HrrResult hrr_forward_cuda(const HrrArguments& x) {
  check_cuda(x, {});
  const c10::DeviceGuard guard(x.q.device());
  const Tensor q = with_rows(x.q), k = with_rows(x.k), v = with_rows(x.v);
  const Tensor lengths = x.lengths.defined() ? x.lengths.contiguous() : Tensor();
  const auto out = empty_hrr(q, x.options.causal);
  const auto problem = cuda_problem(q, lengths, x.options);
  const Tensor memory = scratch(q, cuda::hrr_forward_scratch(problem));
  float *const s = out.s.data_ptr<float>(), *const z = out.z.data_ptr<float>();
  const int status = x.bindings.defined() && !x.options.causal
                         ? cuda::hrr_forward_binding(
                               problem, {x.bindings.const_data_ptr<float>(), x.bindings.size(1)},
                               rows(q), rows(v), rows(out.y), s, z, memory.data_ptr(), stream_of(q))
                         : cuda::hrr_forward(problem, rows(q), rows(k), rows(v), rows(out.y), s, z,
                                             memory.data_ptr(), stream_of(q));
  check_status(status, "hrr");
  return out;
}

void hrr_backward_cuda(const HrrArguments& x, const Tensor& g_in, const HrrResult& forward,
                       const HrrGradients& out) {
  check_cuda(x, {g_in});
  const c10::DeviceGuard guard(x.q.device());
  const Tensor g = with_rows(g_in), q = with_rows(x.q), k = with_rows(x.k), v = with_rows(x.v);
  const Tensor s = forward.s.contiguous(), z = forward.z.contiguous();
  const Tensor lengths = x.lengths.defined() ? x.lengths.contiguous() : Tensor();
  const auto problem = cuda_problem(q, lengths, x.options);
  const int64_t states = problem.batch * problem.heads * cuda::hrr_states(problem);
  TORCH_CHECK(s.scalar_type() == torch::kFloat && z.scalar_type() == torch::kFloat &&
                  z.numel() == states && s.numel() == states * problem.width,
              "regard::hrr_backward: the s and z of hrr_forward were expected, and shapes ",
              s.sizes(), " and ", z.sizes(), " came");
  const Tensor memory = scratch(q, cuda::hrr_backward_scratch(problem));
  const cuda::HrrGradientsTo to{rows(out.dq), rows(out.dk), rows(out.dv),
                                out.columns.defined() ? out.columns.data_ptr<float>() : nullptr};
  check_status(cuda::hrr_backward(problem, rows(q), rows(k), rows(v), rows(g), s.data_ptr<float>(),
                                  z.data_ptr<float>(), to, memory.data_ptr(), stream_of(q)),
               "hrr");
}

}  // namespace regard::ops
