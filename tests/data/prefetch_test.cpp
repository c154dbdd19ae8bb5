#include "regard/data/prefetch.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "data/helpers.hpp"

namespace regard::data {
namespace {

/// Batch `step` holds its step; from `fails_at` on it throws.
class Counting final : public Stream {
 public:
  explicit Counting(int64_t fails_at) : fails_at_(fails_at) {}
  nn::Batch batch(int64_t step) override {
    ++calls;
    // Early steps take longest, so that results arrive out of order.
    std::this_thread::sleep_for(std::chrono::milliseconds(step % 3 == 0 ? 3 : 0));
    if (step >= fails_at_) throw InputError("step " + std::to_string(step) + " is broken");
    nn::Batch batch;
    batch.inputs = torch::full({1}, step, torch::kLong);
    batch.rows = step;
    return batch;
  }
  int64_t steps_per_epoch() const override { return 10; }
  std::vector<int64_t> examples(int64_t step) const override { return {step}; }
  static inline std::atomic<int64_t> calls{0};

 private:
  int64_t fails_at_;
};

class Threads : public testing::TestWithParam<int64_t> {};

TEST_P(Threads, StepsComeInTheOrderAskedFor) {
  Prefetch stream(std::make_unique<Counting>(1000), torch::kCPU, GetParam());
  for (int64_t step = 0; step < 30; ++step)
    ASSERT_EQ(stream.batch(step).inputs.item<int64_t>(), step);
  for (const int64_t step : {7, 8, 9, 100, 3, 3, 4}) {
    ASSERT_EQ(stream.batch(step).inputs.item<int64_t>(), step);
  }
}

TEST_P(Threads, AnErrorComesAtItsStepAndTheStreamGoesOn) {
  Prefetch stream(std::make_unique<Counting>(5), torch::kCPU, GetParam());
  for (int64_t step = 0; step < 5; ++step) EXPECT_EQ(stream.batch(step).rows, step);
  EXPECT_EQ(input_error([&] { stream.batch(5); }), "step 5 is broken");
  EXPECT_EQ(stream.batch(2).rows, 2);
}

INSTANTIATE_TEST_SUITE_P(Counts, Threads, testing::Values(0, 1, 3));

TEST(Prefetch, PreparesAheadButNotWithoutBound) {
  Counting::calls = 0;
  Prefetch stream(std::make_unique<Counting>(1000), torch::kCPU, 2);
  stream.batch(0);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_GE(Counting::calls, 3);
  EXPECT_LE(Counting::calls, 6);
}

}  // namespace
}  // namespace regard::data
