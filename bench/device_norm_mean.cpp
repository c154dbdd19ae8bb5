// The last residual sum and norm of a model with the mean over tokens, as one operator of the
// device: against plain operations in float64 on the CPU, in value and gradient, and twice for the
// same bits. Then its time beside the two operators that it replaces, forward and backward,
// recorded. Exit code 1 when anything is off.
//
//   bench_device_norm_mean [cuda]
#include <ATen/Functions.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/lab/bench/shape.hpp"
#include "regard/lab/bench/timer.hpp"
#include "regard/lab/machine.hpp"
#include "regard/ops/block/add_norm_mean.hpp"
#include "regard/ops/block/mean_rows.hpp"
#include "regard/ops/step/device_graph.hpp"

namespace {
using namespace regard;
using torch::Tensor;
using Tensors = std::vector<Tensor>;

int checks = 0, failed = 0;

struct Types {
  torch::ScalarType stream, branch;
};

enum class Adds { kNothing, kBranch, kBranchAndBias };

struct Case {
  int64_t batch, time, width;
  bool centred;
  double p;
  Adds adds;
  Tensor lengths;

  std::string text(const Types& types) const {
    return "B" + std::to_string(batch) + " T" + std::to_string(time) + " H" +
           std::to_string(width) + (centred ? "" : ", rms") + (p > 0 ? ", dropout" : "") +
           (adds == Adds::kNothing  ? ", no branch"
            : adds == Adds::kBranch ? ", no bias"
                                    : "") +
           (lengths.defined() ? ", ragged" : "") + ", " + c10::toString(types.stream) + " and " +
           c10::toString(types.branch);
  }
};

/// x, branch, branch bias, norm weight, norm bias, g: rounded to the types, in float64.
Tensors numbers(const Case& c, const Types& types) {
  torch::manual_seed(4);
  const auto normal = [](c10::IntArrayRef sizes, torch::ScalarType type) {
    return torch::randn(sizes, torch::kDouble).to(type).to(torch::kDouble);
  };
  return {normal({c.batch, c.time, c.width}, types.stream),
          normal({c.batch, c.time, c.width}, types.branch),
          normal({c.width}, torch::kFloat),
          normal({c.width}, torch::kFloat),
          normal({c.width}, torch::kFloat),
          normal({c.batch, c.width}, torch::kFloat)};
}

/// The mean and its gradients; weights in `weights`, stream and branch in `types`.
Tensors run(const Case& c, const Tensors& given, torch::Device device, const Types& types,
            torch::ScalarType weights) {
  const auto leaf = [&](std::size_t i, torch::ScalarType type) {
    return given[i].to(device, type).requires_grad_();
  };
  Tensors leaves{leaf(0, types.stream), leaf(3, weights)};
  ops::NormParameters norm{leaves[1], Tensor(), c.centred, 1e-5};
  if (c.centred) leaves.push_back(norm.bias = leaf(4, weights));
  ops::Branch branch;
  if (c.adds != Adds::kNothing) branch = leaves.emplace_back(leaf(1, types.branch));
  if (c.adds == Adds::kBranchAndBias) leaves.push_back(branch.bias = leaf(2, weights));
  const auto step = torch::full({}, 7, torch::kLong).to(device);
  const auto y = ops::add_norm_mean(leaves[0], branch, norm, c.p, {11, step, 3},
                                    c.lengths.defined() ? c.lengths.to(device) : Tensor());
  auto out = torch::autograd::grad({y}, leaves, {given[5].to(device, y.scalar_type())});
  out.push_back(y.detach());
  return out;
}

void report(const std::string& what, double error, double limit) {
  ++checks;
  const bool ok = error <= limit;  // false for NaN
  if (!ok) ++failed;
  std::printf("%s %-84s %8.1e (%.0e)\n", ok ? "ok  " : "FAIL", what.c_str(), error, limit);
}

void check(const Case& c, torch::Device device, const Types& types) {
  const auto given = numbers(c, types);
  const auto exact = run(c, given, torch::kCPU, {torch::kDouble, torch::kDouble}, torch::kDouble);
  const auto came = run(c, given, device, types, torch::kFloat),
             again = run(c, given, device, types, torch::kFloat);
  double worst = 0, between = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double size = exact[i].norm().item<double>();
    const double off = (came[i].cpu().to(torch::kDouble) - exact[i]).norm().item<double>();
    const double e = size == 0 ? off : off / size;
    if (!(e <= worst)) worst = e;
    if (!torch::equal(came[i], again[i])) between = 1;
  }
  const double limit = types.branch == torch::kFloat  ? 2e-5
                       : types.branch == torch::kHalf ? 4e-3
                                                      : 3e-2;
  report(c.text(types), worst, limit);
  report(c.text(types) + ", twice", between, 0);
}

