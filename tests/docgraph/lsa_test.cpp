#include "regard/docgraph/lsa.hpp"

#include <Eigen/Dense>
#include <cmath>

#include <gtest/gtest.h>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/docgraph/hash_encoder.hpp"

namespace regard::docgraph {
namespace {

std::vector<std::string> small_corpus() {
  Random random(7, RandomStream::kTest);
  std::vector<std::string> sentences;
  for (int s = 0; s < 80; ++s) {
    std::string sentence;
    const auto topic = random.below(4) * 12;
    for (int w = 0; w < 8; ++w)
      sentence +=
          "word" +
          std::to_string(random.below(3) == 0 ? random.below(60) : topic + random.below(12)) + " ";
    sentences.push_back(sentence);
  }
  return sentences;
}

TEST(Lsa, EqualsADenseSingularValueDecomposition) {
  if (!has_spectra()) GTEST_SKIP() << kNoSpectra;
  const auto sentences = small_corpus();
  EncoderSpec spec;
  spec.kind = "lsa";
  spec.width = 10;
  spec.least = 1;
  const Lsa lsa(spec, sentences);
  ASSERT_GT(lsa.words(), 40);
  Eigen::MatrixXd x =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(sentences.size()), lsa.words());
  for (std::size_t s = 0; s < sentences.size(); ++s) {
    for (const auto& [word, value] : lsa.row(sentences[s]))
      x(static_cast<Eigen::Index>(s), word) = value;
  }
  EXPECT_NEAR(x.row(0).norm(), 1, 1e-12);
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(x, Eigen::ComputeThinV | Eigen::ComputeThinU);
  const auto vectors = lsa.encode(sentences);
  for (Eigen::Index c = 0; c < 10; ++c) {
    Eigen::VectorXd v = svd.matrixV().col(c);
    Eigen::Index largest = 0;
    v.cwiseAbs().maxCoeff(&largest);
    if (v[largest] < 0) v = -v;
    const Eigen::VectorXd wanted = x * v;
    for (Eigen::Index s = 0; s < x.rows(); ++s)
      EXPECT_NEAR(vectors[static_cast<std::size_t>(s * 10 + c)], wanted[s], 1e-6);
  }
}

TEST(Lsa, ASmallVocabularyFillsUpWithZeros) {
  if (!has_spectra()) GTEST_SKIP() << kNoSpectra;
  EncoderSpec spec;
  spec.width = 16;
  spec.least = 1;
  const Lsa lsa(spec, std::vector<std::string>{"red fish", "blue fish", "red red boat"});
  const auto v = lsa.encode(std::vector<std::string>{"red boat", "unknown words"});
  EXPECT_GT(std::abs(v[0]), 0.1F);
  for (std::size_t c = 4; c < 16; ++c) EXPECT_EQ(v[c], 0);
  for (std::size_t c = 16; c < 32; ++c) EXPECT_EQ(v[c], 0);
}

TEST(Lsa, TheStateEncodesAlike) {
  if (!has_spectra()) GTEST_SKIP() << kNoSpectra;
  EncoderSpec spec;
  spec.width = 8;
  const auto sentences = small_corpus();
  const Lsa lsa(spec, sentences);
  auto state = lsa.state();
  EXPECT_EQ(make_encoder(state)->encode(sentences), lsa.encode(sentences));
  state.words.pop_back();
  EXPECT_THROW(make_encoder(state), InputError);
}

TEST(Lsa, NothingToCountIsRefused) {
  if (!has_spectra()) GTEST_SKIP() << kNoSpectra;
  EncoderSpec spec;
  EXPECT_THROW(Lsa(spec, std::vector<std::string>{"one", "two"}), InputError);
}

TEST(HashEncoder, IsASumOverWordsAndDependsOnTheSeed) {
  const HashEncoder one(32, 1), two(32, 2);
  const auto v = one.encode(std::vector<std::string>{"red boat", "Red", "boat.", "boat red red"});
  for (std::size_t c = 0; c < 32; ++c) {
    EXPECT_FLOAT_EQ(v[c], v[32 + c] + v[64 + c]);
    EXPECT_NEAR(v[96 + c], 2 * v[32 + c] + v[64 + c], 1e-5);
  }
  EXPECT_NE(v, two.encode(std::vector<std::string>{"red boat", "Red", "boat.", "boat red red"}));
  EXPECT_EQ(make_encoder(one.state())->encode(std::vector<std::string>{"a b"}),
            one.encode(std::vector<std::string>{"a b"}));
}

}  // namespace
}  // namespace regard::docgraph
