# One program for each file in bench/: bench/device_check.cpp becomes bench_device_check.
file(GLOB bench_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/*.cpp")
foreach(file ${bench_files})
  get_filename_component(name "${file}" NAME_WE)
  add_executable(bench_${name} ${file})
  regard_program(bench_${name} LINK regard)
endforeach()
