// Zeros of a size known beforehand, in huge pages where the system has them: far places cost one
// miss, not two.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace regard::markov {

template <class T>
class LargeArray {
 public:
  explicit LargeArray(std::size_t size) : bytes_(size * sizeof(T)) {
    if (bytes_ == 0) return;
    void* data =
        ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) throw std::bad_alloc();
    ::madvise(data, bytes_, MADV_HUGEPAGE);  // advice: without it the array is as right
    data_ = static_cast<T*>(data);
  }
  ~LargeArray() {
    if (data_ != nullptr) ::munmap(data_, bytes_);
  }
  LargeArray(const LargeArray&) = delete;
  LargeArray& operator=(const LargeArray&) = delete;
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T* data() { return data_; }

 private:
  std::size_t bytes_;
  T* data_ = nullptr;
};

}  // namespace regard::markov
