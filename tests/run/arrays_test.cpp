#include "regard/run/arrays.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "readers/helpers.hpp"
#include "regard/run/checkpoint.hpp"

namespace regard::run {
namespace {

using data::contains;
using data::input_error;
using data::TemporaryFolder;

Arrays some() {
  return {{"x", array<double>({1.5, -0.0, 3, 4, 5, 6}, {2, 3})},
          {"f", array<float>({0.25f}, {1})},
          {"n", array<int64_t>({-7}, {})},
          {"i", array<int32_t>({1, 2}, {2})},
          {"b", array<uint8_t>({0, 255}, {2, 1})},
          {"none", array<double>({}, {0, 4})}};
}

TEST(Arrays, EveryTypeAndShapeComesBack) {
  const TemporaryFolder folder;
  save_arrays(folder / "a", some(), {{"note", "naïve \"quoted\""}});
  const auto file = load_arrays(folder / "a");
  EXPECT_EQ(file.metadata.at("note"), "naïve \"quoted\"");
  ASSERT_EQ(file.arrays.size(), 6u);
  for (const auto& [name, array] : some()) {
    EXPECT_EQ(file.arrays.at(name).shape, array.shape) << name;
    EXPECT_EQ(file.arrays.at(name).values, array.values) << name;
  }
  EXPECT_TRUE(std::signbit(values_of<double>(file.arrays, "x", {2, 3})[1]));
  EXPECT_EQ(values_of<int64_t>(file.arrays, "n", {}).at(0), -7);
}

TEST(Arrays, TheBytesAreThoseOfTheFormat) {
  const TemporaryFolder folder;
  save_arrays(folder / "a", {{"b", array<uint8_t>({1, 2}, {2})}, {"a", array<float>({1}, {})}}, {});
  const std::string json = R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                           R"("b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}})";
  std::string expected = json + std::string((8 - json.size() % 8) % 8, ' ');
  std::string length(8, '\0');
  length[0] = static_cast<char>(expected.size());
  EXPECT_EQ(read_file(folder / "a"), length + expected + std::string("\0\0\x80\x3f\1\2", 6));
}

TEST(Arrays, WhatIsNotAsExpectedIsNamed) {
  const auto wrong = [](auto&& act) { return input_error(act); };
  const auto arrays = some();
  EXPECT_TRUE(contains(wrong([&] { values_of<double>(arrays, "y", {2}); }),
                       "array \"y\": F64 [2] was expected, and it is not there"));
  EXPECT_TRUE(contains(wrong([&] {
                         values_of<double>(arrays, "x", {3, 2});
                       }),
                       "F64 [3, 2] was expected, and F64 [2, 3] came"));
  EXPECT_TRUE(contains(wrong([&] {
                         values_of<float>(arrays, "x", {2, 3});
                       }),
                       "F32 [2, 3] was expected, and F64 [2, 3] came"));
  EXPECT_TRUE(contains(wrong([&] {
                         values_of<double>({{"x", array<double>({NAN}, {1})}}, "x", {1});
                       }),
                       "not all of its numbers are finite"));
  const TemporaryFolder folder;
  EXPECT_THROW(save_arrays(folder / "a", {{"x", array<double>({1}, {2})}}, {}), RunError);
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

TEST(Arrays, DamagedFilesAreInputErrorsWithThePath) {
  const TemporaryFolder folder;
  save_arrays(folder / "whole", some(), {});
  const auto bytes = read_file(folder / "whole");
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    write_atomically(folder / "cut", bytes.substr(0, size));
    EXPECT_TRUE(
        contains(input_error([&] { load_arrays(folder / "cut"); }), "cut: not a safetensors file"));
  }
  EXPECT_TRUE(contains(input_error([&] { load_arrays(folder / "gone"); }), "no such file"));
  EXPECT_TRUE(contains(input_error([&] { load_arrays(folder / "."); }), "a file was expected"));
  write_arrays(folder / "half", {{{"h", "F16", {1}, 0, 0}}, {}},
               [](const TensorEntry&, const Sink& sink) { sink("\0\1", 2); });
  EXPECT_TRUE(contains(input_error([&] { load_arrays(folder / "half"); }), "and F16 came"));
}

TEST(Checkpoint, BelongsToItsRecipeAndSeed) {
  const TemporaryFolder folder;
  const auto path = folder / "last.safetensors";
  const Identity identity{"[run]\nsteps = 7\n", 3, {{"kind", "chain"}}};
  const State state = {{"step", 4}, {"best", 0.5}};
  save_checkpoint(path, some(), state, identity);
  const auto came = load_checkpoint(path, identity);
  EXPECT_EQ(came.state["step"], 4);
  EXPECT_EQ(came.state["best"], 0.5);
  EXPECT_EQ(came.arrays.size(), some().size());
  const auto bytes = read_file(path);
  save_checkpoint(path, some(), state, identity);
  EXPECT_EQ(read_file(path), bytes);
  EXPECT_TRUE(contains(input_error([&] {
                         load_checkpoint(path, {"another", 3, {}});
                       }),
                       "another recipe"));
  EXPECT_TRUE(contains(input_error([&] {
                         load_checkpoint(path, {identity.recipe, 4, {}});
                       }),
                       "seed 3, and 4 is asked for"));
  save_arrays(path, some(), {});
  EXPECT_TRUE(contains(input_error([&] { load_checkpoint(path, identity); }),
                       "not a checkpoint of regard"));
  save_arrays(path, some(), {{"regard", "{"}});
  EXPECT_TRUE(
      contains(input_error([&] { load_checkpoint(path, identity); }), "\"regard\" is damaged"));
}

}  // namespace
}  // namespace regard::run
