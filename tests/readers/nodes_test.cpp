#include "regard/data/readers/nodes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"

namespace regard::data {
namespace {

template <class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

NodeTable nodes(const std::string& text, const NodeSpec& spec = {}) {
  return parse_nodes(text, "n.tsv", spec);
}

std::vector<NodeEdge> edges(const std::string& text, const NodeSpec& spec = {}) {
  std::vector<NodeEdge> all;
  parse_node_edges(text, "e.tsv", spec, nodes("id\tlabel\tx\na\t1\t0\nb\t2\t0\nc\t\t0\n"), all);
  return all;
}

TEST(Nodes, AHeaderNamesTheColumns) {
  const auto t =
      nodes("x\tid\tsplit\tlabel\ty\n1.5\ta\ttrain\tred\t-2\n0\tb\tval\t\t1e3\n1\tc\t-\tblue\t0\n");
  EXPECT_EQ(t.ids, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(t.label_names, (std::vector<std::string>{"blue", "red"}));
  EXPECT_EQ(t.labels, (std::vector<int32_t>{1, -1, 0}));
  EXPECT_EQ(t.parts, (std::vector<NodePart>{NodePart::kTrain, NodePart::kValid, NodePart::kNone}));
  EXPECT_EQ(t.features.columns, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(t.values, (std::vector<float>{1.5F, -2, 0, 1000, 1, 0}));
  EXPECT_EQ(t.lines, (std::vector<int64_t>{2, 3, 4}));
  EXPECT_TRUE(nodes("id,label,x\na,1,2\nb,2,3\n").parts.empty());
}

TEST(Nodes, WordsAreIndicesWithOrWithoutAValue) {
  NodeSpec spec;
  spec.features = "words";
  const auto t = nodes("id\tlabel\twords\tnote\na\t10\t7 3:0.5\ttext\nb\t9\t\tmore\n", spec);
  EXPECT_TRUE(t.features.words());
  EXPECT_EQ(t.features.width, 8);
  EXPECT_EQ(t.columns, (std::vector<int32_t>{3, 7}));
  EXPECT_EQ(t.values, (std::vector<float>{0.5F, 1}));
  EXPECT_EQ(t.offsets, (std::vector<int64_t>{0, 2, 2}));
  EXPECT_EQ(t.label_names, (std::vector<std::string>{"9", "10"})) << "as numbers";
}

TEST(Nodes, WithoutAHeaderTheColumnsAreThoseOfPlanetoid) {
  const auto t = nodes("0\t3\ttrain\t19 81\n1\t-1\t-\t\n2\t4\ttest\t5\n");
  EXPECT_EQ(t.labels, (std::vector<int32_t>{0, -1, 1}));
  EXPECT_EQ(t.parts[2], NodePart::kTest);
  EXPECT_EQ(t.features.width, 82);
}

TEST(Nodes, MistakesNameFileAndLine) {
  const auto error = [](const std::string& text, const NodeSpec& spec = {}) {
    return message([&] { nodes(text, spec); });
  };
  EXPECT_EQ(error("id\tx\na\t1\nb\t2\na\t3\n"),
            "n.tsv: line 4: the id \"a\" came already in line 2");
  EXPECT_EQ(
      error("id\tx\na\t1\nb\ttwo\n"),
      "n.tsv: line 3: column \"x\": a number was expected, and \"two\" came; --features names a "
      "column of words");
  EXPECT_EQ(
      error("id\tx\na\tnan\n"),
      "n.tsv: line 2: column \"x\": a number was expected, and \"nan\" came; --features names a "
      "column of words");
  EXPECT_EQ(error("id\tsplit\tx\na\tdev\t1\n"),
            "n.tsv: line 2: a split train, val, test or - was expected, and \"dev\" came");
  EXPECT_EQ(error("id\tx\na\n"), "n.tsv: line 2: 2 columns were expected, and 1 came");
  EXPECT_EQ(
      error("id\tlabel\na\t1\n"),
      "n.tsv: line 1: a column of features beside id, label and split was expected, and there "
      "is none");
  EXPECT_EQ(error("id\tx\tx\n"), "n.tsv: line 1: the column \"x\" came twice");
  EXPECT_EQ(error("0\t1\ttrain\t5 5\n"), "n.tsv: line 1: the feature 5 came twice");
  EXPECT_EQ(error("0\t1\ttrain\t5:x\n"),
            "n.tsv: line 1: a feature `index` or `index:value` was expected, and \"5:x\" came");
  EXPECT_EQ(error("id\tx\n"), "n.tsv: there is no node in it");
  NodeSpec words;
  words.features = "w";
  EXPECT_EQ(error("id\tx\na\t1\n", words),
            "n.tsv: line 1: a column \"w\" was expected (--features), and there is none");
}

TEST(Nodes, AnEdgeGoesBothWaysUnlessItIsDirected) {
  const auto both = edges("source\ttarget\tweight\na\tb\t2\n");
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].query, 1);  // b attends to a
  EXPECT_EQ(both[0].key, 0);
  EXPECT_EQ(both[0].weight, 2);
  EXPECT_EQ(both[1].query, 0);
  NodeSpec directed;
  directed.directed = true;
  EXPECT_EQ(edges("a\tb\nc\tb\n", directed).size(), 2u);
  EXPECT_EQ(edges("a,b\n").size(), 2u);
}

TEST(Nodes, MistakesInEdgesNameFileAndLine) {
  const auto error = [](const std::string& text) { return message([&] { edges(text); }); };
  EXPECT_EQ(error("a\tb\na\tz\n"), "e.tsv: line 2: the node \"z\" is not in n.tsv");
  for (const char* weight : {"0", "-1", "nan", "inf", "x", ""}) {
    EXPECT_EQ(
        error(std::string("a\tb\t1\na\tc\t") + weight + "\n"),
        std::string("e.tsv: line 2: a weight above 0 was expected, and \"") + weight + "\" came");
  }
  EXPECT_EQ(error("a\n"),
            "e.tsv: line 1: two ids and perhaps a weight were expected, and 1 columns came");
}

TEST(Nodes, OtherFeaturesThanThoseOfTheTrainingAreRefused) {
  auto trained = nodes("id\tx\ty\na\t1\t2\n").features;
  EXPECT_EQ(
      message([&] { check_features(nodes("id\tx\tz\na\t1\t2\n"), trained); }),
      "n.tsv: the features of the training were expected, the columns x, y, and the columns x, z "
      "came");
  EXPECT_EQ(message([&] { check_features(nodes("id\tx\ty\na\t1\t2\n"), trained); }), "");
  const auto words = nodes("0\t1\ttrain\t5\n").features;
  EXPECT_EQ(message([&] { check_features(nodes("0\t1\ttrain\t5\n1\t1\ttrain\t2 6\n"), words); }),
            "n.tsv: line 2: features below 6 were expected, as in the training, and 6 came");
  auto table = nodes("id\tlabel\tx\na\tnew\t1\n");
  EXPECT_EQ(message([&] { map_node_labels(table, {"old"}); }),
            "n.tsv: line 2: the label \"new\" was not in the training data");
}

struct Counts {
  std::size_t edges = 0;  // directed, each node with itself
  int64_t isolated = 0, unlabelled = 0;
};

Counts count(const std::string& set) {
  const std::string root = REGARD_SOURCE_DIR "/../shared/data/planetoid/" + set;
  const auto nodes = parse_nodes(read_file(root + ".nodes.tsv"), set, {});
  std::vector<NodeEdge> edges;
  parse_node_edges(read_file(root + ".edges.tsv"), set, {}, nodes, edges);
  std::set<std::pair<int64_t, int64_t>> all;
  std::vector<bool> met(static_cast<std::size_t>(nodes.size()));
  for (const auto& e : edges) {
    all.emplace(e.query, e.key);
    if (e.query != e.key) met[static_cast<std::size_t>(e.query)] = true;
  }
  Counts out;
  for (int64_t i = 0; i < nodes.size(); ++i) all.emplace(i, i);
  out.edges = all.size();
  out.isolated = std::count(met.begin(), met.end(), false);
  out.unlabelled = std::count(nodes.labels.begin(), nodes.labels.end(), -1);
  return out;
}

TEST(Nodes, CountsOfThePublishedGraphs) {
  if (!std::filesystem::exists(REGARD_SOURCE_DIR "/../shared/data/planetoid/cora.nodes.tsv")) {
    GTEST_SKIP() << "the planetoid graphs are not there";
  }
  EXPECT_EQ(count("cora").edges, 13264u);
  const auto citeseer = count("citeseer");
  EXPECT_EQ(citeseer.edges, 12431u);
  EXPECT_EQ(citeseer.isolated, 48);
  EXPECT_EQ(citeseer.unlabelled, 15);
}

}  // namespace
}  // namespace regard::data
