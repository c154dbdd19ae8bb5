#include "regard/theory/markov/sweep.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

// Without fused products, so that every processor gives the same numbers.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define REGARD_CLONES \
  __attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3", "fp-contract=off")))
#else
#define REGARD_CLONES
#endif

namespace regard::markov {
namespace {

using Eight = double __attribute__((vector_size(64)));
constexpr int64_t kPieces = 8;

struct Dots {
  double z, g;
};

double sum_of(const double* lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
         ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

/// pi . f and pi . g; all padded to a multiple of 8.
REGARD_CLONES
void dots(const double* pi, const double* f, const double* g, int64_t padded, Dots* out) {
  Eight z = {}, s = {};
  for (int64_t i = 0; i < padded; i += 8) {
    Eight p, x, y;
    __builtin_memcpy(&p, pi + i, sizeof p);
    __builtin_memcpy(&x, f + i, sizeof x);
    __builtin_memcpy(&y, g + i, sizeof y);
    z += p * x;
    s += p * y;
  }
  double lanes[8];
  __builtin_memcpy(lanes, &z, sizeof z);
  out->z = sum_of(lanes);
  __builtin_memcpy(lanes, &s, sizeof s);
  out->g = sum_of(lanes);
}

/// d += f * scale.
REGARD_CLONES
void add_scaled(double* d, const double* f, double scale, int64_t padded) {
  for (int64_t i = 0; i < padded; ++i) d[i] += f[i] * scale;
}

/// The powers of the counts of the last `window` tokens.
class Context {
 public:
  /// `first`: the id of the text at which it begins to take in.
  Context(const PowerChain& model, int64_t padded, int64_t first)
      : first_(first),
        outcomes_(model.outcomes),
        window_(model.window),
        power_(static_cast<std::size_t>(model.window) + 1),
        product_(power_),
        f_(static_cast<std::size_t>(padded)),
        g_(f_),
        counts_(static_cast<std::size_t>(model.outcomes)) {
    for (std::size_t n = 0; n < power_.size(); ++n) {
      const double x = std::log(static_cast<double>(n) + model.epsilon);
      power_[n] = std::exp(model.alpha * x);
      product_[n] = power_[n] * x;
    }
    for (int64_t i = 0; i < outcomes_; ++i) set(i);
  }
  /// Takes in id `t` of the text, and drops what is `window` before it.
  void take(const std::vector<int32_t>& ids, int64_t t) {
    if (t - window_ >= first_) change(ids[static_cast<std::size_t>(t - window_)], -1);
    change(ids[static_cast<std::size_t>(t)], 1);
  }
  const double* f() const { return f_.data(); }
  const double* g() const { return g_.data(); }
  double log_mass(int64_t i) const {
    return product_[static_cast<std::size_t>(counts_[static_cast<std::size_t>(i)])] /
           power_[static_cast<std::size_t>(counts_[static_cast<std::size_t>(i)])];
  }

 private:
  void change(int32_t id, int64_t by) {
    if (id >= outcomes_) return;
    counts_[static_cast<std::size_t>(id)] += by;
    set(id);
  }
  void set(int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    f_[at] = power_[static_cast<std::size_t>(counts_[at])];
    g_[at] = product_[static_cast<std::size_t>(counts_[at])];
  }
  int64_t first_, outcomes_, window_;
  std::vector<double> power_, product_, f_, g_;
  std::vector<int64_t> counts_;
};

struct Padded {
  int64_t stride;
  std::vector<double> pi;
};
Padded padded(const PowerChain& model) {
  const auto k = model.outcomes;
  Padded out{(k + 7) / 8 * 8, {}};
  out.pi.resize(static_cast<std::size_t>(out.stride * (k + 1)));
  for (int64_t q = 0; q <= k; ++q)
    std::copy_n(model.pi.data() + q * k, k, out.pi.data() + q * out.stride);
  return out;
}

void sweep_piece(const PowerChain& model, const Padded& pi, const Text& text, Part part,
                 bool weights, Sweep& out) {
  const auto first = std::max<int64_t>(0, part.begin - model.window);
  Context context(model, pi.stride, first);
  if (weights) out.weight.assign(pi.pi.size(), 0);
  for (int64_t t = first; t < part.begin; ++t) context.take(text.ids, t);
  for (int64_t t = part.begin; t < part.end; context.take(text.ids, t++)) {
    const auto next = text.ids[static_cast<std::size_t>(t)];
    if (t == 0 || next >= model.outcomes) continue;
    const auto query = static_cast<int64_t>(text.ids[static_cast<std::size_t>(t - 1)]);
    const auto* column = pi.pi.data() + query * pi.stride;
    Dots d;
    dots(column, context.f(), context.g(), pi.stride, &d);
    out.log_likelihood += std::log(column[next] * context.f()[next] / d.z);
    out.score += context.log_mass(next) - d.g / d.z;
    ++out.tokens;
    if (weights) add_scaled(out.weight.data() + query * pi.stride, context.f(), 1 / d.z, pi.stride);
  }
}

}  // namespace

Sweep sweep(const PowerChain& model, const Text& text, Part part, int64_t threads, bool weights) {
  const auto pi = padded(model);
  const int64_t length = part.end - part.begin;
  std::vector<Sweep> pieces(static_cast<std::size_t>(kPieces));
  std::atomic<int64_t> next = 0;
  const auto work = [&] {
    for (int64_t p; (p = next++) < kPieces;)
      sweep_piece(model, pi, text,
                  {part.begin + length * p / kPieces, part.begin + length * (p + 1) / kPieces},
                  weights, pieces[static_cast<std::size_t>(p)]);
  };
  std::vector<std::thread> others;
  for (int64_t t = 1; t < std::min(threads, kPieces); ++t) others.emplace_back(work);
  work();
  for (auto& thread : others) thread.join();
  Sweep all;
  std::vector<double> weight(weights ? pi.pi.size() : 0);
  for (const auto& piece : pieces) {
    all.log_likelihood += piece.log_likelihood;
    all.score += piece.score;
    all.tokens += piece.tokens;
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] += piece.weight[i];
  }
  const auto k = model.outcomes;
  if (weights) {
    all.weight.resize(static_cast<std::size_t>(k * (k + 1)));
    for (int64_t q = 0; q <= k; ++q)
      std::copy_n(weight.data() + q * pi.stride, k, all.weight.data() + q * k);
  }
  return all;
}

}  // namespace regard::markov
