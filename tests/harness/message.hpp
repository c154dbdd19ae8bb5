// The text of the InputError that a call ends with.
#pragma once

#include <string>

#include "regard/base/error.hpp"

namespace regard::harness {

template <class Call>
std::string message(const Call& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

}  // namespace regard::harness
