// The CUDA kernels of holographic attention, run on the CPU, against the definition in the time
// domain in float64.
#define REGARD_EMULATE_CUDA
#include <gtest/gtest.h>

#include <random>

#include "kernels/hrr_reference.hpp"
#include "regard/kernels/cuda/hrr_backward.cu"
#include "regard/kernels/cuda/hrr_causal.cu"
#include "regard/kernels/cuda/hrr_forward.cu"
#include "regard/kernels/cuda/hrr_resident.cu"

namespace regard::kernels::cuda {
namespace {

using testing::Rows;  // (T, d) of one head, double

struct Case {
  int64_t batch, heads, length, width;
  std::vector<int64_t> lengths;
  bool causal = false, time_scale = false, pads_in = false;
  Unbind unbind = Unbind::kConj;
  bool vanishing = false;  // some numbers of q are 0 or noise, and some rows are tiny
};

/// The row whose plain unbinding is the inverse of the packed row `q`: c / |c|^2 or c / |c|, real
/// numbers and pairs with the weights that F(q) gives them; 0 where a number is at most 2^-21 of
/// the row's largest.
Rows inverse_of(const Rows& q, Unbind unbind) {
  if (unbind == Unbind::kConj) return q;
  const std::size_t half = q.size() / 2;
  double largest = 0;
  for (const double x : q) largest = std::max(largest, std::abs(x));
  const bool exact = unbind == Unbind::kExact;
  Rows out(q.size());
  const auto put = [&](std::size_t at, double square, double weight) {
    if (std::sqrt(square) > 0x1p-21 * largest)
      out[at] = weight * q[at] / (exact ? square : std::sqrt(square));
  };
  for (std::size_t i = 0; i < half; ++i) {
    const double re = q[i] * q[i], im = q[half + i] * q[half + i], both = re + im;
    put(i, i == 0 ? re : both, i == 0 ? 1 : exact ? 2 : std::sqrt(2.0));
    put(half + i, i == 0 ? im : both, i == 0 ? 1 : exact ? 2 : std::sqrt(2.0));
  }
  return out;
}

/// The gradient of packed q from that of inverse_of(q), by differences relative to each number.
Rows through_inverse(const Rows& q, const Rows& gradient, Unbind unbind) {
  Rows out(q.size());
  for (std::size_t i = 0; i < q.size(); ++i) {
    const std::size_t pair = (i + q.size() / 2) % q.size();
    const bool real = i % (q.size() / 2) == 0;
    const double step = 1e-5 * std::hypot(q[i], real ? 0 : q[pair]);
    if (inverse_of(q, unbind)[i] == 0 && (real || inverse_of(q, unbind)[pair] == 0)) continue;
    Rows more = q, less = q;
    more[i] += step;
    less[i] -= step;
    const Rows up = inverse_of(more, unbind), down = inverse_of(less, unbind);
    for (std::size_t j = 0; j < q.size(); ++j) {
      out[i] += gradient[j] * (up[j] - down[j]) / (2 * step);
    }
  }
  return out;
}

template <class T>
constexpr Storage kStorage = Storage::kFloat;
template <>
constexpr Storage kStorage<__half> = Storage::kHalf;
template <>
constexpr Storage kStorage<__nv_bfloat16> = Storage::kBFloat16;

/// (B, T, 3, h, d), as a projection writes it, or (B, T, h, d).
template <class T>
struct Buffer {
  std::vector<T> data;
  int64_t parts;
  Buffer(const Case& c, int64_t parts_, float fill) : parts(parts_) {
    data.assign(c.batch * c.length * parts * c.heads * c.width + 8, from_float<T>(fill));
  }
  cuda::Rows rows(const Case& c, int64_t part) {
    const int64_t wide = c.heads * c.width;
    return {data.data() + part * wide, c.length * parts * wide, c.width, parts * wide};
  }
};

template <class T>
T& element(const cuda::Rows& rows, int64_t b, int64_t h, int64_t t, int64_t i) {
  return static_cast<T*>(rows.data)[b * rows.batch + h * rows.head + t * rows.time + i];
}

template <class T>
Rows in_time_domain(const Case& c, const cuda::Rows& rows, int64_t b, int64_t h) {
  const Rows u = testing::packed_basis(c.width);
  Rows out(c.length * c.width);
  for (int64_t t = 0; t < c.length; ++t) {
    for (int64_t n = 0; n < c.width; ++n) {
      for (int64_t j = 0; j < c.width; ++j) {
        out[t * c.width + n] += u[n * c.width + j] * to_float(element<T>(rows, b, h, t, j));
      }
    }
  }
  return out;
}

/// Applies `f` to each row of d numbers.
template <class F>
Rows each_row(const Rows& rows, int64_t d, const F& f) {
  Rows out;
  for (std::size_t t = 0; t < rows.size(); t += static_cast<std::size_t>(d)) {
    const Rows row = f(Rows(rows.begin() + t, rows.begin() + t + d), t);
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

double distance(const Rows& came, const Rows& expected) {
  double off = 0, size = 0;
  for (std::size_t i = 0; i < came.size(); ++i) {
    off += (came[i] - expected[i]) * (came[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  return size == 0 ? std::sqrt(off) : std::sqrt(off / size);
}

template <class T>
void check(const Case& c, double limit) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  Buffer<T> in(c, 3, 0), g(c, 1, 0), y(c, 1, NAN), out(c, 3, NAN);
  for (auto* buffer : {&in, &g}) {
    for (auto& x : buffer->data) x = from_float<T>(normal(random));
  }
  if (c.vanishing) {
    for (int64_t t = 0; t < c.length; ++t) {
      for (int64_t i = 0; i < c.width; ++i) {
        auto& x = element<T>(in.rows(c, 0), 0, 0, t, i);
        if (t % 4 == 1 && i % 3 == 0) x = from_float<T>(0.0f);
        if (t % 4 == 2) x = from_float<T>(i % 3 == 0 ? 0x1p-30f * to_float(x) : to_float(x));
        if (t % 4 == 3) x = from_float<T>(0x1p-40f * to_float(x));
      }
    }
  }
  const HrrProblem problem{c.batch,  c.heads,     c.length,
                           c.width,  kStorage<T>, c.lengths.empty() ? nullptr : c.lengths.data(),
                           c.unbind, c.pads_in,   c.time_scale,
                           c.causal};
  const int64_t states = c.batch * c.heads * hrr_states(problem);
  std::vector<float> s(states * c.width, NAN), z(states, NAN);
  std::vector<char> scratch(hrr_forward_scratch(problem)), more(hrr_backward_scratch(problem));
  const auto q = in.rows(c, 0), k = in.rows(c, 1), v = in.rows(c, 2);
  ASSERT_EQ(
      hrr_forward(problem, q, k, v, y.rows(c, 0), s.data(), z.data(), scratch.data(), nullptr), 0);
  if (!c.causal) {
    // S given as the sum of two parts, of which one is nothing: the same rows, up to the order of
    // other sums.
    std::vector<float> parts(2 * states * c.width), s2(s.size(), NAN), z2(z.size(), NAN);
    const int64_t each = c.heads * c.width;
    for (int64_t b = 0; b < c.batch; ++b) {
      std::copy_n(s.data() + b * each, each, parts.data() + (2 * b + b % 2) * each);
    }
    Buffer<T> again(c, 1, NAN);
    ASSERT_EQ(hrr_forward_binding(problem, {parts.data(), 2}, q, v, again.rows(c, 0), s2.data(),
                                  z2.data(), scratch.data(), nullptr),
              0);
    EXPECT_EQ(s2, s);
    for (int64_t i = 0; i < states; ++i) EXPECT_NEAR(z2[i], z[i], 1e-5f * std::abs(z[i]));
    for (int64_t i = 0; i < c.batch * c.length * each; ++i) {
      EXPECT_NEAR(to_float(again.data[i]), to_float(y.data[i]),
                  (sizeof(T) == 4 ? 1e-5f : 8e-3f) * std::abs(to_float(y.data[i])) + 1e-7f);
    }
  }
  const int64_t wide = 3 * c.heads * c.width;
  std::vector<float> columns(wide, NAN);
  const bool sums = hrr_sums_columns(problem);
  const HrrGradientsTo to{out.rows(c, 0), out.rows(c, 1), out.rows(c, 2),
                          sums ? columns.data() : nullptr};
  ASSERT_EQ(
      hrr_backward(problem, q, k, v, g.rows(c, 0), s.data(), z.data(), to, more.data(), nullptr),
      0);
  if (sums) {
    Rows came(columns.begin(), columns.end()), expected(wide);
    for (int64_t i = 0; i < c.batch * c.length * wide; ++i) {
      expected[i % wide] += to_float(out.data[i]);
    }
    EXPECT_LE(distance(came, expected), 4 * limit) << "sums of columns";
  }
  for (int64_t b = 0; b < c.batch; ++b) {
    const int64_t length = c.lengths.empty() ? c.length : c.lengths[b];
    const testing::TimeDomainHrr reference(c.length, c.width, length,
                                           {c.causal, c.time_scale, c.pads_in});
    for (int64_t h = 0; h < c.heads; ++h) {
      const auto rows = [&](Buffer<T>& buffer, int64_t part) {
        return in_time_domain<T>(c, buffer.rows(c, part), b, h);
      };
      const Rows u = testing::packed_basis(c.width), q_time = rows(in, 0);
      const Rows q_packed = testing::change_basis(q_time, u, c.width, false);
      const auto inverse = each_row(q_packed, c.width, [&](const Rows& row, std::size_t) {
        return inverse_of(row, c.unbind);
      });
      const bool conj = c.unbind == Unbind::kConj;
      auto expected =
          reference.run(conj ? q_time : testing::change_basis(inverse, u, c.width, true),
                        rows(in, 1), rows(in, 2), rows(g, 0));
      const Rows dx = testing::change_basis(expected.dq, u, c.width, false);
      const auto to_q = [&](const Rows& row, std::size_t t) {
        return through_inverse(row, Rows(dx.begin() + t, dx.begin() + t + c.width), c.unbind);
      };
      if (!conj) {
        expected.dq = testing::change_basis(each_row(q_packed, c.width, to_q), u, c.width, true);
      }
      EXPECT_LE(distance(rows(y, 0), expected.y), limit) << "y " << b << " " << h;
      EXPECT_LE(distance(rows(out, 0), expected.dq), 4 * limit) << "dq " << b << " " << h;
      EXPECT_LE(distance(rows(out, 1), expected.dk), 4 * limit) << "dk " << b << " " << h;
      EXPECT_LE(distance(rows(out, 2), expected.dv), 4 * limit) << "dv " << b << " " << h;
    }
  }
}

const Case kCases[] = {{1, 1, 1, 2, {}},
                       {2, 3, 37, 16, {}},
                       {2, 3, 21, 10, {}},
                       {1, 2, 40, 48, {}},
                       {2, 8, 33, 32, {33, 5}},
                       {1, 4, 70, 64, {}, false, true},
                       {3, 2, 18, 128, {18, 0, 1}},
                       {2, 2, 37, 32, {5, 37}, false, false, true},
                       {1, 1, 19, 256, {}},
                       {1, 40, 9, 32, {}}};

TEST(EmulatedHrr, AgreesWithTheTimeDomain) {
  for (const auto& c : kCases) {
    SCOPED_TRACE("T " + std::to_string(c.length) + ", d " + std::to_string(c.width));
    check<float>(c, 5e-6);
  }
}

TEST(EmulatedHrr, CausalAgreesWithTheTimeDomain) {
  const Case cases[] = {{1, 1, 1, 2, {}, true},         {2, 3, 37, 16, {}, true},
                        {1, 2, 130, 32, {}, true},      {2, 1, 200, 16, {70, 193}, true},
                        {1, 3, 65, 10, {}, true, true}, {2, 2, 80, 64, {0, 64}, true}};
  for (const auto& c : cases) {
    SCOPED_TRACE("causal, T " + std::to_string(c.length) + ", d " + std::to_string(c.width));
    check<float>(c, 5e-6);
  }
  check<__nv_bfloat16>(cases[2], 2e-2);
}

TEST(EmulatedHrr, InversesLeaveOutWhatVanishes) {
  for (const auto unbind : {Unbind::kExact, Unbind::kUnit}) {
    for (const bool vanishing : {false, true}) {
      for (Case c : {Case{2, 2, 21, 10, {21, 5}}, Case{1, 1, 9, 32, {}},
                     Case{1, 1, 70, 16, {}, true, true}, Case{1, 1, 9, 256, {}}}) {
        c.unbind = unbind;
        c.vanishing = vanishing;
        SCOPED_TRACE("d " + std::to_string(c.width) + (vanishing ? ", vanishing" : ""));
        check<float>(c, 2e-4);
      }
      Case stays{2, 1, 300, 16, {300, 41}};
      stays.unbind = unbind;
      check<__half>(stays, 1e-2);
    }
  }
}

TEST(EmulatedHrr, SixteenBitStorage) {
  check<__nv_bfloat16>(kCases[4], 2e-2);
  check<__half>(kCases[5], 3e-3);
}

// Rows in shared memory: clusters of 1 to 16 blocks, shares behind the end, padding, every width.
TEST(EmulatedHrr, RowsThatStayInSharedMemory) {
  const Case cases[] = {{2, 1, 300, 16, {300, 41}},
                        {1, 2, 129, 32, {}},
                        {2, 1, 700, 64, {650, 0}, false, true},
                        {1, 1, 257, 128, {}},
                        {1, 1, 40, 256, {3}},
                        {1, 1, 2100, 64, {}},
                        {2, 1, 300, 32, {41, 299}, false, false, true}};
  for (const auto& c : cases) {
    SCOPED_TRACE("T " + std::to_string(c.length) + ", d " + std::to_string(c.width));
    check<__half>(c, 3e-3);
  }
}

TEST(EmulatedHrr, PlansOfRowsThatStay) {
  HrrProblem problem{1, 1, 1024, 64, Storage::kBFloat16};
  EXPECT_TRUE(hrr_resident_forward_takes(problem, true));
  EXPECT_TRUE(hrr_resident_backward_takes(problem, true));
  EXPECT_FALSE(hrr_resident_forward_takes(problem, false));
  problem.length = 4000;
  EXPECT_TRUE(hrr_resident_forward_takes(problem, true));
  EXPECT_FALSE(hrr_resident_backward_takes(problem, true));
  problem.length = 131072;
  EXPECT_FALSE(hrr_resident_forward_takes(problem, true));
  problem.length = 16;
  problem.storage = Storage::kFloat;
  EXPECT_FALSE(hrr_resident_forward_takes(problem, true));
}

}  // namespace
}  // namespace regard::kernels::cuda
