// ListOps: the rules of the generator, its evaluation, and the reader that makes it.
#include "regard/data/generators/listops.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "readers/helpers.hpp"
#include "regard/base/text.hpp"
#include "regard/data/generators/parallel.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/reader.hpp"
#include "regard/data/readers/tokenizer.hpp"

namespace regard::data {
namespace {

std::vector<uint8_t> codes_of(const std::string& text) {
  std::vector<uint8_t> codes;
  for_each_word(text, [&](std::string_view word) {
    if (word != "(" && word != ")") codes.push_back(static_cast<uint8_t>(listops_code(word)));
  });
  return codes;
}

int value_of(const std::string& text) { return listops_value(codes_of(text)); }

TEST(ListOps, ValuesByHand) {
  EXPECT_EQ(value_of("7"), 7);
  EXPECT_EQ(value_of("[MAX 2 [MIN 4 7 ] 0 ]"), 4);
  EXPECT_EQ(value_of("[MED 1 8 5 ]"), 5);
  EXPECT_EQ(value_of("[MED 1 8 5 2 ]"), 3);  // 3.5 is cut
  EXPECT_EQ(value_of("[MED 9 8 ]"), 8);
  EXPECT_EQ(value_of("[SM 9 8 7 ]"), 4);
  EXPECT_EQ(value_of("[SM [MED 3 4 9 ] [MAX 9 1 ] X"), 3);
  for (const char* broken : {"[MAX 2", "[MAX ]", "2 3", "]", "[MAX 2 ] 1", "[MAX [MIN ] 2 ]"}) {
    EXPECT_TRUE(contains(input_error([&] { value_of(broken); }), "an expression was expected"))
        << broken;
  }
}

TEST(ListOps, BracketsAsLongRangeArena) {
  const auto codes = codes_of("[MAX 2 [MIN 9 6 ] 3 ]");
  EXPECT_EQ(listops_text(codes), "[MAX 2 [MIN 9 6 ] 3 ]");
  const std::string bracketed = "( ( ( ( [MAX 2 ) ( ( ( [MIN 9 ) 6 ) ] ) ) 3 ) ] )";
  EXPECT_EQ(listops_bracketed(codes), bracketed);
  EXPECT_EQ(codes_of(bracketed), codes);
}

struct Shape {
  int64_t depth = 0;
  std::map<int, int64_t> arguments, operators;
  int64_t inner = 0, inner_operators = 0;  // nodes between the root and the greatest depth
};

void describe(const std::vector<uint8_t>& codes, int64_t greatest, Shape& shape) {
  std::vector<int> counts;
  for (const auto code : codes) {
    if (code == kListOpsEnd) {
      ++shape.arguments[counts.back()];
      counts.pop_back();
      continue;
    }
    if (!counts.empty()) ++counts.back();
    const auto depth = static_cast<int64_t>(counts.size()) + 1;
    shape.depth = std::max(shape.depth, depth);
    if (depth > 1 && depth < greatest) {
      ++shape.inner;
      shape.inner_operators += code >= kListOpsMin;
    }
    if (code >= kListOpsMin) {
      ++shape.operators[code];
      counts.push_back(0);
    }
  }
}

TEST(ListOps, TreesKeepTheRules) {
  const ListOpsSpec spec;
  Shape shape;
  for (uint64_t i = 1; i <= 300; ++i) {
    const auto codes = listops_tree(spec, 1, i);
    EXPECT_GT(codes.size(), 500u);
    EXPECT_LT(codes.size(), 2000u);
    const int value = listops_value(codes);
    EXPECT_TRUE(value >= 0 && value <= 9);
    describe(codes, spec.depth, shape);
  }
  EXPECT_EQ(shape.depth, 10);
  EXPECT_EQ(shape.arguments.begin()->first, 2);
  EXPECT_EQ(shape.arguments.rbegin()->first, 10);
  EXPECT_EQ(shape.operators.size(), 4u);
  int64_t all = 0;
  for (const auto& [code, n] : shape.operators) all += n;
  for (const auto& [code, n] : shape.operators)
    EXPECT_NEAR(4.0 * static_cast<double>(n) / static_cast<double>(all), 1, 0.03);
  // Long trees are kept alone, which favours operators a little over the 1/4 of a single draw.
  const double share =
      static_cast<double>(shape.inner_operators) / static_cast<double>(shape.inner);
  EXPECT_NEAR(share, 0.26, 0.02);
}

TEST(ListOps, WithoutALimitAQuarterAreOperators) {
  ListOpsSpec spec;
  spec.shortest = 0;
  spec.depth = 3;
  Shape shape;
  for (uint64_t i = 1; i <= 20000; ++i) describe(listops_tree(spec, 2, i), spec.depth, shape);
  EXPECT_EQ(shape.depth, 3);
  EXPECT_NEAR(static_cast<double>(shape.inner_operators) / static_cast<double>(shape.inner), 0.25,
              0.01);
  int64_t operators = 0;
  for (const auto& [count, n] : shape.arguments) operators += n;
  for (int count = 2; count <= 10; ++count) {
    EXPECT_NEAR(9.0 * static_cast<double>(shape.arguments[count]) / static_cast<double>(operators),
                1, 0.1);
  }
}

// The same on every machine: the first trees of seed 1 by a hash of their text (FNV-1a).
TEST(ListOps, TheSameTreesEverywhere) {
  uint64_t hash = 1469598103934665603u;
  for (uint64_t i = 1; i <= 20; ++i) {
    for (const char c : listops_bracketed(listops_tree({}, 1, i)))
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  EXPECT_EQ(hash, 9977043885291126889u);
  EXPECT_NE(listops_tree({}, 1, 1), listops_tree({}, 2, 1));
}

TEST(ListOps, ReaderMakesTheSameForAnyThreadsAndRanges) {
  ReaderSpec spec;
  spec.reader = "listops";
  const auto all = read_examples({"1-60"}, spec);
  const auto parts = read_examples({"1-20", "21-60"}, spec);
  ASSERT_EQ(all.size(), 60);
  ASSERT_EQ(parts.size(), 60);
  std::vector<std::string> alone(60);
  for (int64_t threads : {1, 7}) {
    for_each_example(60, threads, [&](int64_t i) {
      alone[static_cast<std::size_t>(i)] =
          listops_text(listops_tree({}, 1, static_cast<uint64_t>(i) + 1));
    });
    for (int64_t i = 0; i < 60; ++i) {
      EXPECT_EQ(all.documents[i], alone[static_cast<std::size_t>(i)]);
      EXPECT_EQ(parts.documents[i], alone[static_cast<std::size_t>(i)]);
    }
  }
  EXPECT_EQ(parts.place(59), "listops with data_seed 1: example 60");
  const auto label = static_cast<std::size_t>(all.labels[7]);
  EXPECT_EQ(all.label_names[label], std::to_string(value_of(alone[7])));
}

TEST(ListOps, TokenizerHasAStableVocabulary) {
  const auto tokenizer = make_tokenizer({.tokenizer = "listops"}, Examples());
  EXPECT_EQ(tokenizer->vocabulary(), 16);
  std::vector<int32_t> ids;
  tokenizer->encode("( ( [MIN 0 ) X ) [SM ] what", ids);
  EXPECT_EQ(ids, (std::vector<int32_t>{11, 1, 15, 14, 15, 0}));
  EXPECT_EQ(tokenizer_from_json(tokenizer->to_json())->decode(ids), "[MIN 0 ] [SM ] <unknown>");
}

TEST(ListOps, Errors) {
  ReaderSpec spec;
  spec.reader = "listops";
  const auto error = [&](const std::string& range) {
    return input_error([&] { read_examples({range}, spec); });
  };
  for (const char* range : {"0-5", "7-5", "all", "1-", "-3", "1-2x", "99999999999999999999-2"}) {
    EXPECT_TRUE(contains(error(range), "a range of examples such as 1-96000")) << range;
  }
  spec.generated.listops.arguments = 1;
  EXPECT_TRUE(contains(error("1-5"), "arguments from 2 to 1000"));
  spec.generated.listops = {.depth = 3, .arguments = 10, .shortest = 500, .longest = 600};
  EXPECT_TRUE(contains(error("1-5"), "trees of depth 3 have at most 122 tokens"));
  spec.generated.listops = {.depth = 2, .arguments = 2, .shortest = 0, .longest = 5};
  EXPECT_THROW(read_examples({"1-5000"}, spec), RunError);  // there are 410 such trees
}

// Published rows of the parent data set: MIN and MAX are common to both.
TEST(ListOps, AgreesWithPublishedAnswers) {
  const std::string path = REGARD_SOURCE_DIR "/../shared/data/listops/test_d14.tsv.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  const auto file = open_single(path);
  std::string_view rest = file.bytes;
  int checked = 0;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.size() < 3 || line.find("FIRST") != line.npos || line.find("LAST") != line.npos)
      continue;
    const std::string text(line.substr(2));
    EXPECT_EQ(value_of(text), line[0] - '0') << text;
    EXPECT_EQ(listops_bracketed(codes_of(text)), trim(text));
    ++checked;
  }
  EXPECT_GT(checked, 1000);
}

}  // namespace
}  // namespace regard::data
