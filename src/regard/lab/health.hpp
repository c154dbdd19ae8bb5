// What `regard doctor` says: versions, processors, and what is missing with the command that mends
// it.
#pragma once

#include <string>

#include "regard/run/machine.hpp"

namespace regard::lab {

/// `battery`: "yes", or what this build lacks for it.
run::Facts health(const std::string& battery);

}  // namespace regard::lab
