#include "regard/attention/fusions/hrr_basis.hpp"

#include <gtest/gtest.h>

#include "harness/fuse.hpp"

namespace regard::attention::fusions {
namespace {

TEST(HrrBasis, IsThePlainComposition) {
  harness::fuse("hrr_basis", {"hrr", "hrr(unbind=unit)", "window(width=3)+hrr"});
}

Size size_of(int64_t heads) { return {.model_width = 16, .heads = heads, .head_width = 4}; }

ops::Problem problem() {
  return {.batch = 2,
          .heads = 4,
          .kv_heads = 4,
          .queries = 9,
          .keys = 9,
          .width = 4,
          .graph = graph::full()};
}

TEST(HrrBasis, SaysWhyNot) {
  const auto why = [](const std::string& phrase, const ops::Problem& p) {
    return HrrBasis().can(parse_phrase(phrase), size_of(4), p).why;
  };
  EXPECT_EQ(why("hrr", problem()), "");
  EXPECT_EQ(why("softmax", problem()), "the fold is softmax");
  auto across = problem();
  across.graph = graph::full().across();
  EXPECT_NE(why("hrr", across), "");
  const ops::ForceKernel force("reference");
  EXPECT_EQ(why("hrr", problem()), "no kernel named \"reference\" works in the basis");
}

}  // namespace
}  // namespace regard::attention::fusions
