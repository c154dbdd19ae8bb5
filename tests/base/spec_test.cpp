#include "regard/base/spec.hpp"

#include <gtest/gtest.h>

#include "regard/base/error.hpp"

namespace regard {
namespace {

struct Spec {
  std::vector<double> times = {0.5, 2};
  double rate = 1;
  std::vector<int64_t> seeds;
  void visit(Visitor& f) {
    f("times", times, "of pictures");
    f("rate", rate, "a step");
    f("seeds", seeds, "one run each");
  }
};

std::string set(Spec& spec, const std::string& key, const std::string& text) {
  try {
    assign([&](Visitor& f) { spec.visit(f); }, {{key, parse_value(text)}}, "here");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Spec, ListsOfRealsAreReadAndPrinted) {
  Spec spec;
  EXPECT_EQ(set(spec, "times", "[0.1, 2, -1e-3]"), "");
  EXPECT_EQ(spec.times, (std::vector<double>{0.1, 2, -1e-3}));
  EXPECT_EQ(set(spec, "times", "[1, 2]"), "");
  EXPECT_EQ(spec.times, (std::vector<double>{1, 2}));
  for (const auto* one : {"3", "3.0"}) {
    EXPECT_EQ(set(spec, "times", one), "");
    EXPECT_EQ(spec.times, std::vector<double>{3});
  }
  EXPECT_EQ(set(spec, "times", "[]"), "");
  EXPECT_TRUE(spec.times.empty());
  spec.times = {0.25, 4};
  const auto field = fields([&](Visitor& f) { spec.visit(f); })[0];
  EXPECT_EQ(field.type, "a list of numbers");
  EXPECT_EQ(to_text(field.value), "[0.25, 4]");
  EXPECT_EQ(std::get<std::vector<double>>(parse_value(to_text(field.value))), spec.times);
}

TEST(Spec, RealsAreFiniteAndListsOfOneKind) {
  Spec spec;
  EXPECT_EQ(set(spec, "times", "[1, nan]"),
            "here: option \"times\" is a list of finite numbers, and [1, nan] came");
  EXPECT_EQ(set(spec, "times", "inf"),
            "here: option \"times\" is a list of finite numbers, and inf came");
  EXPECT_EQ(set(spec, "times", "[a, 1]"),
            "here: option \"times\" is a list of numbers, and a list of words [a, 1] came");
  EXPECT_EQ(set(spec, "rate", "-inf"), "here: option \"rate\" is a finite number, and -inf came");
  EXPECT_EQ(
      set(spec, "seeds", "[1, 0.5]"),
      "here: option \"seeds\" is a list of whole numbers, and a list of numbers [1, 0.5] came");
}

TEST(Spec, DigitsAreDecimal) {
  EXPECT_EQ(std::get<int64_t>(parse_value("010")), 10);
  Spec spec;
  EXPECT_EQ(set(spec, "seeds", "99999999999999999999"),
            "here: option \"seeds\" is a list of whole numbers, and a number 1e+20 came");
}

}  // namespace
}  // namespace regard
