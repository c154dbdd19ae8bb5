#include "regard/run/machine.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "regard/base/text.hpp"

namespace regard::run {

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with("model name")) return trim(line.substr(line.find(':') + 1));
  }
  return "unknown";
}

int64_t cores() { return std::max<int64_t>(1, std::thread::hardware_concurrency()); }

std::string allocator_name() {
  using Version = const char* (*)(int*, int*, const char**);
  const auto version = reinterpret_cast<Version>(dlsym(RTLD_DEFAULT, "tc_version"));
  if (!version) return "C library";
  return "tcmalloc (" + std::string(version(nullptr, nullptr, nullptr)) + ")";
}

int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}

std::string version_text() { return version() + " (" + commit() + ")"; }

std::string compiler() { return std::string("g++ ") + __VERSION__; }

Facts machine_facts() {
  return {{"processor", cpu_name()},
          {"cores", std::to_string(cores())},
          {"allocator", allocator_name()},
          {"regard", version_text()},
          {"compiler", compiler()}};
}

}  // namespace regard::run
