#include "regard/battery/models/paper_head.hpp"

#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"

namespace regard::battery {
namespace {

constexpr std::size_t kN = kPaperFeatures;
constexpr double kScale = std::numbers::sqrt2 / 2;
enum Part : std::size_t { kWq = 0, kBq = 2, kWk = 4, kBk = 6, kWv = 8, kBv = 10 };

struct Attention {
  std::array<std::array<double, 2>, kN> q, k, v;
  std::array<std::array<double, kN>, kN> p;  // p[i][j]: weight of key j in row i
  CurveShape out;
};

Attention attend(const PaperWeights& w, std::span<const double> x) {
  Attention at{};
  for (std::size_t i = 0; i < kN; ++i) {
    for (std::size_t c = 0; c < 2; ++c) {
      at.q[i][c] = x[i] * w[kWq + c] + w[kBq + c];
      at.k[i][c] = x[i] * w[kWk + c] + w[kBk + c];
      at.v[i][c] = x[i] * w[kWv + c] + w[kBv + c];
    }
  }
  for (std::size_t i = 0; i < kN; ++i) {
    double top = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::size_t j = 0; j < kN; ++j) {
      at.p[i][j] = (at.q[i][0] * at.k[j][0] + at.q[i][1] * at.k[j][1]) * kScale;
      top = std::max(top, at.p[i][j]);
    }
    for (auto& p : at.p[i]) sum += p = std::exp(p - top);
    for (std::size_t j = 0; j < kN; ++j) {
      at.p[i][j] /= sum;
      at.out.a += at.p[i][j] * at.v[j][0] / kN;
      at.out.b += at.p[i][j] * at.v[j][1] / kN;
    }
  }
  return at;
}

// Adam of Kingma and Ba with the usual defaults, on twelve numbers.
struct Adam {
  double lr;
  PaperWeights m{}, v{};
  double b1 = 1, b2 = 1;

  void step(PaperWeights& w, const PaperWeights& g) {
    b1 *= 0.9;
    b2 *= 0.999;
    for (std::size_t i = 0; i < w.size(); ++i) {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      w[i] -= lr * (m[i] / (1 - b1)) / (std::sqrt(v[i] / (1 - b2)) + 1e-8);
    }
  }
};

struct Slope {
  double a = 0, b = 0;  // of the loss with respect to A and B
};

Slope shape_slope(const CurveShape& out, const Example& cell) {
  return {(out.a - cell.a) / 32, out.b - cell.b};
}

// life = exp(z) with z = (ln(0.2 - C) - A) / B; the target is the life of the fitted curve.
Slope life_slope(const CurveShape& out, const Example& cell) {
  const double rise = std::log(kEndOfLife - cell.c);
  const double z = (rise - out.a) / out.b, target = std::exp((rise - cell.a) / cell.b);
  const double life = std::exp(z), g = 2 * (life - target) * life;
  return {-g / out.b, -g * z / out.b};
}

void check(const Examples& cells) {
  for (const auto& cell : cells) {
    if (cell.paper.size() != kN)
      throw InputError("the paper's model: five features of " + cell.name + " were expected, and " +
                       std::to_string(cell.paper.size()) + " came");
  }
}

}  // namespace

CurveShape paper_forward(const PaperWeights& weights, std::span<const double> features) {
  return attend(weights, features).out;
}

PaperWeights paper_gradient(const PaperWeights& weights, std::span<const double> x, double ga,
                            double gb) {
  const auto at = attend(weights, x);
  const std::array<double, 2> g = {ga / kN, gb / kN};
  std::array<std::array<double, 2>, kN> dq{}, dk{}, dv{};
  for (std::size_t i = 0; i < kN; ++i) {
    std::array<double, kN> dp{};
    double mean = 0;
    for (std::size_t j = 0; j < kN; ++j) {
      dp[j] = g[0] * at.v[j][0] + g[1] * at.v[j][1];
      mean += at.p[i][j] * dp[j];
    }
    for (std::size_t j = 0; j < kN; ++j) {
      const double ds = at.p[i][j] * (dp[j] - mean) * kScale;
      for (std::size_t c = 0; c < 2; ++c) {
        dq[i][c] += ds * at.k[j][c];
        dk[j][c] += ds * at.q[i][c];
        dv[j][c] += g[c] * at.p[i][j];
      }
    }
  }
  PaperWeights out{};
  for (std::size_t i = 0; i < kN; ++i) {
    for (std::size_t c = 0; c < 2; ++c) {
      out[kWq + c] += dq[i][c] * x[i];
      out[kBq + c] += dq[i][c];
      out[kWk + c] += dk[i][c] * x[i];
      out[kBk + c] += dk[i][c];
      out[kWv + c] += dv[i][c] * x[i];
      out[kBv + c] += dv[i][c];
    }
  }
  return out;
}

void PaperHead::fit(const Examples& train, uint64_t seed) {
  check(train);
  Random fresh(seed, RandomStream::kInit);
  for (auto& w : weights_) w = 2 * fresh.uniform() - 1;  // a Linear with one input: bound 1
  std::vector<std::size_t> order(train.size());
  std::iota(order.begin(), order.end(), 0);
  uint64_t epoch = 0;
  const auto stage = [&](int64_t epochs, double lr,
                         Slope (*slope)(const CurveShape&, const Example&)) {
    Adam adam{lr};
    for (int64_t e = 0; e < epochs; ++e) {
      Random shuffle(seed, RandomStream::kShuffle, ++epoch);
      for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[shuffle.below(i)]);
      for (const auto row : order) {
        const auto& cell = train[row];
        const auto s = slope(paper_forward(weights_, cell.paper), cell);
        adam.step(weights_, paper_gradient(weights_, cell.paper, s.a, s.b));
      }
    }
  };
  stage(training_.epochs_shape, training_.lr_shape, shape_slope);
  stage(training_.epochs_life, training_.lr_life, life_slope);
}

std::vector<Estimate> PaperHead::predict(const Examples& cells) const {
  check(cells);
  std::vector<Estimate> out;
  for (const auto& cell : cells) {
    const auto shape = paper_forward(weights_, cell.paper);
    const PowerLaw curve{shape.a, shape.b, cell.c};
    out.push_back({curve.x_at(kEndOfLife), curve});  // the paper compares x with the cycle life
  }
  return out;
}

}  // namespace regard::battery
