// Operators of the device against plain operations in float64 on the CPU, in value and gradient:
// holographic attention in every head width and option, packed and apart; residual sum with dropout
// and norm; embedding; dropout; features of linear attention. Then 100 recorded training steps
// against 100 that are not. Exit code 1 when anything is off.
//
//   bench_device_operators [cuda [GROUP [brief [wide]]]]        brief, wide: for compute-sanitizer
#include <ATen/Functions.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "device_operators/checks.hpp"
#include "device_operators/wide_products.hpp"
#include "regard/attention/fold.hpp"
#include "regard/attention/fourier.hpp"
#include "regard/attention/phrase.hpp"
#include "regard/base/error.hpp"
#include "regard/lab/machine.hpp"
#include "regard/ops/attention/hrr.hpp"
#include "regard/ops/attention/linear_features.hpp"
#include "regard/ops/block/dropout.hpp"
#include "regard/ops/block/embed.hpp"
#include "regard/ops/block/gelu_mlp.hpp"
#include "regard/ops/block/mean_rows.hpp"
#include "regard/ops/step/device_graph.hpp"
#include "regard/train/meters.hpp"
#include "regard/train/optimizer.hpp"

namespace {
using namespace regard;
using bench::compare, bench::distance, bench::report, bench::Tensors;
using torch::Tensor;

void check_hrr(torch::Device device) {
  struct Shape {
    int64_t batch, time, heads, width;
  };
  const Shape shapes[] = {{2, 37, 3, 16},  {1, 1, 1, 2},     {2, 700, 8, 32}, {3, 129, 4, 64},
                          {2, 65, 2, 128}, {1, 333, 1, 256}, {2, 50, 5, 10},  {2, 41, 6, 48},
                          {1, 90, 3, 96},  {2, 33, 40, 32},  {1, 70, 17, 250}};
  for (const auto& s : shapes) {
    for (const auto* options :
         {"", "unbind=unit", "unbind=exact", "pads=in", "scale=time", "causal"}) {
      const bool causal = std::string(options) == "causal";
      const auto phrase = attention::parse_phrase(causal ? std::string("hrr")
                                                         : "hrr(" + std::string(options) + ")");
      for (const bool ragged : {false, true}) {
        // Lengths that differ run the same kernels and one more branch.
        if (bench::brief() && !ragged && *options != 0) continue;
        torch::manual_seed(3);
        // Away from |F(q)| = 0, where the exact inverse magnifies every rounding.
        Tensors inputs = {torch::randn({s.batch, s.time, 3, s.heads, s.width}, torch::kDouble)};
        if (std::string(options).starts_with("unbind")) {
          inputs[0].select(2, 0).add_(inputs[0].select(2, 0).sign() * 2);
        }
        const auto lengths =
            ragged ? torch::randint(0, s.time + 1, {s.batch}, torch::kLong) : Tensor();
        const auto part = [](const Tensor& x, int64_t i) { return x.select(2, i).transpose(1, 2); };
        const auto exact = [&](const Tensors& x) {
          const auto u = attention::fourier_basis(s.width);
          auto in = attention::make_inputs(
              at::matmul(part(x[0], 0), u.t()), at::matmul(part(x[0], 1), u.t()),
              at::matmul(part(x[0], 2), u.t()), phrase.graph->facts(causal), "check");
          in.set_lengths(lengths);
          return Tensors{at::matmul(phrase.fold->reference(in, attention::dense_mask(in)), u)};
        };
        const ops::HrrOptions with{.causal = causal,
                                   .time_scale = std::string(options) == "scale=time",
                                   .unbind = std::string(options) == "unbind=unit"    ? "unit"
                                             : std::string(options) == "unbind=exact" ? "exact"
                                                                                      : "conj",
                                   .pads_in = std::string(options) == "pads=in"};
        const auto there = ragged ? lengths.to(device) : Tensor();
        for (const auto type : bench::types()) {
          const auto what = "hrr(" + std::string(options) + ") B" + std::to_string(s.batch) + " T" +
                            std::to_string(s.time) + " h" + std::to_string(s.heads) + " d" +
                            std::to_string(s.width) + (ragged ? " ragged" : "");
          compare(
              what + ", packed", device, type, inputs,
              [&](const Tensors& x) {
                return Tensors{ops::hrr_packed({x[0], {}}, there, with)};
              },
              exact);
          // The bias of a layer whose weights are 0: the rows stay, and the gradient of the bias is
          // their sum.
          const Tensors with_bias = {inputs[0], torch::zeros({3 * s.heads * s.width})};
          compare(
              what + ", packed, bias", device, type, with_bias,
              [&](const Tensors& x) {
                return Tensors{ops::hrr_packed({x[0], x[1]}, there, with)};
              },
              [&](const Tensors& x) {
                return exact({x[0] + x[1].view({3, s.heads, s.width})});
              });
          if (type == torch::kHalf) continue;
          compare(
              what + ", apart", device, type, inputs,
              [&](const Tensors& x) {
                // Odd strides: every second row of a longer buffer.
                const auto wide = [&](int64_t i) {
                  return at::stack({part(x[0], i), part(x[0], i)}, 3).select(3, 1);
                };
                return Tensors{ops::hrr(wide(0), wide(1), wide(2), there, with)};
              },
              exact);
        }
      }
    }
  }
}

/// Positions that take gradients of any type get that of a single sequence in its bits, and else a
/// sum in fp32.
void check_gradient_as_it_comes(torch::Device device) {
  const auto options = torch::dtype(torch::kFloat).device(device);
  const auto table = torch::randn({20, 64}, options);
  for (const int64_t batch : {1, 3}) {
    for (const auto type : {torch::kBFloat16, torch::kHalf}) {
      const auto places = torch::randn({50, 64}, options).requires_grad_();
      places.set_grad_dtype(std::nullopt);
      const auto ids = torch::randint(20, {batch, 50}, options.dtype(torch::kLong));
      const auto given = torch::randn({batch, 50, 64}, options).to(type);
      ops::embed(table, ids, places, type).backward(given);
      const auto came = places.grad();
      const auto expected = batch == 1 ? given[0] : given.sum(0, false, torch::kFloat);
      const double off =
          came.scalar_type() == expected.scalar_type()
              ? distance(came.to(torch::kDouble).cpu(), expected.to(torch::kDouble).cpu())
              : 1;
      report("gradient of positions as it comes, batch " + std::to_string(batch) + ", " +
                 c10::toString(type),
             off, batch == 1 ? 0 : 1e-6);
    }
  }
}

void check_small_operators(torch::Device device) {
  for (const auto& [rows, width] :
       {std::pair<int64_t, int64_t>{5, 64}, {257, 256}, {320, 128}, {321, 128}, {2000, 64}}) {
    torch::manual_seed(5);
    const auto ids = torch::randint(rows, {3, 5000}, torch::kLong);
    const Tensors inputs = {torch::randn({rows, width}, torch::kDouble),
                            torch::randn({5000, width}, torch::kDouble)};
    for (const auto type : bench::types()) {
      compare(
          "embed, table of " + std::to_string(rows) + " x " + std::to_string(width), device, type,
          inputs,
          [&](const Tensors& x) {
            return Tensors{
                ops::embed(x[0].to(torch::kFloat), ids.to(device), x[1].to(torch::kFloat), type)};
          },
          [&](const Tensors& x) { return Tensors{ops::embed(x[0], ids, x[1], torch::kDouble)}; });
    }
  }
  if (device.is_cuda()) check_gradient_as_it_comes(device);
  for (const int64_t count : {1, 7, 4096, 100003}) {
    torch::manual_seed(6);
    const Tensors inputs = {torch::randn({count}, torch::kDouble)};
    const auto step = torch::full({}, 5, torch::kLong);
    for (const auto type : bench::types()) {
      compare(
          "dropout of " + std::to_string(count), device, type, inputs,
          [&](const Tensors& x) {
            return Tensors{ops::dropout(x[0], 0.4, {9, step.to(device), 2})};
          },
          [&](const Tensors& x) {
            return Tensors{ops::dropout(x[0], 0.4, {9, step, 2})};
          });
    }
  }
  for (const int64_t width : {5, 32}) {
    torch::manual_seed(7);
    const Tensors inputs = {torch::randn({2, 21, 3, width}, torch::kDouble)};
    const auto lengths = torch::tensor({21, 4}, torch::kLong);
    for (const auto type : bench::types()) {
      compare(
          "linear_features width " + std::to_string(width), device, type, inputs,
          [&](const Tensors& x) {
            return Tensors{ops::linear_features(x[0].transpose(1, 2), lengths.to(device))};
          },
          [&](const Tensors& x) {
            const auto y = x[0].transpose(1, 2);
            const auto inside = at::arange(21) < lengths.unsqueeze(1);
            return Tensors{(y.relu() + y.clamp_max(0).exp()) *
                           inside.view({2, 1, 21, 1}).to(torch::kDouble)};
          });
    }
  }
  for (const int64_t width : {8, 264}) {
    torch::manual_seed(8);
    const Tensors inputs = {torch::randn({3, 1000, width}, torch::kDouble)};
    const auto lengths = torch::tensor({1000, 0, 37}, torch::kLong);
    for (const bool ragged : {false, true}) {
      for (const auto type : bench::types()) {
        compare(
            "mean_rows width " + std::to_string(width) + (ragged ? ", ragged" : ""), device, type,
            inputs,
            [&](const Tensors& x) {
              return Tensors{ops::mean_rows(x[0], ragged ? lengths.to(device) : Tensor())};
            },
            [&](const Tensors& x) {
              return Tensors{ops::mean_rows(x[0], ragged ? lengths : Tensor())};
            });
      }
    }
  }
}

/// 20 steps from the same gradients here and there; the last is bad and must change nothing.
/// Clipped, as gradients of 3 to 60 thousand normal numbers are longer than 1.
void check_adamw(torch::Device device) {
  for (const double clip : {0.0, 1.0}) {
    for (const int tensors : {3, 300}) {
      const auto run = [&](torch::Device on) {
        torch::manual_seed(8);
        train::NamedTensors parameters;
        for (int64_t i = 0; i < tensors; ++i) {
          const auto w = i == 0       ? torch::randn({257, 192})
                         : i % 2 == 0 ? torch::randn({7, 1 + i % 40}).t()
                                      : torch::randn({1 + 3 * (i % 50)});
          parameters.emplace_back(std::to_string(i), w.to(on).requires_grad_());
        }
        train::Spec spec;
        train::AdamW adam(parameters, spec);
        train::StepMeter meter(20, on);
        const auto options = torch::dtype(torch::kFloat).device(on);
        Tensors out;
        for (int64_t step = 0; step < 20; ++step) {
          for (auto& [name, w] : parameters) {
            w.mutable_grad() = at::empty_like(w).copy_(torch::randn(w.sizes()));
            // Every third of 16 bits, as a backward pass may leave them.
            if (name.ends_with('1') || name.ends_with('4') || name.ends_with('7')) {
              w.mutable_grad() = w.grad().to(torch::kBFloat16);
            }
          }
          if (step == 19) parameters[1].second.mutable_grad().fill_(NAN);
          const auto lr = torch::full({}, 1e-2 / static_cast<double>(step + 1), options);
          const auto loss = torch::full({}, static_cast<double>(step), options);
          const auto at_step = torch::full({}, step, options.dtype(torch::kLong));
          if (adam.finish_step(lr, clip, meter.record(at_step, loss)) == on.is_cpu()) {
            throw RunError("adamw: the kernels of the device were expected on the device alone");
          }
          if (on.is_cpu()) {
            const auto norm = train::gradient_norm(adam.gradients());
            meter.note(at_step, loss, norm);
            adam.step(lr, clip > 0 ? (norm / clip).clamp_min(1) : torch::ones_like(norm),
                      meter.bad());
          }
        }
        const auto reading = meter.read(0, 19);
        out.push_back(torch::tensor(
            {reading.loss, reading.norm, static_cast<double>(reading.bad_step)}, torch::kDouble));
        for (const auto& [name, x] : adam.state()) out.push_back(x.to(torch::kDouble).cpu());
        for (const auto& [name, w] : parameters) {
          out.push_back(w.detach().to(torch::kDouble).cpu());
        }
        return out;
      };
      const auto expected = run(torch::kCPU), came = run(device), again = run(device);
      double between = 0;
      for (std::size_t i = 0; i < came.size(); ++i) {
        if (!torch::equal(came[i], again[i])) between = 1;
      }
      const auto what = "adamw of " + std::to_string(tensors) + " tensors, clip " +
                        std::to_string(static_cast<int>(clip));
      report(what, bench::worst_distance(came, expected), 2e-6);
      report(what + ", twice", between, 0);
    }
  }
}

/// Widths that have kernels of their own on Hopper, and one that has none; rows that fill tiles,
/// and that do not.
void check_feed_forward(torch::Device device) {
  for (const int64_t width : {128, 256, 192}) {
    for (const int64_t hidden : {256, 512}) {
      for (const int64_t length : {1, 77, 9000}) {
        torch::manual_seed(9);
        const auto weight = [](int64_t out, int64_t in) {
          return torch::randn({out, in}, torch::kDouble) / std::sqrt(static_cast<double>(in));
        };
        const Tensors inputs = {torch::randn({2, length, width}, torch::kDouble),
                                weight(hidden, width), torch::randn({hidden}, torch::kDouble),
                                weight(width, hidden), torch::randn({width}, torch::kDouble)};
        for (const auto type : bench::types()) {
          compare(
              "feed-forward " + std::to_string(width) + " to " + std::to_string(hidden) + ", " +
                  std::to_string(2 * length) + " rows",
              device, type, inputs,
              [&](const Tensors& x) {
                const auto bias = [&](int i) { return x[i].to(torch::kFloat); };
                return Tensors{ops::gelu_mlp(x[0], {x[1], bias(2)}, {x[3], bias(4)}).sum()};
              },
              [&](const Tensors& x) {
                return Tensors{at::linear(at::gelu(at::linear(x[0], x[1], x[2])), x[3], x[4])};
              });
        }
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto device = lab::choose_device(argc > 1 ? argv[1] : "cuda");
    const std::string only = argc > 2 ? argv[2] : "";
    // What was checked is to be seen when this is stopped.
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    if (argc > 3 && std::string(argv[3]) == "brief") bench::make_brief();
    if (argc > 4 && std::string(argv[4]) == "wide") bench::widen_products(device);
    const auto wanted = [&](const char* name) { return only.empty() || only == name; };
    if (wanted("hrr")) check_hrr(device);
    if (wanted("norms")) {
      bench::check_norms(device);
      bench::check_embedded_norms(device);
    }
    if (wanted("small")) check_small_operators(device);
    if (wanted("rotary") && device.is_cuda()) bench::check_rotary(device);
    if (wanted("mlp")) check_feed_forward(device);
    if (wanted("bind")) bench::check_bind(device);
    if (wanted("product_norm")) bench::check_product_norm(device);
    if (wanted("adamw") && device.is_cuda()) check_adamw(device);
    if (wanted("weights") && device.is_cuda()) {
      bench::check_weights(device);
      bench::check_products(device);
    }
    if (wanted("recorded") && ops::can_record(device.type()).ok)
      bench::check_recorded_steps(device);
    const auto tally = bench::tally();
    std::printf("%s: %d checks of operators, %d failed\n", lab::device_name(device).c_str(),
                tally.checks, tally.failed);
    return tally.failed == 0 && tally.checks > 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_device_operators: %.400s\n", error.what());
    return 2;
  }
}
