// Prepares the batches behind the present one in threads, in order.
#pragma once

#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "regard/data/stream.hpp"

namespace regard::data {

/// `source` gives batches on the host and may be called from several threads. The copy to the
/// device is made by the caller of
/// `batch`, so that no other thread touches the device while a step is captured. Steps asked for in
/// order come from the threads; any other step starts them anew there. What `source` throws for a
/// step is thrown by `batch` of that step.
class Prefetch final : public Stream {
 public:
  Prefetch(std::unique_ptr<Stream> source, torch::Device device, int64_t threads);
  ~Prefetch() override;
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;
  nn::Batch batch(int64_t step) override;
  int64_t steps_per_epoch() const override { return source_->steps_per_epoch(); }
  std::vector<int64_t> examples(int64_t step) const override { return source_->examples(step); }

 private:
  struct Slot {
    nn::Batch batch;
    std::exception_ptr error;
    bool ready = false;
  };
  void work();
  void start_threads();

  std::unique_ptr<Stream> source_;
  torch::Device device_;
  int64_t thread_count_;
  std::mutex mutex_;
  std::condition_variable wanted_, arrived_;
  std::map<int64_t, Slot> slots_;  // steps [wanted step, next_)
  int64_t next_ = 0;               // step that a free thread takes
  int64_t round_ = 0;  // counts restarts, so that late results of an old order are dropped
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace regard::data
