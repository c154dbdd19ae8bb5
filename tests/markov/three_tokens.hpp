// A chain of three tokens, for the tests of walks and of what they end in.
#pragma once

#include "regard/theory/markov/chain.hpp"

namespace regard::markov {

inline Chain three_tokens() { return {3, {.6, .25, .15, .3, .45, .25, .25, .35, .40}, {}}; }

}  // namespace regard::markov
