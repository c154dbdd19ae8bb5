# Installs into the build folder, then configures, builds and runs examples/cmake as an outside project.
cmake_minimum_required(VERSION 3.25)
set(prefix "${build}/install-test/prefix")
set(outside "${build}/install-test/outside")
file(REMOVE_RECURSE "${build}/install-test")

function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "exit code ${status} of: ${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

step("${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}")
step("${CMAKE_COMMAND}" -G Ninja -S "${source}/examples/cmake" -B "${outside}"
     "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_BUILD_TYPE=Release)
step("${CMAKE_COMMAND}" --build "${outside}")
# env -i: the run paths alone must find libregard and PyTorch.
step(env -i "${outside}/outside")
message("${output}")
if(EXISTS "${prefix}/bin/regard")
  step(env -i "${prefix}/bin/regard" --help)
  if(NOT output MATCHES "compare")
    message(FATAL_ERROR "the installed command's --help does not name `compare`:\n${output}")
  endif()
endif()
