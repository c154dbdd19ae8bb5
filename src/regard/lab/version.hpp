// Version and commit of this build.
#pragma once

#include <string>

namespace regard::lab {

std::string version();  // "0.1.0"
std::string
commit();  // "1a2b3c4d5e", "-dirty" behind it when the tree had changes; "unknown" outside of git
inline std::string version_text() { return version() + " (" + commit() + ")"; }

}  // namespace regard::lab
