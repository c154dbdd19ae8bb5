#include "regard/attention/projections/shared.hpp"

#include <gtest/gtest.h>

#include "attention/projections/sizes.hpp"
#include "harness/expand.hpp"
#include "regard/attention/phrase.hpp"

namespace regard::attention::projections {
namespace {
using torch::Tensor;

Shared of_form(const std::string& form) {
  Shared shared;
  shared.form = form;
  return shared;
}

Parameters random_parameters(const Shared& shared, const Size& size) {
  Parameters p;
  int64_t seed = 20;
  for (const auto& spec : shared.parameters(size)) p.push_back(harness::random(spec.shape, seed++));
  return p;
}

Tensor heads_of(const Tensor& s) { return s.view({s.size(0), s.size(1), 3, 5}).transpose(1, 2); }

TEST(Shared, PlainGivesOneRowForAllThree) {
  const auto plain = of_form("plain");
  const auto size = size_of({}, false);
  const auto p = random_parameters(plain, size);
  const auto x = harness::random({2, 7, 12}, 1);
  const auto [q, k, v] = plain.all(p, size, x);
  const auto s = heads_of(at::matmul(x, p[0].t()));
  for (const auto& part : {q, k, v}) EXPECT_LE(harness::relative(part, s), 1e-14);
  EXPECT_EQ(count_parameters(plain.parameters(size)), 12 * 15);
  const auto values = size_of({.q = false, .k = false, .v = true}, false);
  EXPECT_EQ(count_parameters(plain.parameters(values)), 12 * 15);
  EXPECT_FALSE(plain.all(p, values, x).q.defined());
}

TEST(Shared, DiagonalsScaleTheRowAndStartAtOne) {
  const auto shared = of_form("diagonals");
  const auto size = size_of({});
  const auto p = random_parameters(shared, size);  // weight, bias, d_q, d_k, d_v
  const auto x = harness::random({2, 7, 12}, 1), memory = harness::random({2, 4, 12}, 2);
  const auto s = at::matmul(x, p[0].t()) + p[1];
  const auto [q, k, v] = shared.all(p, size, x);
  EXPECT_LE(harness::relative(q, heads_of(s * p[2])), 1e-14);
  EXPECT_LE(harness::relative(k, heads_of(s * p[3])), 1e-14);
  EXPECT_LE(harness::relative(v, heads_of(s * p[4])), 1e-14);
  EXPECT_LE(harness::relative(shared.query(p, size, x), q), 1e-14);
  const auto m = at::matmul(memory, p[0].t()) + p[1];
  EXPECT_LE(harness::relative(shared.key_value(p, size, memory).v, heads_of(m * p[4])), 1e-14);
  EXPECT_EQ(count_parameters(shared.parameters(size)), 12 * 15 + 15 + 3 * 15);
  EXPECT_EQ(shared.parameters(size)[2].start, Start::kOnes);
}

TEST(Shared, IsThreeMatricesThatItsExpansionNames) {
  harness::expand("shared");
  harness::expand("shared(form=plain)");
}

TEST(Shared, ScoresAreSymmetricWhateverTheDiagonals) {
  const auto shared = of_form("diagonals");
  const auto size = size_of({});
  const auto p = random_parameters(shared, size);
  const auto [q, k, v] = shared.all(p, size, harness::random({2, 7, 12}, 1));
  const auto z = at::matmul(q, k.transpose(2, 3));
  EXPECT_LE(harness::relative(z, z.transpose(2, 3)), 1e-13);
}

TEST(Shared, GenerationKeepsHalfOfWhatKeysAndValuesTake) {
  const auto shared = of_form("diagonals");
  const auto size = size_of({});
  const auto p = random_parameters(shared, size);
  const auto x = harness::random({2, 7, 12}, 1);
  const auto [q, rows] = shared.extend(p, size, x);
  ASSERT_EQ(rows.size(), 1u);
  const auto all = shared.all(p, size, x);
  const auto [k, v] = shared.read(p, size, rows);
  EXPECT_TRUE(at::equal(q, all.q) && at::equal(k, all.k) && at::equal(v, all.v));
  EXPECT_FALSE(shared.keeps_keys());
  EXPECT_EQ(2 * shared.kept(size), parse_phrase("softmax").projection->kept(size));
}

TEST(Shared, CountsOfBertBase) {
  const Size base{.model_width = 768, .heads = 12, .head_width = 64};
  const auto count = [&](const char* phrase, Uses uses = {}) {
    auto size = base;
    size.uses = uses;
    return count_parameters(parse_phrase(phrase).projection->parameters(size));
  };
  const auto three = count("separate"), one = count("shared");
  EXPECT_EQ(three, 1771776);
  EXPECT_EQ(count("symmetric"), 1181184);
  EXPECT_EQ(count("keyvalue"), 1181184);
  EXPECT_EQ(count("pairwise"), 1230336);
  EXPECT_EQ(one, 592896);
  EXPECT_EQ(count("shared(form=plain)"), 590592);
  const Uses values{.q = false, .k = false, .v = true};
  EXPECT_EQ(count("shared", values), 591360);
  const auto share = [](int64_t part, int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  const int64_t out = 768 * 768 + 768, bert = 109482240;
  EXPECT_NEAR(share(three - one, three), 0.66537, 5e-6);
  EXPECT_NEAR(share(three - one, three + out), 0.4990, 5e-5);
  EXPECT_NEAR(share(12 * (three - one), bert), 0.1292, 5e-5);
}

}  // namespace
}  // namespace regard::attention::projections
