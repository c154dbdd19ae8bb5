#include <iostream>
#include <regard/attention/phrase.hpp>

int main() {
  using namespace regard::attention;
  const auto phrase = parse_phrase("window(width=8)+hrr");
  const auto q = at::randn({2, 4, 100, 16}), k = at::randn({2, 4, 100, 16}),
             v = at::randn({2, 4, 100, 16});
  const auto inputs = make_inputs(q, k, v, phrase.graph->facts(/*causal=*/true));
  const auto y = attend(*phrase.fold, phrase.fold_name, inputs);  // (2, 4, 100, 16)
  std::cout << phrase.canonical << ": " << y.sizes() << "\n";
}
