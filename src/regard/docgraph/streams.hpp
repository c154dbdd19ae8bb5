// Streams of random numbers of this application, behind those of base/philox.hpp.
#pragma once

#include "regard/base/philox.hpp"

namespace regard::docgraph {

inline constexpr auto kWordStream = static_cast<RandomStream>(64);
inline constexpr auto kSampleStream = static_cast<RandomStream>(65);
inline constexpr auto kGraphStream = static_cast<RandomStream>(66);
inline constexpr auto kForeignStream = static_cast<RandomStream>(67);
inline constexpr auto kPlantedStream = static_cast<RandomStream>(68);

}  // namespace regard::docgraph
