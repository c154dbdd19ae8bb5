#include "regard/attention/fusions/packed_qkv.hpp"

#include <gtest/gtest.h>

#include "harness/fuse.hpp"

namespace regard::attention::fusions {
namespace {

TEST(PackedQkv, IsThePlainComposition) {
  harness::fuse("packed_qkv", {"softmax", "linear", "window(width=3)"});
}

TEST(PackedQkv, SaysWhyNot) {
  ops::Problem p{.batch = 2,
                 .heads = 4,
                 .kv_heads = 4,
                 .queries = 9,
                 .keys = 9,
                 .width = 4,
                 .graph = graph::full()};
  Size size{.model_width = 16, .heads = 4, .head_width = 4};
  const auto phrase = parse_phrase("softmax");
  EXPECT_TRUE(PackedQkv().can(phrase, size, p).ok);
  size.uses = {.q = false, .k = false, .v = true};
  EXPECT_EQ(PackedQkv().can(phrase, size, p).why, "the fold does not read q, k and v");
  size.uses = {};
  p.graph = graph::full().across();
  EXPECT_EQ(PackedQkv().can(phrase, size, p).why, "queries and keys of one sequence are needed");
}

}  // namespace
}  // namespace regard::attention::fusions
