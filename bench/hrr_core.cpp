// Times holographic attention alone, fp32 on the CPU: the Highway operator against PyTorch in three forms,
// on the same input in the same run, the forms taking turns.
//
//   bench_hrr_core [T = 16384] [heads = 8] [d = 32] [rounds = 7] [batch = 1]
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "regard/base/clock.hpp"
#include "regard/kernels/cpu/hrr.hpp"
#include "regard/ops/hrr.hpp"

namespace {
using torch::Tensor;

/// softmax over time of cos(v, read), times v
Tensor gate(const Tensor& v, const Tensor& read) {
  const auto a = (v * read).sum(-1, true) / (v.norm(2, -1, true) * read.norm(2, -1, true));
  return a.softmax(2) * v;
}

/// As the paper's code has it: complex transforms of length d, bound and brought back token by token.
Tensor complex_fft(const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto bind = [](const Tensor& x, const Tensor& y) {
    return at::real(at::fft_ifft(at::fft_fft(x) * at::fft_fft(y)));
  };
  const auto s = bind(k, v).sum(2, true);
  return gate(v, bind(q.flip({-1}).roll({1}, {-1}), s));
}

/// Real transforms; the sum over time is taken before the way back.
Tensor real_fft(const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto s = (at::fft_rfft(k) * at::fft_rfft(v)).sum(2, true);
  return gate(v, at::fft_irfft(at::fft_rfft(q).conj() * s, q.size(3)));
}

/// Packed rows in the folded basis, by elementwise tensor operations.
Tensor folded(const Tensor& q, const Tensor& k, const Tensor& v) {
  const int64_t half = q.size(3) / 2;
  auto pair = at::ones({half}, q.options());
  pair[0].zero_();
  const auto re = [&](const Tensor& x) { return x.narrow(-1, 0, half); };
  const auto im = [&](const Tensor& x) { return x.narrow(-1, half, half); };
  const auto kv_im = im(k) * im(v);
  auto s_re = (re(k) * re(v) - pair * kv_im).sum(2, true);
  auto s_im = (pair * (re(k) * im(v) + im(k) * re(v)) + (1 - pair) * kv_im).sum(2, true);
  s_re = s_re * (2 - pair);
  s_im = s_im * (2 - pair);
  // The masks go to the small side: S instead of q.
  const auto cross = s_im * pair, along = s_im * (1 - pair) - s_re * pair;
  const auto z = at::cat({re(q) * s_re + im(q) * cross, re(q) * cross + im(q) * along}, -1);
  return gate(v, z);
}

Tensor highway(const Tensor& q, const Tensor& k, const Tensor& v) {
  return regard::ops::hrr(q, k, v, {}, {});
}

/// Orthonormal Fourier basis, its columns in the packed order.
Tensor packed_basis(int64_t d) {
  const auto n = at::arange(d, torch::kDouble).unsqueeze(1);
  const auto angle = n * at::arange(1, d / 2, torch::kDouble) * (2 * M_PI / static_cast<double>(d));
  const double real = 1 / std::sqrt(static_cast<double>(d)), pair = real * std::sqrt(2.0);
  return at::cat({at::full({d, 1}, real, torch::kDouble), angle.cos() * pair,
                  (1 - 2 * n.remainder(2)) * real, angle.sin() * pair},
                 1);
}

struct Form {
  const char* name;
  std::function<Tensor(const Tensor&, const Tensor&, const Tensor&)> run, exact;
  Tensor q, k, v, g;
  std::vector<double> forward, both;
  double error = 0, gradient_error = 0;

  /// y and the gradients of <g, y>.
  std::vector<Tensor> evaluate(bool in_double) const {
    std::vector<Tensor> x;
    for (const auto& t : {q, k, v}) {
      x.push_back(t.detach().to(in_double ? torch::kDouble : torch::kFloat).requires_grad_());
    }
    const auto y = (in_double ? exact : run)(x[0], x[1], x[2]);
    y.backward(g.to(y.scalar_type()));
    return {y.detach(), x[0].grad(), x[1].grad(), x[2].grad()};
  }

  void measure_error() {
    const auto came = evaluate(false), expected = evaluate(true);
    for (size_t i = 0; i < came.size(); ++i) {
      const double e =
          ((came[i] - expected[i]).abs().max() / expected[i].abs().max()).item<double>();
      (i == 0 ? error : gradient_error) = std::max(i == 0 ? error : gradient_error, e);
    }
  }

  void time_once() {
    double start = regard::seconds_now();
    {
      at::NoGradGuard no_grad;
      run(q, k, v);
    }
    forward.push_back(regard::seconds_now() - start);
    for (auto* x : {&q, &k, &v}) x->mutable_grad() = Tensor();
    start = regard::seconds_now();
    run(q, k, v).backward(g);
    both.push_back(regard::seconds_now() - start);
  }
};

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

double median_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios(a.size());
  std::transform(a.begin(), a.end(), b.begin(), ratios.begin(), std::divides<>());
  return median(ratios);
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown CPU";
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int i, int64_t otherwise) {
    return argc > i ? std::max<int64_t>(1, std::atoll(argv[i])) : otherwise;
  };
  const int64_t T = number(1, 16384), heads = number(2, 8), d = number(3, 32);
  const int64_t rounds = number(4, 7), B = number(5, 1);
  at::manual_seed(1);

  // Heads of one (B, T, H) buffer, as a layer makes them; the folded forms get the same rows in the basis.
  const auto basis = packed_basis(d);
  const auto leaf = [](const Tensor& x) {
    return x.to(torch::kFloat).transpose(1, 2).detach().requires_grad_();
  };
  std::vector<Tensor> time, packed;
  for (int i = 0; i < 4; ++i) {
    const auto x = at::randn({B, T, heads, d}, torch::kDouble);
    time.push_back(leaf(x));
    packed.push_back(leaf(x.matmul(basis)));
  }
  const auto make = [](const char* name, auto run, auto exact, const std::vector<Tensor>& x) {
    return Form{name, run, exact, x[0], x[1], x[2], x[3].detach(), {}, {}};
  };
  std::vector<Form> forms = {
      make("highway", highway, folded, packed), make("folded eager", folded, folded, packed),
      make("rfft", real_fft, real_fft, time), make("complex fft", complex_fft, complex_fft, time)};
  for (auto& form : forms) form.measure_error();  // warms up too
  const double domains = (forms[1].evaluate(true)[0].matmul(basis.t()) - forms[3].evaluate(true)[0])
                             .abs()
                             .max()
                             .item<double>();
  for (int64_t i = 0; i < rounds; ++i) {
    for (auto& form : forms) form.time_once();
  }

  std::printf("%s, %d threads, Highway target %s\n", cpu_model().c_str(), at::get_num_threads(),
              regard::kernels::hrr_target());
  std::printf(
      "B %ld, heads %ld, T %ld, d %ld, fp32, median of %ld rounds; the float64 forms differ by "
      "%.1e\n\n",
      B, heads, T, d, rounds, domains * static_cast<double>(T));
  std::printf("%-14s %12s %10s %14s %10s %11s %11s\n", "form", "forward ms", "x highway",
              "fwd + bwd ms", "x highway", "error y", "error grad");
  for (const auto& form : forms) {
    std::printf("%-14s %12.2f %10.1f %14.2f %10.1f %11.1e %11.1e\n", form.name,
                median(form.forward) * 1e3, median_ratio(form.forward, forms[0].forward),
                median(form.both) * 1e3, median_ratio(form.both, forms[0].both), form.error,
                form.gradient_error);
  }
  return 0;
}
