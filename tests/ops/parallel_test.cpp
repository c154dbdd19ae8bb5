#include "regard/ops/parallel.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace regard::ops {
namespace {

class Threads {
 public:
  explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before_); }

 private:
  int before_;
};

TEST(ParallelFor, RunsOnAllThreadsOfPyTorch) {
  const Threads three(3);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::vector<int> calls(100, 0);
  parallel_for(100, 1, [&](int64_t begin, int64_t end) {
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
    for (int64_t i = begin; i < end; ++i) ++calls[i];
  });
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(calls, std::vector<int>(100, 1));
}

TEST(ParallelFor, RangesHoldAGrainAndErrorsComeBack) {
  const Threads three(3);
  int ranges = 0;
  parallel_for(10, 10, [&](int64_t begin, int64_t end) { ranges += end - begin == 10; });
  EXPECT_EQ(ranges, 1);
  parallel_for(0, 1, [&](int64_t, int64_t) { ++ranges; });
  EXPECT_EQ(ranges, 1);
  EXPECT_THROW(parallel_for(9, 1, [](int64_t, int64_t) { throw std::runtime_error("x"); }),
               std::runtime_error);
}

}  // namespace
}  // namespace regard::ops
