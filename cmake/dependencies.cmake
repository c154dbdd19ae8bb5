# Libraries from the system's package manager. Each fault names the package that mends it.
function(regard_need target package)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "${target} was not found. Mend: `tools/setup`, or `apt-get install ${package}`.")
  endif()
endfunction()

# Makes the interface target `target` from a header; fails with the package that has it.
function(regard_header_library target package)
  string(MAKE_C_IDENTIFIER "${target}_INCLUDE" variable)
  find_path(${variable} NAMES ${ARGN})
  if(NOT ${variable})
    message(FATAL_ERROR "${ARGV2} was not found. Mend: `tools/setup`, or `apt-get install ${package}`.")
  endif()
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} SYSTEM INTERFACE "${${variable}}")
endfunction()

find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
if(NOT PkgConfig_FOUND)
  message(FATAL_ERROR "pkg-config was not found. Mend: `tools/setup`, or `apt-get install pkg-config`.")
endif()
pkg_check_modules(hwy QUIET IMPORTED_TARGET GLOBAL libhwy)
regard_need(PkgConfig::hwy libhwy-dev)
pkg_check_modules(archive QUIET IMPORTED_TARGET GLOBAL libarchive)
regard_need(PkgConfig::archive libarchive-dev)
pkg_check_modules(icu QUIET IMPORTED_TARGET GLOBAL icu-i18n icu-uc)
regard_need(PkgConfig::icu libicu-dev)
# Optional: subwords learned from text.
pkg_check_modules(sentencepiece QUIET IMPORTED_TARGET GLOBAL sentencepiece)
if(NOT sentencepiece_FOUND)
  message(STATUS "Left out: SentencePiece (--tokenizer sentencepiece, and WordPiece without a given vocabulary). Mend: `apt-get install libsentencepiece-dev`, then configure again.")
endif()
# LIBLINEAR comes without a pkg-config file.
find_path(REGARD_LIBLINEAR_INCLUDE NAMES linear.h PATH_SUFFIXES liblinear)
find_library(REGARD_LIBLINEAR_LIBRARY NAMES linear)
if(REGARD_LIBLINEAR_INCLUDE AND REGARD_LIBLINEAR_LIBRARY)
  add_library(Liblinear::liblinear UNKNOWN IMPORTED GLOBAL)
  set_target_properties(Liblinear::liblinear PROPERTIES IMPORTED_LOCATION "${REGARD_LIBLINEAR_LIBRARY}")
  target_include_directories(Liblinear::liblinear SYSTEM INTERFACE "${REGARD_LIBLINEAR_INCLUDE}")
endif()
regard_need(Liblinear::liblinear liblinear-dev)
# Small dense systems: Newton steps of theory/markov, least squares of the battery.
pkg_check_modules(eigen3 QUIET IMPORTED_TARGET GLOBAL eigen3)
regard_need(PkgConfig::eigen3 libeigen3-dev)
# Optional: an allocator that keeps what large tensors give back. The C library returns it to the system, and each step then faults every page in
# anew, half of the time of a large step on a CPU.
pkg_check_modules(tcmalloc QUIET IMPORTED_TARGET GLOBAL libtcmalloc_minimal)
if(NOT tcmalloc_FOUND)
  message(STATUS "Left out: tcmalloc (large steps on CPUs take up to twice the time). Mend: `apt-get install libgoogle-perftools-dev`, then configure again.")
endif()
find_package(nlohmann_json QUIET)
regard_need(nlohmann_json::nlohmann_json nlohmann-json3-dev)

regard_header_library(Cli11::headers libcli11-dev CLI/CLI.hpp)
# toml++ is used as headers alone. Its main header is toml.h up to 3.3 (Debian 12) and toml.hpp from 3.4
# (Ubuntu 24.04); sources include toml.h, which is supplied where a release has dropped it.
regard_header_library(Tomlplusplus::headers libtomlplusplus-dev toml++/toml.h toml++/toml.hpp)
if(NOT EXISTS "${Tomlplusplus__headers_INCLUDE}/toml++/toml.h")
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/include/toml++/toml.h" CONTENT
       "#pragma once\n#include <toml++/toml.hpp>\n")
  target_include_directories(Tomlplusplus::headers SYSTEM INTERFACE "${CMAKE_BINARY_DIR}/generated/include")
endif()

if(REGARD_TESTS)
  find_package(GTest QUIET)
  regard_need(GTest::gtest libgtest-dev)
endif()
