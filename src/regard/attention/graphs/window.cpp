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
  if (width < 1)
    throw InputError("width >= 1 was expected, and " + std::to_string(width) + " came");
  if (left < -1 || right < -1 || global < 0) {
    throw InputError("left, right and global of at least 0 were expected");
  }
  // One spelling for one meaning: a symmetric pair is a width, and a width that is not used is not shown.
  if (left != graph::kUnlimited && left == right) {
    width = left + 1;
    left = right = graph::kUnlimited;
  } else if (left != graph::kUnlimited || right != graph::kUnlimited) {
    if (left == graph::kUnlimited) left = 0;
    if (right == graph::kUnlimited) right = 0;
    width = Window().width;
    if (left == right) {
      width = left + 1;
      left = right = graph::kUnlimited;
    }
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
