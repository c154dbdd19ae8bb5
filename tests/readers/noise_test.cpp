#include "regard/data/readers/noise.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "readers/helpers.hpp"
#include "regard/base/utf8.hpp"

namespace regard::data {
namespace {

std::string long_text() {
  std::string text;
  for (int i = 0; i < 4000; ++i) text += i % 6 == 5 ? " " : "\xC3\xA4";
  return text;
}

int64_t characters_in(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

TEST(Noise, DoesAsItsNameSaysAtItsRate) {
  const auto text = long_text();
  const auto made = [&](const std::string& noise) { return noisy(text, parse_noise(noise, 1), 0); };
  EXPECT_EQ(made("swap=0"), text);
  EXPECT_NEAR(static_cast<double>(characters_in(made("drop=0.2"))), 4000 * 0.8, 100);
  EXPECT_NEAR(static_cast<double>(characters_in(made("insert=0.2"))), 4000 * 1.2, 100);
  const auto swapped = made("swap=0.3");
  EXPECT_NE(swapped, text);
  auto a = swapped, b = text;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  EXPECT_EQ(a, b) << "the characters stay the same";
  const auto words = made("word-drop=0.5");
  EXPECT_NEAR(static_cast<double>(characters_in(words)), 4000.0 / 6 * (1 + 2.5), 200);
  for (const auto* noise : {"swap=1", "drop=0.5", "insert=1", "word-drop=1"}) {
    EXPECT_TRUE(is_utf8(made(noise))) << noise;
    EXPECT_FALSE(made(noise).empty()) << noise;
  }
  EXPECT_EQ(noisy("abcd", parse_noise("swap=1", 3), 0), "badc");
  EXPECT_EQ(noisy("a\tb\nc", parse_noise("drop=1", 3), 0), "a\tb\nc") << "never nothing at all";
  EXPECT_EQ(noisy("only", parse_noise("word-drop=1", 3), 0), "only");
}

TEST(Noise, IsAFunctionOfSeedAndExample) {
  const auto text = long_text();
  const auto noise = parse_noise("swap=0.1", 5);
  EXPECT_EQ(noisy(text, noise, 7), noisy(text, noise, 7));
  EXPECT_NE(noisy(text, noise, 7), noisy(text, noise, 8));
  EXPECT_NE(noisy(text, noise, 7), noisy(text, parse_noise("swap=0.1", 6), 7));
}

TEST(Noise, KeepsLabelsAndTheTwoTextsOfAPair) {
  ExamplesBuilder builder;
  builder.begin_file("p.tsv");
  builder.add_pair("first text", "second text", 1);
  builder.add_label("yes");
  const auto pairs = with_noise(builder.finish(), parse_noise("insert=1", 1));
  EXPECT_EQ(pairs.texts(0)[0].size(), 20u);
  EXPECT_EQ(pairs.texts(0)[1].size(), 22u);
  EXPECT_EQ(pairs.label_names, std::vector<std::string>{"yes"});
}

TEST(Noise, AnythingElseIsRefused) {
  for (const auto* bad :
       {"", "swap", "swap=", "swap=x", "swap=-0.1", "drop=1.1", "shuffle=0.1", "=1"}) {
    EXPECT_TRUE(contains(input_error([&] { parse_noise(bad, 1); }),
                         "--noise: swap, drop, insert or word-drop with a rate from 0 to 1"))
        << bad;
  }
}

}  // namespace
}  // namespace regard::data
