#include "flags.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "regard/base/error.hpp"
#include "regard/base/number.hpp"
#include "regard/base/spec.hpp"

namespace regard::cli {
namespace {

template <class T>
T parsed(const std::string& flag, const std::string& text) {
  constexpr bool kWhole = std::is_same_v<T, int64_t>;
  std::optional<T> value;
  if constexpr (kWhole) {
    value = whole_number(text);
  } else {
    value = real_number(text);
  }
  if (!value)
    throw InputError(flag + ": " +
                     (kWhole ? "a whole number from -2^63 to 2^63 - 1" : "a finite number") +
                     " was expected, in decimal digits, and \"" + text + "\" came");
  return *value;
}

template <class T>
CLI::Option* add_one(CLI::App& command, const std::string& flag, T& value,
                     const std::string& help) {
  auto* option = command.add_option(
      flag,
      [&value, flag](const CLI::results_t& given) {
        value = parsed<T>(flag, given.back());
        return true;
      },
      help, false, [&value] { return to_text(Value(value)); });
  return option->type_name(std::is_same_v<T, int64_t> ? "INT" : "NUMBER");
}

template <class T>
CLI::Option* add_many(CLI::App& command, const std::string& flag, std::vector<T>& values,
                      const std::string& help) {
  auto* option = command.add_option(
      flag,
      [&values, flag](const CLI::results_t& given) {
        values.clear();
        for (const auto& text : given) values.push_back(parsed<T>(flag, text));
        return true;
      },
      help);
  return option->type_name(std::is_same_v<T, int64_t> ? "INT" : "NUMBER")->expected(1, -1);
}

}  // namespace

CLI::Option* add_number(CLI::App& command, const std::string& flag, int64_t& value,
                        const std::string& help) {
  return add_one(command, flag, value, help);
}
CLI::Option* add_number(CLI::App& command, const std::string& flag, double& value,
                        const std::string& help) {
  return add_one(command, flag, value, help);
}
CLI::Option* add_numbers(CLI::App& command, const std::string& flag, std::vector<int64_t>& values,
                         const std::string& help) {
  return add_many(command, flag, values, help);
}
CLI::Option* add_numbers(CLI::App& command, const std::string& flag, std::vector<double>& values,
                         const std::string& help) {
  return add_many(command, flag, values, help);
}

void finish_output() {
  const bool now = std::fflush(stdout) != 0;
  if (now || std::ferror(stdout) != 0)
    throw RunError("standard output: not all could be written" +
                   (now ? std::string(": ") + std::strerror(errno) : ""));
}

void keep_standard_descriptors() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) return;
  }
}

}  // namespace regard::cli