void check_all(torch::Device device) {
  const Types types[] = {{torch::kFloat, torch::kFloat},
                         {torch::kFloat, torch::kHalf},
                         {torch::kFloat, torch::kBFloat16},
                         {torch::kHalf, torch::kHalf},
                         {torch::kBFloat16, torch::kBFloat16}};
  for (const int64_t width : {8, 64, 256, 264, 512, 1000, 1024}) {
    for (const bool centred : {true, false}) {
      for (const double p : {0.0, 0.3}) {
        for (const bool ragged : {false, true}) {
          const auto lengths = ragged ? torch::tensor({71, 0, 33}, torch::kLong) : Tensor();
          const auto adds = p > 0 ? Adds::kBranchAndBias : ragged ? Adds::kBranch : Adds::kNothing;
          for (const auto& t : types) {
            // Without a branch its type is that of the stream.
            if (adds == Adds::kNothing && t.stream != t.branch) continue;
            check({3, 71, width, centred, p, adds, lengths}, device, t);
          }
        }
      }
    }
  }
  torch::manual_seed(6);
  for (const auto& t : types) {
    check({700, 3, 64, true, 0.3, Adds::kBranchAndBias, torch::randint(0, 4, {700}, torch::kLong)},
          device, t);
    check({1, 20000, 256, true, 0.0, Adds::kBranchAndBias, Tensor()}, device, t);
  }
}

/// Forward and backward of the mean, by one operator or by two.
std::function<void()> work_of(const Case& c, torch::Device device, bool fused) {
  const Types types{torch::kBFloat16, torch::kBFloat16};
  const auto given = numbers(c, types);
  const auto put = [&](std::size_t i, torch::ScalarType type) {
    return given[i].to(device, type).requires_grad_();
  };
  const Tensors leaves{put(0, types.stream), put(1, types.branch), put(2, torch::kFloat),
                       put(3, torch::kFloat), put(4, torch::kFloat)};
  const auto g = given[5].to(device, fused ? torch::kFloat : types.branch);
  return [=] {
    const ops::Branch branch{leaves[1], leaves[2]};
    const ops::NormParameters norm{leaves[3], leaves[4], true, 1e-5};
    const auto y = fused ? ops::add_norm_mean(leaves[0], branch, norm, 0, {}, {})
                         : ops::mean_rows(ops::add_norm(leaves[0], branch, norm, 0, {}).h, {});
    torch::autograd::grad({y}, leaves, {g});
  };
}

void time_shapes(torch::Device device) {
  std::printf("\nforward and backward in bf16, milliseconds\n%-10s %10s %10s %8s\n", "shape", "one",
              "two", "two/one");
  for (const auto* name : {"image", "bytes16k", "bytes131k", "text"}) {
    const auto s = lab::parse_shape(name);
    const Case c{s.batch, s.length, s.width, true, 0, Adds::kBranchAndBias, {}};
    std::vector<lab::Contender> contenders;
    for (const bool fused : {true, false}) {
      const auto work = work_of(c, device, fused);
      const ops::SideStream stream(device);
      work();
      const auto graph = std::make_shared<ops::DeviceGraph>();
      graph->record(work, nullptr);
      // The work stays with the graph: it holds the inputs.
      contenders.push_back(
          {.run = [graph, work] { graph->replay(); }, .seconds = {}, .failure = {}});
    }
    lab::take_turns(contenders, {.device = device, .repeat = 50, .seconds = 2});
    const double one = lab::summarise(contenders[0].seconds).median * 1e3,
                 two = lab::summarise(contenders[1].seconds).median * 1e3;
    std::printf("%-10s %10.4f %10.4f %8.2f\n", name, one, two, two / one);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto device = lab::choose_device(argc > 1 ? argv[1] : "cuda");
    if (!device.is_cuda()) {
      throw InputError("a GPU was expected, and " + device.str() + " came");
    }
    check_all(device);
    std::printf("%s: %d checks of the pooled norm, %d failed\n", lab::device_name(device).c_str(),
                checks, failed);
    if (failed == 0) time_shapes(device);
    return failed == 0 && checks > 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_device_norm_mean: %.400s\n", error.what());
    return 2;
  }
}
