// The CUDA kernels of residual sum, norm and mean over tokens, run on the CPU, against loops in
// double; and those against finite differences. Tokens behind a length are NaN, and so is all
// memory that a kernel must write.
#define REGARD_EMULATE_CUDA
#include <gtest/gtest.h>

#include "emulated/values.hpp"
#include "regard/kernels/cuda/add_norm_mean.cu"

namespace regard::kernels::cuda {
namespace {

using testing::factor;
using testing::floats;
using testing::normal;
using testing::Values;

constexpr int64_t kStep = 7;

enum class Lengths { kAll, kRagged };
enum class Adds { kNothing, kBranch, kBranchAndBias };

struct Case {
  int64_t batch, time, width;
  bool centred;
  double p;
  Lengths lengths;
  Adds adds = Adds::kBranchAndBias;

  int64_t count() const { return batch * time * width; }
  /// From none to all, and one too large.
  int64_t length(int64_t b) const {
    return lengths == Lengths::kAll ? time : batch == 1 ? time - 1 : time * b / (batch - 1);
  }
  int64_t given_length(int64_t b) const { return length(b) + (b + 1 == batch ? 5 : 0); }
  bool inside(int64_t i) const { return i / width % time < length(i / width / time); }
  double keep(int64_t i) const { return p > 0 ? factor(p, 3, kStep, 5, i) : 1; }
};

struct Inputs {
  Values x, branch, bias, gamma, beta;
};

struct Row {
  double mean, inverse;
};

Row row_of(const Case& c, const Values& sum, int64_t first) {
  double mean = 0, square = 0;
  for (int64_t i = first; c.centred && i < first + c.width; ++i)
    mean += sum[i] / static_cast<double>(c.width);
  for (int64_t i = first; i < first + c.width; ++i)
    square += (sum[i] - mean) * (sum[i] - mean) / static_cast<double>(c.width);
  return {mean, 1 / std::sqrt(square + 1e-5)};
}

Values sum_of(const Case& c, const Inputs& in) {
  auto sum = in.x;
  for (int64_t i = 0; c.adds != Adds::kNothing && i < c.count(); ++i)
    sum[i] +=
        c.keep(i) * (in.branch[i] + (c.adds == Adds::kBranchAndBias ? in.bias[i % c.width] : 0.0));
  return sum;
}

Values pooled_of(const Case& c, const Values& sum, const Values& gamma, const Values& beta) {
  Values pooled(c.batch * c.width);
  for (int64_t b = 0; b < c.batch; ++b) {
    for (int64_t t = 0; t < c.length(b); ++t) {
      const int64_t first = (b * c.time + t) * c.width;
      const auto row = row_of(c, sum, first);
      for (int64_t i = 0; i < c.width; ++i) {
        pooled[b * c.width + i] +=
            ((sum[first + i] - row.mean) * row.inverse * gamma[i] + (c.centred ? beta[i] : 0)) /
            static_cast<double>(c.length(b));
      }
    }
  }
  return pooled;
}

/// dx, dbranch, dbias, dgamma, dbeta of <g, pooled>, in this order.
std::array<Values, 5> gradient_of(const Case& c, const Values& sum, const Values& gamma,
                                  const Values& g) {
  std::array<Values, 5> out{Values(c.count()), Values(c.count()), Values(c.width), Values(c.width),
                            Values(c.width)};
  auto& [dx, dbranch, dbias, dgamma, dbeta] = out;
  for (int64_t b = 0; b < c.batch; ++b) {
    for (int64_t t = 0; t < c.length(b); ++t) {
      const int64_t first = (b * c.time + t) * c.width;
      const auto row = row_of(c, sum, first);
      double mean = 0, along = 0;
      Values normed(c.width), d(c.width);
      for (int64_t i = 0; i < c.width; ++i) {
        const double dh = g[b * c.width + i] / static_cast<double>(c.length(b));
        normed[i] = (sum[first + i] - row.mean) * row.inverse;
        d[i] = dh * gamma[i];
        if (c.centred) mean += d[i] / static_cast<double>(c.width);
        along += d[i] * normed[i] / static_cast<double>(c.width);
        dgamma[i] += dh * normed[i];
        dbeta[i] += dh;
      }
      for (int64_t i = 0; i < c.width; ++i) {
        dx[first + i] = row.inverse * (d[i] - mean - normed[i] * along);
        dbranch[first + i] = c.keep(first + i) * dx[first + i];
        dbias[i] += dbranch[first + i];
      }
    }
  }
  return out;
}

double dot(const Values& x, const Values& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

Inputs inputs_of(const Case& c) {
  return {normal(c.count(), 1), normal(c.count(), 2), normal(c.width, 3), normal(c.width, 4),
          normal(c.width, 5)};
}

TEST(EmulatedAddNormMean, TheLoopsAgreeWithDifferences) {
  for (const bool centred : {true, false}) {
    const Case c{3, 5, 16, centred, 0.3, Lengths::kRagged};
    const auto in = inputs_of(c);
    const auto g = normal(c.batch * c.width, 6);
    const auto gradient = gradient_of(c, sum_of(c, in), in.gamma, g);
    Values Inputs::*const members[] = {&Inputs::x, &Inputs::branch, &Inputs::bias, &Inputs::gamma,
                                       &Inputs::beta};
    for (int which = 0; which < (centred ? 5 : 4); ++which) {
      const auto direction = normal(static_cast<int64_t>((in.*members[which]).size()), 10 + which);
      const auto moved = [&](double by) {
        auto to = in;
        for (std::size_t i = 0; i < direction.size(); ++i)
          (to.*members[which])[i] += by * direction[i];
        return dot(g, pooled_of(c, sum_of(c, to), to.gamma, to.beta));
      };
      EXPECT_NEAR(dot(gradient[which], direction), (moved(1e-5) - moved(-1e-5)) / 2e-5, 1e-7)
          << which;
    }
  }
}

template <class T>
std::vector<T> stored(const Values& x) {
  std::vector<T> out;
  for (const double value : x) out.push_back(from_float<T>(static_cast<float>(value)));
  return out;
}
template <class T>
Values values(const std::vector<T>& x) {
  Values out;
  for (const auto& value : x) out.push_back(to_float(value));
  return out;
}
template <class T>
constexpr Storage kStorage = std::is_same_v<T, float>    ? Storage::kFloat
                             : std::is_same_v<T, __half> ? Storage::kHalf
                                                         : Storage::kBFloat16;
template <class T>
constexpr double kRounding = std::is_same_v<T, float>    ? 1e-6
                             : std::is_same_v<T, __half> ? 0x1p-11
                                                         : 0x1p-8;

/// Everything a forward and a backward write.
struct Came {
  Values sum, stats, pooled, dx, dbranch, dbias, dgamma, dbeta;
};

template <class X, class H>
Came run(const Case& c, const Inputs& in, const Values& g) {
  AddNormProblem problem{
      c.batch * c.time, static_cast<int>(c.width), kStorage<X>, kStorage<H>, c.centred, 1e-5f, {}};
  if (c.p > 0) problem.draw = make_draw(c.p, 3, &kStep, 5);
  std::vector<int64_t> lengths;
  for (int64_t b = 0; b < c.batch; ++b) lengths.push_back(c.given_length(b));
  const Sequences sequences{c.batch, c.lengths == Lengths::kAll ? nullptr : lengths.data()};
  const bool adds = c.adds != Adds::kNothing, bias = c.adds == Adds::kBranchAndBias;
  auto x = stored<X>(in.x);
  const auto branch = stored<H>(in.branch);
  const auto bias_f = floats(in.bias), gamma = floats(in.gamma), beta = floats(in.beta),
             g_f = floats(g);
  const Values poison(c.count(), NAN);
  auto sum = stored<X>(poison), dx = stored<X>(poison);
  auto dbranch = stored<H>(poison);
  const auto room = [](int64_t count) { return std::vector<float>(count, NAN); };
  auto stats = room(2 * c.batch * c.time), centre = room(c.batch * c.width),
       pooled = room(c.batch * c.width), dbias = room(c.width), dgamma = room(c.width),
       dbeta = room(c.width), scratch = room(add_norm_mean_scratch(problem, sequences));
  EXPECT_EQ(
      add_norm_mean_forward(problem, sequences, x.data(), adds ? branch.data() : nullptr,
                            bias ? bias_f.data() : nullptr, gamma.data(),
                            c.centred ? beta.data() : nullptr, adds ? sum.data() : x.data(),
                            stats.data(), centre.data(), pooled.data(), scratch.data(), nullptr),
      0);
  scratch.assign(scratch.size(), NAN);
  EXPECT_EQ(add_norm_mean_backward(problem, sequences, adds ? sum.data() : x.data(), stats.data(),
                                   gamma.data(), centre.data(), g_f.data(), dx.data(),
                                   adds ? dbranch.data() : nullptr, dgamma.data(),
                                   c.centred ? dbeta.data() : nullptr,
                                   bias ? dbias.data() : nullptr, scratch.data(), nullptr),
            0);
  return {values(adds ? sum : x), values(stats), values(pooled), values(dx),
          values(dbranch),        values(dbias), values(dgamma), values(dbeta)};
}

/// NaN is equal to NaN.
bool same(const Values& a, const Values& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
  return true;
}

void near(const char* what, const Values& came, const Values& expected, double limit) {
  ASSERT_EQ(came.size(), expected.size()) << what;
  double off = 0, size = 0;
  for (std::size_t i = 0; i < came.size(); ++i) {
    ASSERT_FALSE(std::isnan(came[i])) << what << " " << i;
    off += (came[i] - expected[i]) * (came[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  EXPECT_LE(std::sqrt(off), limit * std::sqrt(size) + 1e-7) << what;
}

template <class X, class H>
void check(const Case& c) {
  auto in = inputs_of(c);
  in.x = values(stored<X>(in.x));
  in.branch = values(stored<H>(in.branch));
  for (int64_t i = 0; i < c.count(); ++i)
    if (!c.inside(i)) in.x[i] = in.branch[i] = NAN;
  const auto g = normal(c.batch * c.width, 6);
  const auto came = run<X, H>(c, in, g), again = run<X, H>(c, in, g);
  EXPECT_TRUE(same(came.pooled, again.pooled) && same(came.dx, again.dx) &&
              same(came.dgamma, again.dgamma) && same(came.dbeta, again.dbeta) &&
              same(came.dbias, again.dbias));

  const bool adds = c.adds != Adds::kNothing;
  const auto exact = sum_of(c, in);
  for (int64_t i = 0; i < c.count(); ++i) {
    if (!c.inside(i)) {
      ASSERT_TRUE(std::isnan(came.sum[i])) << "a sum behind the length was written";
      ASSERT_EQ(came.dx[i], 0) << i;
      if (adds) {
        ASSERT_EQ(came.dbranch[i], 0) << i;
      }
      continue;
    }
    ASSERT_NEAR(came.sum[i], exact[i], kRounding<X> * (1 + std::abs(exact[i]))) << i;
  }
  // The norm sees what the stream keeps.
  near("pooled", came.pooled, pooled_of(c, came.sum, in.gamma, in.beta), 3e-6);
  const auto [dx, dbranch, dbias, dgamma, dbeta] = gradient_of(c, came.sum, in.gamma, g);
  near("dx", came.dx, dx, 3e-6 + kRounding<X>);
  near("dgamma", came.dgamma, dgamma, 3e-6);
  if (c.centred) near("dbeta", came.dbeta, dbeta, 3e-6);
  if (adds) near("dbranch", came.dbranch, dbranch, 3e-6 + kRounding<H>);
  if (c.adds == Adds::kBranchAndBias) near("dbias", came.dbias, dbias, 1e-5);
}

class EmulatedAddNormMeanOf : public ::testing::TestWithParam<Case> {};

TEST_P(EmulatedAddNormMeanOf, AgreesInEveryType) {
  check<float, float>(GetParam());
  check<float, __nv_bfloat16>(GetParam());
  check<float, __half>(GetParam());
  check<__nv_bfloat16, __nv_bfloat16>(GetParam());
  check<__half, __half>(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, EmulatedAddNormMeanOf,
    ::testing::Values(Case{3, 37, 8, true, 0, Lengths::kRagged},
                      Case{3, 37, 64, false, 0.3, Lengths::kRagged, Adds::kBranch},
                      Case{1, 130, 256, true, 0.2, Lengths::kAll},
                      Case{4, 21, 264, true, 0.5, Lengths::kRagged},
                      Case{2, 1, 512, false, 0, Lengths::kAll, Adds::kBranch},
                      Case{2, 9, 1000, true, 0.1, Lengths::kRagged},
                      Case{3, 19, 520, true, 0, Lengths::kRagged, Adds::kNothing},
                      Case{2, 11, 64, false, 0, Lengths::kAll, Adds::kNothing}));

/// More sequences than blocks of the backward.
TEST(EmulatedAddNormMean, BlocksTakeSeveralSequences) {
  check<float, float>({601, 2, 16, true, 0.4, Lengths::kRagged});
}

TEST(EmulatedAddNormMean, RefusesWhatItCannotTake) {
  AddNormProblem problem{10, 8, Storage::kFloat, Storage::kFloat, true, 1e-5f, {}};
  const auto status = [&](int64_t batch) {
    return add_norm_mean_forward(problem, {batch, nullptr}, nullptr, nullptr, nullptr, nullptr,
                                 nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  };
  EXPECT_EQ(status(3), cudaErrorInvalidValue);  // does not divide the rows
  EXPECT_EQ(status(0), cudaErrorInvalidValue);
  problem.width = 12;
  EXPECT_EQ(status(5), cudaErrorInvalidValue);
}

}  // namespace
}  // namespace regard::kernels::cuda
