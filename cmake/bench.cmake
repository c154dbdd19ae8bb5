# One program for each file in bench/: bench/hrr_core.cpp becomes bench_hrr_core.
file(GLOB bench_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/*.cpp")
foreach(file ${bench_files})
  get_filename_component(name "${file}" NAME_WE)
  add_executable(bench_${name} ${file})
  target_link_libraries(bench_${name} PRIVATE regard)
  target_precompile_headers(bench_${name} REUSE_FROM regard_pch)
endforeach()
