#include "regard/attention/graphs/window.hpp"

#include "regard/base/error.hpp"

namespace regard::attention::graphs {

void Window::visit(Visitor& f) {
  f("width", width, "keys with |i - j| < width; causal: width keys, self among them");
  f("left", left, "instead of width: keys before the query (-1: all; one alone: the other is 0)");
  f("right", right, "instead of width: keys after the query (-1: all)");
  f("global", global, "the first positions that see and are seen by all");
}

void Window::check() {
  constexpr int64_t kMost = int64_t{1}
                            << 40;  // sums with positions stay far from the largest number
  const auto need = [](const std::string& name, int64_t value, int64_t least) {
    if (value >= least && value <= kMost) return;
    const auto bound =
        value > kMost ? "most " + std::to_string(kMost) : "least " + std::to_string(least);
    throw InputError(name + " of at " + bound + " was expected, and " + std::to_string(value) +
                     " came");
  };
  need("width", width, 1);
  if (left != kNone) need("left", left, graph::kUnlimited);
  if (right != kNone) need("right", right, graph::kUnlimited);
  need("global", global, 0);
  if (left == kNone && right == kNone) return;
  if (width != Window().width) {
    throw InputError("width, or left and right, was expected, and both came");
  }
  if (left == kNone) left = 0;
  if (right == kNone) right = 0;
  if (left == right && left != graph::kUnlimited) {  // one spelling: a symmetric pair is a width
    width = left + 1;
    left = right = kNone;
  }
}

graph::Graph Window::facts(bool causal) const {
  const bool asymmetric = left != kNone;
  return {graph::Band{.left = asymmetric ? left : width - 1,
                      .right = asymmetric ? right : width - 1,
                      .global = global},
          causal};
}

std::unique_ptr<Graph> make_window() { return std::make_unique<Window>(); }

}  // namespace regard::attention::graphs
