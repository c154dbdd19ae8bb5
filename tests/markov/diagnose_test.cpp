#include "regard/theory/markov/diagnose.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "regard/base/philox.hpp"
#include "regard/theory/markov/chain.hpp"

namespace regard::markov {
namespace {

TEST(Exponent, IsExactOnThePowerChain) {
  const auto chain = dirichlet_chain(6, 2);
  Random random(4, RandomStream::kTest);
  for (const double alpha : {0., .4, 1.}) {
    std::vector<LogRow> rows;
    for (int s = 0; s < 60; ++s) {
      LogRow row;
      row.last = static_cast<int32_t>(random.below(3));
      double total = 0;
      for (int64_t i = 0; i < 6; ++i) {
        row.counts.push_back(static_cast<int32_t>(random.below(20)));
        row.log_p.push_back(std::log(chain.at(i, row.last)) +
                            alpha * std::log(row.counts.back() + 1.));
        total += std::exp(row.log_p.back());
      }
      for (auto& value : row.log_p) value -= std::log(total);
      rows.push_back(row);
    }
    const auto found = exponent_of(rows, {1. / 16, 1. / 4, 1, 4});
    EXPECT_NEAR(found.alpha, alpha, 1e-9);
    if (alpha > 0) {
      EXPECT_EQ(found.epsilon, 1);
      EXPECT_NEAR(found.explained, 1, 1e-9);
      EXPECT_LT(found.error, 1e-9);
    }
  }
}

TEST(Exponent, NeedsTwoContextsOfOneLastToken) {
  const std::vector<LogRow> rows = {{0, {1, 2}, {-.5, -1}}, {1, {2, 1}, {-1, -.5}}};
  EXPECT_EQ(exponent_of(rows, {1}).contexts, 0);
}

TEST(Repetition, FindsOnsetAndLoop) {
  std::vector<int32_t> text;
  for (int32_t t = 0; t < 200; ++t) text.push_back(t % 50);
  for (int32_t t = 0; t < 120; ++t) text.push_back(t % 3);
  const auto begins = onset(text, 50, 25);
  EXPECT_GT(begins, 200);
  EXPECT_LT(begins, 264);
  const auto loop = loop_at_end(text);
  EXPECT_EQ(loop.tokens, (std::vector<int32_t>{0, 1, 2}));
  EXPECT_EQ(loop.length, 120);
  text.resize(200);
  EXPECT_EQ(onset(text, 50, 25), -1);
  EXPECT_EQ(loop_at_end(text).tokens.size(), 50u);
  text = {1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9};
  EXPECT_TRUE(loop_at_end(text).tokens.empty());
}

TEST(Repetition, CountsTextsWithAnOnset) {
  std::vector<int32_t> varied, same(300, 1);
  for (int32_t t = 0; t < 300; ++t) varied.push_back(t % 40);
  const auto r = repetition({varied, same, same}, 40, 10);
  EXPECT_EQ(r.repeating, 2);
  EXPECT_EQ(r.median, 64);
  EXPECT_EQ(repetition({varied, varied, same}, 40, 10).median, -1);
}

TEST(Diagnose, ATextOfTheChainIsCalledOne) {
  const auto chain = dirichlet_chain(12, 3);
  PowerChain model{12, 128, 1, 1, chain.p};
  model.pi.insert(model.pi.end(), 12, 1. / 12);
  std::vector<int32_t> prompt = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  Text text{sample(model, prompt, 12000, 1, 1, 0), 12, {}};
  for (int i = 0; i < 12; ++i) text.labels.push_back(std::string(1, static_cast<char>('a' + i)));
  DiagnoseSpec spec;
  spec.path = "chain.txt";
  spec.window = 128;
  spec.samples = 4;
  spec.length = 200;
  const auto quiet = [](double, const std::string&) {};
  const auto d = diagnose_text(text, spec, 2, quiet);
  EXPECT_NE(verdict(d).find("The chain's exponent is that of this text"), std::string::npos)
      << verdict(d);
  EXPECT_NEAR(d.shuffled_control, 0, 4 * d.shuffled_control_error + .02);
  EXPECT_NEAR(d.bigram_control, 0, 4 * d.bigram_control_error + .02);
  ASSERT_EQ(d.at.size(), 4u);
  EXPECT_GT(d.at[0].power, 1);
  EXPECT_EQ(model_table(d).rows.size(), 6u);
  EXPECT_EQ(temperature_table(d).rows.size(), 4u);
  const auto decode = [](const std::vector<int32_t>&) { return std::string("x"); };
  EXPECT_EQ(to_json(d, decode)["temperatures"].size(), 4u);
  EXPECT_NE(report::document_html(page(d, spec, decode, {}), {"", "no bundle"}).find("caricature"),
            std::string::npos);
}

}  // namespace
}  // namespace regard::markov
