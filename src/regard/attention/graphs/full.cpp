#include "regard/attention/graphs/full.hpp"

namespace regard::attention::graphs {

std::unique_ptr<Graph> make_full() { return std::make_unique<Full>(); }

}  // namespace regard::attention::graphs
