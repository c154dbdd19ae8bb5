#include "regard/attention/graphs/causal.hpp"

namespace regard::attention::graphs {

std::unique_ptr<Graph> make_causal() { return std::make_unique<Causal>(); }

}  // namespace regard::attention::graphs
