#include "regard/attention/graphs/window.hpp"

#include "regard/base/error.hpp"

namespace regard::attention::graphs {

void Window::visit(Visitor& f) {
  f("width", width, "keys with |i - j| < width; causal: width keys, self among them");
  f("left", left, "instead of width: keys before the query (-1: not set)");
  f("right", right, "instead of width: keys after the query (-1: not set)");
  f("global", global, "the first positions that see and are seen by all");
}

void Window::check() {
  constexpr int64_t kMost = int64_t{1}
                            << 40;  // sums with positions stay far from the largest number
  const auto need = [](const std::string& name, int64_t value, int64_t least) {
    if (value >= least && value <= kMost) return;
    const auto bound = value > kMost ? "most " + std::to_string(kMost)
                                     : "least " + std::to_string(std::max<int64_t>(least, 0));
    throw InputError(name + " of at " + bound + " was expected, and " + std::to_string(value) +
                     " came");
  };
  need("width", width, 1);
  need("left", left, graph::kUnlimited);
  need("right", right, graph::kUnlimited);
  need("global", global, 0);
  if (left == graph::kUnlimited && right == graph::kUnlimited) return;
  if (width != Window().width) {
    throw InputError("width, or left and right, was expected, and both came");
  }
  if (left == graph::kUnlimited) left = 0;
  if (right == graph::kUnlimited) right = 0;
  if (left == right) {  // one spelling for one meaning: a symmetric pair is a width
    width = left + 1;
    left = right = graph::kUnlimited;
  }
}

graph::Graph Window::make(bool causal) const {
  const bool asymmetric = left != graph::kUnlimited;
  return {.left = asymmetric ? left : width - 1,
          .right = asymmetric ? right : width - 1,
          .global = global,
          .causal = causal};
}

std::unique_ptr<Graph> make_window() { return std::make_unique<Window>(); }

}  // namespace regard::attention::graphs
