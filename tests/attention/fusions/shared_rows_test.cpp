#include "regard/attention/fusions/shared_rows.hpp"

#include <gtest/gtest.h>

#include "harness/fuse.hpp"

namespace regard::attention::fusions {
namespace {

TEST(SharedRows, IsThePlainComposition) {
  harness::fuse(
      "shared_rows",
      {"shared+softmax", "shared(form=plain)+softmax", "shared+sigmoid", "shared+window(width=3)"},
      {nullptr});
}

TEST(SharedRows, SaysWhyNot) {
  ops::Problem p{.batch = 2,
                 .heads = 4,
                 .kv_heads = 4,
                 .queries = 9,
                 .keys = 9,
                 .width = 4,
                 .graph = graph::full()};
  const Size size{.model_width = 16, .heads = 4, .head_width = 4};
  const auto why = [&](const char* phrase) {
    return SharedRows().can(parse_phrase(phrase), size, p).why;
  };
  EXPECT_TRUE(SharedRows().can(parse_phrase("shared"), size, p).ok);
  EXPECT_EQ(why("softmax"), "the projection is separate");
  EXPECT_EQ(why("shared+hrr"), "the fold is hrr");
  p.mapped = true;
  EXPECT_EQ(why("shared"), "positions map queries and keys (rotary)");
  p.mapped = false;
  p.graph = graph::full().across();
  EXPECT_EQ(why("shared"), "queries and keys of one sequence are needed");
}

}  // namespace
}  // namespace regard::attention::fusions
