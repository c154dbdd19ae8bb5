#include "regard/ops/block/product.hpp"

#include <ATen/ops/addmm.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/mm.h>

#include <c10/core/Event.h>
#include "regard/ops/cuda.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "regard/kernels/cuda/product.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

struct Operands {
  Tensor a, b, bias;
  bool transposed;
};

Tensor plain(const Operands& x) {
  const auto b = x.transposed ? x.b.t() : x.b;
  return x.bias.defined() ? at::addmm(x.bias, x.a, b) : at::mm(x.a, b);
}

constexpr int kPlain = -1;
constexpr double kWorthTrying = 4e9;  // operations: below, a product ends before a choice could pay
constexpr std::size_t kMostChoices = 64;
constexpr int kTurns = 5;
constexpr double kGain = 0.97;

bool wanted() {
  static const bool on = [] {
    const char* value = std::getenv("REGARD_TRY_PRODUCTS");
    return value == nullptr || std::string_view(value) != "0";
  }();
  return on;
}

std::optional<cuda::ProductProblem> problem_of(const Operands& x) {
  const auto type = x.a.scalar_type();
  if (!x.a.is_cuda() || (type != torch::kHalf && type != torch::kBFloat16) || !wanted()) return {};
  if (!x.a.is_contiguous() || !x.b.is_contiguous() || x.b.scalar_type() != type) return {};
  if (x.bias.defined() && (x.bias.scalar_type() != type || !x.bias.is_contiguous())) return {};
  const int64_t rows = x.a.size(0), depth = x.a.size(1), columns = x.b.size(x.transposed ? 0 : 1);
  if (depth % 8 != 0 || columns % 8 != 0) return {};
  if (2.0 * static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(depth) <
      kWorthTrying) {
    return {};
  }
  return cuda::ProductProblem{storage_of(type), rows, columns, depth, x.transposed,
                              x.bias.defined()};
}

/// Undefined where the algorithm refuses.
Tensor try_out(const cuda::ProductProblem& problem, int algorithm, const Operands& x) {
  const auto out = at::empty({problem.rows, problem.columns}, x.a.options());
  const auto bytes = static_cast<int64_t>(cuda::product_scratch(problem, algorithm));
  const auto scratch = at::empty({bytes}, x.a.options().dtype(torch::kByte));
  const int status = cuda::product(problem, algorithm, x.a.const_data_ptr(), x.b.const_data_ptr(),
                                   x.bias.defined() ? x.bias.const_data_ptr() : nullptr,
                                   out.data_ptr(), scratch.data_ptr(), stream_of(x.a));
  return status == 0 ? out : Tensor();
}

Tensor run(const cuda::ProductProblem& problem, int algorithm, const Operands& x) {
  const auto out = try_out(problem, algorithm, x);
  return out.defined() ? out : plain(x);
}

/// The fastest algorithm whose result is PyTorch's bit for bit, so that a choice by time changes no
/// run.
int choose(const cuda::ProductProblem& problem, const Operands& x) {
  const auto expected = plain(x).view(torch::kShort);
  std::vector<int> same = {kPlain};
  for (int i = 0; i < cuda::product_algorithms(problem); ++i) {
    const auto came = try_out(problem, i, x);
    if (came.defined() && at::equal(came.view(torch::kShort), expected)) same.push_back(i);
  }
  std::vector<std::array<double, kTurns>> times(same.size());
  const c10::impl::VirtualGuardImpl device(torch::kCUDA);
  const auto stream = device.getStream(x.a.device());
  c10::Event begin(torch::kCUDA, c10::EventFlag::BACKEND_DEFAULT);
  c10::Event end(torch::kCUDA, c10::EventFlag::BACKEND_DEFAULT);
  for (int turn = 0; turn < kTurns; ++turn) {
    for (std::size_t i = 0; i < same.size(); ++i) {
      begin.record(stream);
      same[i] == kPlain ? plain(x) : run(problem, same[i], x);
      end.record(stream);
      end.synchronize();
      times[i][static_cast<std::size_t>(turn)] = begin.elapsedTime(end);
    }
  }
  std::size_t best = 0;
  for (auto& t : times) std::nth_element(t.begin(), t.begin() + kTurns / 2, t.end());
  for (std::size_t i = 1; i < same.size(); ++i) {
    const double limit = times[best][kTurns / 2] * (best == 0 ? kGain : 1.0);
    if (times[i][kTurns / 2] < limit) best = i;
  }
  return same[best];
}

struct Choice {
  cuda::ProductProblem problem;
  int device, seen = 0;
  std::optional<int> algorithm;
};

/// A problem is tried when it comes for the second time: ragged batches bring many that never come
/// again.
int algorithm_for(const cuda::ProductProblem& problem, const Operands& x) {
  static std::mutex mutex;
  static std::vector<Choice> choices;
  const std::lock_guard lock(mutex);
  const int device = x.a.get_device();
  const auto known = std::find_if(choices.begin(), choices.end(), [&](const Choice& c) {
    return c.problem == problem && c.device == device;
  });
  if (known == choices.end()) {
    if (choices.size() < kMostChoices) choices.push_back({problem, device, 1, {}});
    return kPlain;
  }
  if (known->algorithm) return *known->algorithm;
  if (cuda::is_recording(stream_of(x.a))) return kPlain;
  if (++known->seen < 2) return kPlain;
  try {
    known->algorithm = choose(problem, x);
  } catch (const c10::OutOfMemoryError&) {
    known->algorithm = kPlain;  // a run that just fits shall not end for want of a second result
  }
  return *known->algorithm;
}

Tensor multiply(const Operands& x) {
  if (const auto problem = problem_of(x)) {
    const int algorithm = algorithm_for(*problem, x);
    if (algorithm != kPlain) return run(*problem, algorithm, x);
  }
  return plain(x);
}

}  // namespace

Tensor product_transposed(const Tensor& a, const Tensor& b, const Tensor& bias) {
  return multiply({a, b, bias, true});
}

Tensor product(const Tensor& a, const Tensor& b) { return multiply({a, b, Tensor(), false}); }

}  // namespace regard::ops
