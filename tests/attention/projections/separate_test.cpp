#include "regard/attention/projections/separate.hpp"

#include <gtest/gtest.h>

#include "attention/projections/sizes.hpp"
#include "harness/case.hpp"

namespace regard::attention::projections {
namespace {
using torch::Tensor;

Parameters random_parameters(const Size& size) {
  Parameters p;
  int64_t seed = 20;
  for (const auto& spec : Separate().parameters(size)) {
    p.push_back(harness::random(spec.shape, seed++));
  }
  return p;
}

// Head j owns outputs [5 j, 5 j + 5) of its matrix.
Tensor written_out(const Parameters& p, const Tensor& x, int64_t part) {
  const auto weight = p[0].narrow(0, 15 * part, 15), bias = p[1].narrow(0, 15 * part, 15);
  return (at::matmul(x, weight.t()) + bias).view({x.size(0), x.size(1), 3, 5}).transpose(1, 2);
}

TEST(Separate, MakesWhatTheFoldReadsAndNothingElse) {
  const auto size = size_of({});
  const auto p = random_parameters(size);
  const auto x = harness::random({2, 7, 12}, 1);
  const auto [q, k, v] = Separate().all(p, size, x);
  EXPECT_LE(harness::relative(q, written_out(p, x, 0)), 1e-14);
  EXPECT_LE(harness::relative(k, written_out(p, x, 1)), 1e-14);
  EXPECT_LE(harness::relative(v, written_out(p, x, 2)), 1e-14);
  EXPECT_EQ(count_parameters(Separate().parameters(size)), 3 * (12 * 15 + 15));
  EXPECT_EQ(count_parameters(Separate().parameters(size_of({}, false))), 3 * 12 * 15);

  const auto values = size_of({.q = false, .k = false, .v = true});
  EXPECT_EQ(count_parameters(Separate().parameters(values)), 12 * 15 + 15);
  const auto only = Separate().all(random_parameters(values), values, x);
  EXPECT_FALSE(only.q.defined() || only.k.defined());
  EXPECT_EQ(only.v.sizes(), (std::vector<int64_t>{2, 3, 7, 5}));
}

TEST(Separate, QueriesOfOneSequenceAndKeysOfAnother) {
  const auto size = size_of({});
  const auto p = random_parameters(size);
  const auto x = harness::random({2, 7, 12}, 1), memory = harness::random({2, 4, 12}, 2);
  EXPECT_LE(harness::relative(Separate().query(p, size, x), written_out(p, x, 0)), 1e-14);
  const auto [k, v] = Separate().key_value(p, size, memory);
  EXPECT_LE(harness::relative(k, written_out(p, memory, 1)), 1e-14);
  EXPECT_LE(harness::relative(v, written_out(p, memory, 2)), 1e-14);

  const auto values = size_of({.q = false, .k = false, .v = true});
  const auto none = random_parameters(values);
  EXPECT_FALSE(Separate().query(none, values, x).defined());
  EXPECT_FALSE(Separate().key_value(none, values, memory).k.defined());
  EXPECT_LE(
      harness::relative(Separate().key_value(none, values, memory).v, written_out(none, memory, 0)),
      1e-14);
}

TEST(Separate, KeepsKeysAndValuesForGeneration) {
  const auto size = size_of({});
  const auto p = random_parameters(size);
  const auto x = harness::random({2, 7, 12}, 1);
  const auto [q, rows] = Separate().extend(p, size, x);
  const auto all = Separate().all(p, size, x);
  const auto [k, v] = Separate().read(p, size, rows);
  EXPECT_TRUE(at::equal(q, all.q) && at::equal(k, all.k) && at::equal(v, all.v));
  EXPECT_TRUE(Separate().keeps_keys());
}

}  // namespace
}  // namespace regard::attention::projections
