#include "regard/docgraph/sentence_graph.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "regard/base/error.hpp"

namespace regard::docgraph {
namespace {

GraphSource source_of_six() {
  GraphSource source;
  source.sentences = 6;
  source.ids = {0, 1, 2, 3, 4, 5};
  source.own = {.1, .1, .1, .1, .1, .1};
  source.kept = {{0, 1, .5}, {0, 3, .25}, {1, 1, .4}, {2, 5, .3}, {3, 0, .6}, {5, 4, .2}};
  source.seed = 3;
  return source;
}

std::multiset<int64_t> degrees(const SentenceGraph& graph) {
  std::vector<int64_t> count(static_cast<std::size_t>(graph.size()), 0);
  for (const auto& link : graph.links) {
    ++count[static_cast<std::size_t>(link.a)];
    ++count[static_cast<std::size_t>(link.b)];
  }
  return {count.begin(), count.end()};
}

TEST(SentenceGraph, BoundHasBothDirectionsWithTheLargerWeightAsGate) {
  const auto graph = make_graph(parse_graph("bound"), source_of_six());
  EXPECT_EQ(graph.links.size(), 4U);
  EXPECT_EQ(graph.count, 8);
  EXPECT_EQ(graph.edges.size(), 8 + 6);
  // Row 0: itself, 1, 3.
  EXPECT_EQ(graph.edges.keys[0], 0);
  EXPECT_NEAR(graph.edges.log_gates[0], std::log(.1), 1e-12);
  EXPECT_NEAR(graph.edges.log_gates[1], std::log(.5), 1e-12);
  EXPECT_NEAR(graph.edges.log_gates[2], std::log(.6), 1e-12);
}

TEST(SentenceGraph, ThePapersModeCountsAMutualEdgeTwice) {
  const auto graph = make_graph(parse_graph("bound(mode=paper)"), source_of_six());
  EXPECT_NEAR(graph.edges.log_gates[2], std::log(2.0), 1e-12);  // 0 - 3, kept in both directions
  EXPECT_EQ(graph.edges.log_gates[1], 0);
  auto like = source_of_six();
  like.ids = {0, 1, 0, 3, 4, 5};
  EXPECT_EQ(make_graph(parse_graph("bound(mode=paper)"), like).size(), 5);
}

TEST(SentenceGraph, ControlsHaveAsManyLinks) {
  const auto source = source_of_six();
  const auto learned = make_graph(parse_graph("bound"), source);
  const auto shuffled = make_graph(parse_graph("shuffled"), source);
  const auto random = make_graph(parse_graph("random"), source);
  EXPECT_EQ(degrees(shuffled), degrees(learned));
  EXPECT_NE(shuffled.nodes, learned.nodes);
  EXPECT_EQ(std::set<int64_t>(shuffled.nodes.begin(), shuffled.nodes.end()).size(), 6U);
  EXPECT_EQ(random.links.size(), learned.links.size());
  EXPECT_EQ(make_graph(parse_graph("random"), source).edges.keys, random.edges.keys);
  auto other = source;
  other.seed = 4;
  EXPECT_NE(make_graph(parse_graph("random"), other).edges.keys, random.edges.keys);
}

TEST(SentenceGraph, OrderNearestAndPlanted) {
  auto source = source_of_six();
  const auto order = make_graph(parse_graph("window(width=2)"), source);
  EXPECT_EQ(order.links.size(), 5U);
  EXPECT_EQ(make_graph(parse_graph("window(width=3)"), source).links.size(), 9U);
  EXPECT_EQ(make_graph(parse_graph("full"), source).count, 30);
  const std::vector<float> vectors = {1, 0, 2, .1F, 0, 1, 0, 3, -1, 0, -1, .1F};
  source.vectors = vectors;
  const auto nearest = make_graph(parse_graph("knn(degree=1)"), source);
  ASSERT_EQ(nearest.links.size(), 3U);
  EXPECT_EQ(nearest.links[0].b, 1);
  EXPECT_EQ(nearest.links[1].b, 3);
  source.planted = {{4, 2}};
  const auto planted = make_graph(parse_graph("planted"), source);
  EXPECT_EQ(planted.links[0].a, 2);
  EXPECT_EQ(planted.edges.size(), 2 + 6);
}

TEST(SentenceGraph, LosesANodeOrALink) {
  const auto graph = make_graph(parse_graph("bound"), source_of_six());
  const auto fewer = without_node(graph, 0);
  EXPECT_EQ(fewer.nodes, (std::vector<int64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(fewer.links.size(), 2U);
  EXPECT_EQ(fewer.edges.size(), 4 + 5);
  const auto cut = without_link(graph, graph.links[0]);
  EXPECT_EQ(cut.size(), 6);
  EXPECT_EQ(cut.edges.size(), graph.edges.size() - 2);
}

std::string refusal(const std::string& text) {
  try {
    parse_graph(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(SentenceGraph, NamesAndOptionsAreChecked) {
  EXPECT_NE(refusal("bond(rule=max)").find("did you mean \"bound\""), std::string::npos);
  EXPECT_NE(refusal("bound(delta=0.5,degree=4)").find("both came"), std::string::npos);
  EXPECT_NE(refusal("bound(degree=0)").find("degree of at least 1"), std::string::npos);
  EXPECT_NE(refusal("bound(rule=middle)").find("max, mean"), std::string::npos);
  EXPECT_NE(refusal("bound(delta=-2)").find("delta of at least 0"), std::string::npos);
  EXPECT_NE(refusal("window(left=2)").find("unknown option"), std::string::npos);
  EXPECT_NE(refusal("bound(rule=max").find("closing bracket"), std::string::npos);
  EXPECT_NE(refusal("knn(4)").find("option=value"), std::string::npos);
  EXPECT_EQ(refusal(" bound( rule = mean , delta = 1 ) "), "");
  EXPECT_EQ(parse_graph("bound(degree=3)").bound_rule().degree, 3);
}

}  // namespace
}  // namespace regard::docgraph
