// The style sheet and the script that every page carries.
#pragma once

namespace regard::report {

extern const char* const kPageStyle;
extern const char* const kPageScript;

}  // namespace regard::report
