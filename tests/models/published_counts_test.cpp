// The parameter counts of Hrrformer's released models, by the options of our own: nothing is added
// or taken away.
//
// The EMBER model is not among them: it has the biases, and its position table leaves out the CLS
// token, which ours gives a place.
#include <gtest/gtest.h>

#include "models/fixture.hpp"
#include "regard/models/kinds/pair_classifier.hpp"

namespace regard::models {
namespace {

struct Published {
  std::string kind = "encoder_classifier";
  int64_t vocabulary, length, width, heads, layers, hidden;
  std::string positions, norm;
  bool norm_embed;
  int64_t classes, head;
};

int64_t count(const Published& p) {
  ModelSpec spec;
  spec.kind = p.kind;
  spec.trunk.width = p.width;
  spec.trunk.heads = p.heads;
  spec.trunk.layers = p.layers;
  spec.trunk.mlp = p.hidden;
  spec.trunk.positions = p.positions;
  spec.trunk.norm = p.norm;
  spec.trunk.norm_embed = p.norm_embed;
  spec.trunk.norm_last = false;
  spec.trunk.bias = "up";
  spec.head_hidden = p.head;
  const ModelShape shape{{p.vocabulary, 0}, p.classes, p.length};
  const auto model = make_model(spec, shape, phrases({"hrr(mode=paper)"}), 1);
  int64_t n = 0;
  for (const auto& parameter : model->parameters()) n += parameter.numel();
  return n;
}

TEST(PublishedCounts, ListOps) {
  Published p{.vocabulary = 17,
              .length = 2000,
              .width = 512,
              .heads = 8,
              .layers = 6,
              .hidden = 256,
              .positions = "learned",
              .norm = "feed_forward",
              .norm_embed = true,
              .classes = 10,
              .head = 512};
  EXPECT_EQ(count(p), 9173514);
  p.layers = 1;
  EXPECT_EQ(count(p), 2613514);
}

TEST(PublishedCounts, Text) {
  Published p{.vocabulary = 257,
              .length = 4000,
              .width = 512,
              .heads = 8,
              .layers = 6,
              .hidden = 1024,
              .positions = "sinusoidal",
              .norm = "pre",
              .norm_embed = false,
              .classes = 2,
              .head = 512};
  EXPECT_EQ(count(p), 12996610);
  p.layers = 1;
  EXPECT_EQ(count(p), 2495490);
}

TEST(PublishedCounts, Retrieval) {
  Published p{.kind = "pair_classifier",
              .vocabulary = 257,
              .length = 4000,
              .width = 128,
              .heads = 4,
              .layers = 4,
              .hidden = 64,
              .positions = "sinusoidal",
              .norm = "feed_forward",
              .norm_embed = true,
              .classes = 2,
              .head = 128};
  EXPECT_EQ(count(p), 428034);
}

TEST(PublishedCounts, Image) {
  Published p{.vocabulary = 256,
              .length = 1024,
              .width = 256,
              .heads = 4,
              .layers = 3,
              .hidden = 128,
              .positions = "sinusoidal",
              .norm = "post",
              .norm_embed = false,
              .classes = 10,
              .head = 256};
  EXPECT_EQ(count(p), 1120394);
  p.layers = 1;
  EXPECT_EQ(count(p), 462730);
}

TEST(PublishedCounts, Pathfinder) {
  Published p{.vocabulary = 256,
              .length = 1024,
              .width = 1024,
              .heads = 8,
              .layers = 2,
              .hidden = 256,
              .positions = "learned",
              .norm = "feed_forward",
              .norm_embed = false,
              .classes = 2,
              .head = 1024};
  EXPECT_EQ(count(p), 11804162);
  p.layers = 1;
  EXPECT_EQ(count(p), 7083266);
  p.length = 16384;
  EXPECT_EQ(count(p), 22811906);
}

}  // namespace
}  // namespace regard::models
