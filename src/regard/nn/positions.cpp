#include "regard/nn/positions.hpp"

#include <cmath>

#include "regard/base/error.hpp"
#include "regard/ops/attention/rotate.hpp"
#include "regard/ops/kept_constant.hpp"

namespace regard::nn {
using torch::Tensor;

Tensor sinusoidal_table(int64_t positions, int64_t width) {
  const auto t = at::arange(positions, torch::kDouble).unsqueeze(1);
  const auto i = at::arange(0, width, 2, torch::kDouble).unsqueeze(0);
  const auto angle = t * at::exp(i * (-std::log(10000.0) / static_cast<double>(width)));
  auto table = at::zeros({positions, width}, torch::kDouble);
  table.slice(1, 0, width, 2).copy_(angle.sin());
  table.slice(1, 1, width, 2).copy_(angle.cos().narrow(1, 0, width / 2));
  return table.to(torch::kFloat);
}

Tensor sinusoidal_grid(int64_t positions, int64_t width) {
  const auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(positions))));
  if (side * side != positions || width % 2 != 0) {
    throw InputError(
        "positions sinusoidal_2d: a square number of places and an even width were expected, and " +
        std::to_string(positions) + " and " + std::to_string(width) + " came");
  }
  const auto line = sinusoidal_table(side, width / 2);
  const auto grid = [&](int64_t axis) { return line.unsqueeze(axis).expand({side, side, -1}); };
  return at::cat({grid(1), grid(0)}, 2).reshape({positions, width});
}

bool has_table(const std::string& kind) {
  return kind == "learned" || kind == "sinusoidal" || kind == "sinusoidal_2d";
}

Tensor rotate(const Tensor& x, int64_t first) {
  const int64_t half = x.size(3) / 2;
  // In float64: the angle of a far position is large, and only its remainder counts.
  const auto options = torch::TensorOptions().dtype(torch::kDouble).device(x.device());
  const auto t = at::arange(first, first + x.size(2), options).unsqueeze(1);
  const auto i = at::arange(half, options).unsqueeze(0);
  const auto angle = t * at::exp(i * (-std::log(10000.0) / static_cast<double>(half)));
  const auto cos = angle.cos().to(x.scalar_type()), sin = angle.sin().to(x.scalar_type());
  const auto a = x.narrow(3, 0, half), b = x.narrow(3, half, half);
  auto parts = std::vector<Tensor>{a * cos - b * sin, b * cos + a * sin};
  if (x.size(3) % 2 == 1)
    parts.push_back(x.narrow(3, 2 * half, 1));  // an odd channel stays as it is
  return at::cat(parts, 3);
}

Tensor rotate_packed(const Tensor& qkv) {
  if (ops::can_rotate(qkv.device().type(), qkv.scalar_type()).ok) return ops::rotate_packed(qkv);
  const auto turned = [&](int64_t part) {
    return rotate(qkv.select(2, part).transpose(1, 2), 0).transpose(1, 2);
  };
  return at::stack({turned(0), turned(1), qkv.select(2, 2)}, 2);
}

Tensor alibi_slopes(int64_t heads) {
  const auto power_of_two = [](int64_t n) {
    std::vector<double> slopes;
    for (int64_t i = 1; i <= n; ++i)
      slopes.push_back(std::exp2(-8.0 * static_cast<double>(i) / static_cast<double>(n)));
    return slopes;
  };
  int64_t lower = 1;
  while (lower * 2 <= heads) lower *= 2;
  auto slopes = power_of_two(lower);
  const auto higher = power_of_two(2 * lower);
  for (std::size_t i = 0; static_cast<int64_t>(slopes.size()) < heads; i += 2)
    slopes.push_back(higher[i]);
  return at::tensor(slopes, torch::kDouble);
}

Tensor alibi_bias(int64_t heads, int64_t queries, int64_t keys,
                  const torch::TensorOptions& options) {
  const auto real = options.dtype() == torch::kDouble ? options : options.dtype(torch::kFloat);
  const auto j = at::arange(keys, real).unsqueeze(0);
  const auto i = at::arange(keys - queries, keys, real).unsqueeze(1);
  static ops::MadeOnce slopes(alibi_slopes);
  return (-(i - j).abs() * ops::kept_constant(slopes(heads), real).view({-1, 1, 1})).to(options);
}

namespace {

class Rotary final : public attention::Positions {
 public:
  bool maps() const override { return true; }
  Tensor map(const Tensor& x, int64_t first) const override { return rotate(x, first); }
  Tensor map_packed(const Tensor& qkv) const override { return rotate_packed(qkv); }
};

class Alibi final : public attention::Positions {
 public:
  explicit Alibi(int64_t heads) : heads_(heads) {}
  bool biases() const override { return true; }
  Tensor bias(int64_t queries, int64_t keys, const torch::TensorOptions& options) const override {
    return alibi_bias(heads_, queries, keys, options);
  }

 private:
  int64_t heads_;
};

}  // namespace

std::shared_ptr<attention::Positions> attention_positions(const std::string& kind, int64_t heads) {
  if (kind == "rotary") return std::make_shared<Rotary>();
  if (kind == "alibi") return std::make_shared<Alibi>(heads);
  return nullptr;
}

}  // namespace regard::nn
