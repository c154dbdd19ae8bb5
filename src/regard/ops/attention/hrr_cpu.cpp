#include "regard/kernels/cpu/hrr.hpp"
#include "regard/ops/attention/hrr_kernel.hpp"
#include "regard/ops/parallel.hpp"

namespace regard::ops {
using torch::Tensor;

static_assert(kHrrStateTokens == kernels::kHrrChunk);

namespace {

void check(const HrrArguments& x, at::TensorList others) {
  TORCH_CHECK(x.options.unbind == "conj",
              "regard::hrr: unbind=conj was expected on the CPU, and unbind=", x.options.unbind,
              " came");
  TORCH_CHECK(x.q.scalar_type() == torch::kFloat || x.q.scalar_type() == torch::kBFloat16,
              "regard::hrr: fp32 or bf16 was expected on the CPU, and ", x.q.scalar_type(),
              " came");
  std::vector<Tensor> all = {x.q, x.k, x.v};
  all.insert(all.end(), others.begin(), others.end());
  for (const auto& t : all) {
    TORCH_CHECK(t.scalar_type() == x.q.scalar_type() && t.device().is_cpu(),
                "regard::hrr: q, k, v and gradient in ", x.q.scalar_type(),
                " on the CPU were expected, and ", t.scalar_type(), " on ", t.device(), " came");
  }
}

Tensor checked_lengths(const Tensor& lengths, int64_t time) {
  if (!lengths.defined()) return {};
  TORCH_CHECK(lengths.device().is_cpu(), "regard::hrr: lengths on the CPU were expected, and ",
              lengths.device(), " came");
  const Tensor packed = lengths.contiguous();
  for (int64_t b = 0; b < packed.numel(); ++b) {
    const int64_t length = packed.const_data_ptr<int64_t>()[b];
    TORCH_CHECK(length >= 0 && length <= time, "regard::hrr: lengths in [0, ", time,
                "] were expected, and ", length, " came for sequence ", b);
  }
  return packed;
}

template <class T>
kernels::HeadView<const T> input(const Tensor& x) {
  return {static_cast<const T*>(x.const_data_ptr()), x.stride(0), x.stride(1), x.stride(2)};
}
template <class T>
kernels::HeadView<T> output(const Tensor& x) {
  return {static_cast<T*>(x.mutable_data_ptr()), x.stride(0), x.stride(1), x.stride(2)};
}

kernels::HrrProblem problem_of(const Tensor& q, const Tensor& lengths, const HrrOptions& options) {
  return {q.size(0),
          q.size(1),
          q.size(2),
          q.size(3),
          lengths.defined() ? lengths.const_data_ptr<int64_t>() : nullptr,
          options.causal,
          options.time_scale,
          options.pads_in};
}

void check_state(const HrrResult& forward, const kernels::HrrProblem& problem) {
  const int64_t states = problem.batch * problem.heads * kernels::hrr_states(problem);
  for (const auto& t : {forward.s, forward.z}) {
    TORCH_CHECK(t.scalar_type() == torch::kFloat && t.device().is_cpu(),
                "regard::hrr_backward: s and z in fp32 on the CPU were expected, and ",
                t.scalar_type(), " on ", t.device(), " came");
  }
  TORCH_CHECK(forward.z.numel() == states && forward.s.numel() == states * problem.width,
              "regard::hrr_backward: the s and z of hrr_forward were expected, and shapes ",
              forward.s.sizes(), " and ", forward.z.sizes(), " came");
}

template <class T>
HrrResult forward(const HrrArguments& x) {
  const Tensor lengths = checked_lengths(x.lengths, x.q.size(2));
  const Tensor q = with_rows(x.q), k = with_rows(x.k), v = with_rows(x.v);
  const auto out = empty_hrr(q, x.options.causal);
  kernels::hrr_forward(problem_of(q, lengths, x.options), input<T>(q), input<T>(k), input<T>(v),
                       output<T>(out.y), out.s.mutable_data_ptr<float>(),
                       out.z.mutable_data_ptr<float>(), parallel_for);
  return out;
}

template <class T>
void backward(const HrrArguments& x, const Tensor& g_in, const HrrResult& forward,
              const HrrGradients& out) {
  const Tensor lengths = checked_lengths(x.lengths, x.q.size(2));
  const Tensor g = with_rows(g_in), q = with_rows(x.q), k = with_rows(x.k), v = with_rows(x.v);
  const auto problem = problem_of(q, lengths, x.options);
  check_state(forward, problem);
  const Tensor s = forward.s.contiguous(), z = forward.z.contiguous();
  kernels::hrr_backward(problem, input<T>(q), input<T>(k), input<T>(v), input<T>(g),
                        s.const_data_ptr<float>(), z.const_data_ptr<float>(), output<T>(out.dq),
                        output<T>(out.dk), output<T>(out.dv), parallel_for);
}

}  // namespace

HrrResult hrr_forward_cpu(const HrrArguments& x) {
  check(x, {});
  return x.q.scalar_type() == torch::kFloat ? forward<float>(x) : forward<kernels::BFloat16>(x);
}

void hrr_backward_cpu(const HrrArguments& x, const Tensor& g, const HrrResult& forward,
                      const HrrGradients& out) {
  check(x, {g});
  x.q.scalar_type() == torch::kFloat ? backward<float>(x, g, forward, out)
                                     : backward<kernels::BFloat16>(x, g, forward, out);
}

}  // namespace regard::ops
