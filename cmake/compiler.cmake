# Flags, ccache and the linker.
find_program(CCACHE ccache)
if(CCACHE)
  # The precompiled header and clean clones both need these to hit the cache.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
               CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${launcher})
endif()
find_program(MOLD mold)
if(MOLD)
  include(CheckLinkerFlag)
  check_linker_flag(CXX -fuse-ld=mold REGARD_MOLD_WORKS)
  if(REGARD_MOLD_WORKS)
    add_link_options(-fuse-ld=mold)
  endif()
endif()
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wall> $<$<COMPILE_LANGUAGE:CXX>:-Wextra>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
option(REGARD_SANITIZE "address and undefined-behaviour sanitizers" OFF)
if(REGARD_SANITIZE)
  # -O1: sanitized SIMD kernels take minutes to compile at -O2, one file for all targets.
  set(CMAKE_CXX_FLAGS_RELEASE "-O1")
  # g++ 12 takes std::regex and std::function for uninitialised when they are instrumented.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=address,undefined)
endif()
option(REGARD_LIBFUZZER "link the fuzz programs with libFuzzer (needs clang)" OFF)
if(REGARD_LIBFUZZER)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Reading headers and instantiating their templates takes most of the time of a file, so a few files of a
# target are compiled as one. Names in unnamed namespaces must differ between files of a target.
set(REGARD_UNITY 8 CACHE STRING "how many files are compiled as one; 0: each alone, for work on few files")
function(regard_unity target)
  if(REGARD_UNITY GREATER 1)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${REGARD_UNITY})
  endif()
endfunction()

# Links the program `target` to `libraries`. With libregard among them it shares the precompiled header of
# the torch layers, which g++ accepts only under the same code model: -fPIC, not the -fPIE of programs.
function(regard_program target)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  target_link_libraries(${target} PRIVATE ${arg_LINK})
  regard_unity(${target})
  if("regard" IN_LIST arg_LINK)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
    target_precompile_headers(${target} REUSE_FROM regard_pch)
  endif()
endfunction()
