// The tensors of a batch by name, and the buffers of a module that are saved.
#include "regard/nn/batch.hpp"

#include <gtest/gtest.h>

#include "regard/nn/saved_buffers.hpp"

namespace regard::nn {
namespace {

TEST(Batch, NamesEveryTensorAndMovesThemAll) {
  Batch batch;
  batch.inputs = at::ones({2, 3});
  batch.others["edges"] = at::ones({2, 5}, torch::kLong);
  batch.others["adjacent"] = at::ones({4});
  batch.rows = 2;
  std::vector<std::string> names;
  batch.each([&](const std::string& name, const torch::Tensor&) { names.push_back(name); });
  EXPECT_EQ(names, (std::vector<std::string>{"inputs", "lengths", "targets", "adjacent", "edges"}));
  const auto same = batch.to(torch::kCPU);
  EXPECT_TRUE(same.inputs.is_same(batch.inputs));
  EXPECT_FALSE(same.lengths.defined());
  const auto moved = batch.to(torch::kMeta);
  EXPECT_TRUE(moved.inputs.is_meta());
  EXPECT_TRUE(moved.others.at("edges").is_meta());
  EXPECT_TRUE(moved.others.at("adjacent").is_meta());
  EXPECT_FALSE(batch.inputs.is_meta());
  EXPECT_EQ(moved.rows, 2);
}

struct Inner : torch::nn::Module {
  Inner() {
    register_buffer("baseline", at::zeros({}));
    register_buffer("constant_table", at::zeros({4}));
  }
};

struct Outer : torch::nn::Module {
  Outer() {
    register_buffer("count", at::zeros({}, torch::kLong));
    register_module("inner", std::make_shared<Inner>());
  }
};

TEST(SavedBuffers, AreThoseThatAreState) {
  const Outer module;
  std::vector<std::string> names;
  for (const auto& [name, tensor] : saved_buffers(module)) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"count", "inner.baseline"}));
}

}  // namespace
}  // namespace regard::nn
