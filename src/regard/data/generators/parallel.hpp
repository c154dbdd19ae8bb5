// Examples that do not depend on each other, made by several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace regard::data {

/// Calls `each(i)` once for every i in [0, count), from `threads` threads (0: one a core), in no
/// order. The first exception is thrown again here.
template <class F>
void for_each_example(int64_t count, int64_t threads, F&& each) {
  constexpr int64_t kGrain = 16;
  if (threads <= 0) threads = std::max<int64_t>(1, std::thread::hardware_concurrency());
  threads = std::min(threads, (count + kGrain - 1) / kGrain);
  std::atomic<int64_t> next{0};
  std::exception_ptr error;
  std::mutex mutex;
  const auto work = [&] {
    try {
      for (int64_t begin; (begin = next.fetch_add(kGrain)) < count;) {
        for (int64_t i = begin; i < std::min(begin + kGrain, count); ++i) each(i);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
      next = count;
    }
  };
  std::vector<std::thread> others;
  for (int64_t t = 1; t < threads; ++t) others.emplace_back(work);
  work();
  for (auto& thread : others) thread.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace regard::data
