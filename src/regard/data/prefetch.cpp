#include "regard/data/prefetch.hpp"

namespace regard::data {
namespace {

constexpr std::size_t kAhead = 4;

}  // namespace

Prefetch::Prefetch(std::unique_ptr<Stream> source, torch::Device device, int64_t threads)
    : source_(std::move(source)), device_(device), thread_count_(threads) {}

Prefetch::~Prefetch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wanted_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Prefetch::start_threads() {
  while (static_cast<int64_t>(threads_.size()) < thread_count_)
    threads_.emplace_back([this] { work(); });
}

void Prefetch::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wanted_.wait(lock, [&] { return stop_ || slots_.size() < kAhead; });
    if (stop_) return;
    const auto step = next_++;
    const auto round = round_;
    slots_[step];
    lock.unlock();
    Slot done;
    try {
      done.batch = source_->batch(step);
    } catch (...) {
      done.error = std::current_exception();
    }
    done.ready = true;
    lock.lock();
    if (round == round_) slots_[step] = std::move(done);
    arrived_.notify_all();
  }
}

nn::Batch Prefetch::batch(int64_t step) {
  if (thread_count_ < 1) return source_->batch(step).to(device_);
  std::unique_lock lock(mutex_);
  const bool expected = slots_.empty() ? step == next_ : step == slots_.begin()->first;
  if (!expected) {
    slots_.clear();
    next_ = step;
    ++round_;
  }
  start_threads();
  wanted_.notify_all();
  arrived_.wait(lock, [&] {
    const auto found = slots_.find(step);
    return found != slots_.end() && found->second.ready;
  });
  auto slot = std::move(slots_.extract(step).mapped());
  // The thread that meets an error past the end of an evaluation does so for a step that nobody
  // asks for.
  lock.unlock();
  wanted_.notify_all();
  if (slot.error) std::rethrow_exception(slot.error);
  return slot.batch.to(device_);
}

}  // namespace regard::data
