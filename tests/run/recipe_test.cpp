#include "regard/run/recipe.hpp"

#include <gtest/gtest.h>

#include "readers/helpers.hpp"

namespace regard::run {
namespace {

using data::contains;
using data::input_error;
using data::TemporaryFolder;

struct Spec {
  int64_t steps = 10;
  double beta = 1;
  std::string shape = "sphere";
  std::vector<double> times;
  std::vector<int64_t> seeds = {1};
  std::vector<std::string> names;
  bool hard = false;

  Tables tables() {
    return {{"run",
             [this](Visitor& f) {
               f("steps", steps, "of the run");
               f("seeds", seeds, "one run each");
             }},
            {"model", [this](Visitor& f) {
               f("beta", beta, "inverse temperature");
               f("shape", shape, "where particles live", {"sphere", "torus"});
               f("times", times, "of pictures");
               f("names", names, "of particles");
               f("hard", hard, "maximum instead of softmax");
             }}};
  }
};

TEST(Recipe, FillsTheTablesOnTopOfWhatTheyHave) {
  const TemporaryFolder folder;
  const auto path = folder.write(
      "r.toml",
      "[model]\nbeta = 4\ntimes = [0, 0.5, 1e-3]\nnames = [\"a \\\"b\\\"\", \"\\u00e9\"]\n"
      "hard = true\n[run]\nseeds = 7\n");
  Spec spec;
  read_recipe(path, spec.tables());
  EXPECT_EQ(spec.steps, 10);
  EXPECT_EQ(spec.beta, 4);
  EXPECT_EQ(spec.times, (std::vector<double>{0, 0.5, 1e-3}));
  EXPECT_EQ(spec.names, (std::vector<std::string>{"a \"b\"", "é"}));
  EXPECT_EQ(spec.seeds, std::vector<int64_t>{7});
  EXPECT_TRUE(spec.hard);
}

TEST(Recipe, WhatIsWrittenReadsBack) {
  const TemporaryFolder folder;
  Spec spec;
  spec.times = {2, 0.1};
  spec.beta = 1e300;
  spec.names = {"line\nbreak", "tab\t", "back\\slash \"quote\"", "\x01"};
  const auto text = to_toml(spec.tables());
  EXPECT_TRUE(text.starts_with("[run]\nsteps = 10\nseeds = [1]\n\n[model]\nbeta = 1e+300\n"));
  EXPECT_TRUE(contains(text, "times = [2.0, 0.1]\n"));
  Spec again;
  read_recipe(folder.write("r.toml", text), again.tables());
  EXPECT_EQ(to_toml(again.tables()), text);
  EXPECT_EQ(again.names, spec.names);
}

TEST(Recipe, MistakesAreNamedByFileAndLine) {
  const TemporaryFolder folder;
  const auto fault = [&](const std::string& text) {
    Spec spec;
    return input_error([&] { read_recipe(folder.write("r.toml", text), spec.tables()); });
  };
  EXPECT_TRUE(contains(fault("\n[modle]\n"),
                       "r.toml: line 2: unknown table [modle]; did you mean \"model\"?"));
  EXPECT_TRUE(contains(fault("[run]\nstep = 3\n"),
                       "line 2, [run]: unknown option \"step\"; did you mean \"steps\"?"));
  EXPECT_TRUE(contains(fault("[run]\nsteps = 3.5\n"),
                       "option \"steps\" is a whole number, and a number 3.5 came"));
  EXPECT_TRUE(
      contains(fault("[model]\nbeta = nan\n"), "option \"beta\" is a finite number, and nan came"));
  EXPECT_TRUE(contains(fault("[model]\ntimes = [1, inf]\n"),
                       "option \"times\" is a list of finite numbers"));
  EXPECT_TRUE(contains(fault("[model]\ntimes = [\"x\"]\n"),
                       "option \"times\" is a list of numbers, and a list of words [x] came"));
  EXPECT_TRUE(contains(fault("[model]\ntimes = [1, \"x\"]\n"), "a list of numbers and words came"));
  EXPECT_TRUE(contains(fault("[model]\nshape = \"cube\"\n"), "one of sphere, torus"));
  EXPECT_TRUE(contains(fault("[model.shape]\nname = 1\n"),
                       "a value was expected for \"shape\", and a table came"));
  EXPECT_TRUE(contains(fault("steps = 3\n"), "the key \"steps\" stands outside of one"));
  EXPECT_TRUE(contains(fault("[run]\nwhen = 2024-01-01\n"), "a date or time came"));
  EXPECT_TRUE(contains(fault("[run\n"), "r.toml: line 1: no TOML"));
}

TEST(Recipe, ATableMayHaveAReaderOfItsOwn) {
  const TemporaryFolder folder;
  Spec spec;
  std::string seen;
  read_recipe(
      folder.write("r.toml", "[run]\nsteps = { most = 3 }\n"), spec.tables(),
      {{"run", [&](const TomlEntry& table) { seen = table.children.at(0).children.at(0).key; }}});
  EXPECT_EQ(seen, "most");
}

TEST(Recipe, SetsOneOption) {
  Spec spec;
  set_option(spec.tables(), "model", "times", parse_value("[0.5, 1]"), "--set");
  EXPECT_EQ(spec.times, (std::vector<double>{0.5, 1}));
  EXPECT_TRUE(
      contains(input_error([&] { set_option(spec.tables(), "rum", "x", int64_t{1}, "--set"); }),
               "--set: unknown table \"rum\"; did you mean \"run\"?"));
}

}  // namespace
}  // namespace regard::run
