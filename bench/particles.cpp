// Particles on the sphere on a CPU: our kernel against PyTorch's attention on the same points, in
// turns; the circle's series against our own pairs; the coarsening of 50 clusters. One JSON line a
// row.
//
//   build/bin/bench_particles [--sweep]          --sweep: n = 2^10 .. 2^17 as well
//
// bench/peers/particles.py has the peers that are written in Python, and runs this program beside
// them.
#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numbers>

#include "regard/base/clock.hpp"
#include "regard/base/distributions.hpp"
#include "regard/kernels/cpu/circle.hpp"
#include "regard/kernels/cpu/particles.hpp"
#include "regard/lab/bench/timer.hpp"
#include "regard/ops/attention/particles.hpp"
#include "regard/ops/parallel.hpp"
#include "regard/theory/particles/closed_form.hpp"
#include "regard/theory/particles/simulate.hpp"

namespace {
using namespace regard;
using Json = nlohmann::ordered_json;
using torch::Tensor;

constexpr double kBeta = 9;

void say(const Json& row) {
  std::printf("%s\n", row.dump().c_str());
  std::fflush(stdout);
}

Tensor points(int64_t n, int64_t d) {
  torch::manual_seed(1);
  const auto x = torch::randn({n, d}, torch::kDouble);
  return (x / x.norm(2, 1, true)).to(torch::kFloat);
}

/// PyTorch's own attention with q = beta sqrt(d) x, then the projection: the same velocity.
Tensor by_attention(const Tensor& x) {
  const auto rows = x.view({1, 1, x.size(0), x.size(1)});
  const auto y = at::scaled_dot_product_attention(rows, rows, rows, {}, 0, false, kBeta).view_as(x);
  return y - (y * x).sum(-1, true) * x;
}

void against_attention(int64_t n, int64_t d) {
  const auto x = points(n, d);
  Tensor ours, theirs;
  std::vector<lab::Contender> turns(2);
  turns[0].run = [&] { ours = ops::particle_velocity(x, std::nullopt, kBeta, "sa"); };
  turns[1].run = [&] { theirs = by_attention(x); };
  const torch::NoGradGuard none;
  lab::take_turns(turns, {torch::kCPU, 15, 4});
  const auto exact = ops::particle_velocity(x.to(torch::kDouble), std::nullopt, kBeta, "sa");
  const auto error = [&](const Tensor& v) {
    return ((v.to(torch::kDouble) - exact).abs().max() / exact.abs().max()).item<double>();
  };
  const double a = lab::summarise(turns[0].seconds).median,
               b = lab::summarise(turns[1].seconds).median;
  say({{"case", "velocity"},
       {"n", n},
       {"d", d},
       {"threads", at::get_num_threads()},
       {"ours_ms", 1e3 * a},
       {"sdpa_ms", 1e3 * b},
       {"ratio", b / a},
       {"pairs_per_second", static_cast<double>(n) * static_cast<double>(n) / a},
       {"ours_error", error(ours)},
       {"sdpa_error", error(theirs)}});
}

void steps(int64_t n, int64_t d, int64_t count) {
  const auto start = points(n, d);
  const torch::NoGradGuard none;
  const double begin = seconds_now();
  auto x = start;
  for (int64_t i = 0; i < count; ++i) {
    x = x + 0.01 * ops::particle_velocity(x, std::nullopt, kBeta, "sa");
    x = x / x.norm(2, 1, true);
  }
  const double seconds = seconds_now() - begin;
  say({{"case", "steps"},
       {"n", n},
       {"d", d},
       {"steps", count},
       {"seconds", seconds},
       {"threads", at::get_num_threads()},
       {"check", x.abs().sum().item<double>()}});
}

struct CircleCase {
  std::vector<double> angle, mass, x, coefficient;
  CircleCase(int64_t n, double beta) {
    Random random(1, RandomStream::kTest);
    for (int64_t i = 0; i < n; ++i) {
      angle.push_back(2 * std::numbers::pi * random.uniform());
      x.push_back(std::cos(angle.back()));
      x.push_back(std::sin(angle.back()));
    }
    mass.assign(angle.size(), 1.0 / static_cast<double>(n));
    coefficient = particles::scaled_bessel(beta, kernels::cpu::circle_modes(beta, 1e-12));
  }
};

/// n particles on the circle: the series, and 10^4 rows of all pairs in float64, scaled to n rows.
void circle(int64_t n, double beta) {
  const CircleCase c(n, beta);
  const int64_t rows = std::min<int64_t>(n, 10'000);
  std::vector<double> v(c.angle.size()), part(static_cast<std::size_t>(2 * rows));
  const auto modes = static_cast<int64_t>(c.coefficient.size()) - 1;
  const auto series = [&] {
    kernels::cpu::circle_velocity(
        {n, c.angle.data(), c.mass.data(), beta, true, modes, c.coefficient.data()}, v.data(),
        nullptr, ops::parallel_for);
  };
  const auto pairs = [&] {
    kernels::cpu::particle_velocity_rows<double>({n, 2, c.x.data(), c.mass.data(), beta, true}, 0,
                                                 rows, part.data(), nullptr, ops::parallel_for);
  };
  series();
  const double a = lab::time_once(series, torch::kCPU), b = lab::time_once(pairs, torch::kCPU);
  double worst = 0;
  for (int64_t i = 0; i < rows; ++i) {
    const double turn = part[2 * i + 1] * c.x[2 * i] - part[2 * i] * c.x[2 * i + 1];
    worst = std::max(worst, std::abs(turn - v[i]));
  }
  const double all = b * static_cast<double>(n) / static_cast<double>(rows);
  say({{"case", "circle"},
       {"n", n},
       {"beta", beta},
       {"modes", modes},
       {"series_ms", 1e3 * a},
       {"pairs_ms", 1e3 * all},
       {"rows_timed", rows},
       {"ratio", all / a},
       {"error", worst}});
}

void coarsening(double beta) {
  particles::Spec spec;
  spec.points.init = "uniform";
  spec.points.n = 50;
  spec.points.d = 3;
  spec.beta = {beta};
  const auto start = particles::make_start(spec.points).cloud;
  const double begin = cpu_seconds_now();
  const auto outcomes = particles::simulate(spec, start);
  say({{"case", "coarsening"},
       {"clusters", 50},
       {"beta", beta},
       {"cpu_seconds", cpu_seconds_now() - begin},
       {"steps", outcomes[0].steps},
       {"log_t", outcomes[0].trace.events.back().moment.log_t}});
}

void sweep() {
  for (int64_t n = 1 << 10; n <= 1 << 17; n *= 2) {
    const CircleCase c(n, 100);
    std::vector<float> x(c.x.begin(), c.x.end()), m(c.mass.begin(), c.mass.end()), v(x.size());
    std::vector<double> turn(c.angle.size());
    const auto modes = static_cast<int64_t>(c.coefficient.size()) - 1;
    const double pairs = lab::time_once(
        [&] {
          kernels::cpu::particle_velocity<float>({n, 2, x.data(), m.data(), 100, true}, v.data(),
                                                 nullptr, ops::parallel_for);
        },
        torch::kCPU);
    const double series = lab::time_once(
        [&] {
          kernels::cpu::circle_velocity(
              {n, c.angle.data(), c.mass.data(), 100, true, modes, c.coefficient.data()},
              turn.data(), nullptr, ops::parallel_for);
        },
        torch::kCPU);
    say({{"case", "sweep"}, {"n", n}, {"pairs_ms", 1e3 * pairs}, {"series_ms", 1e3 * series}});
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (const int64_t d : {3, 8, 64}) against_attention(4096, d);
  steps(1000, 3, 1000);
  circle(1'000'000, 100);
  coarsening(1e4);
  if (argc > 1 && std::strcmp(argv[1], "--sweep") == 0) sweep();
  return 0;
}
