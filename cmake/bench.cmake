# One program for each file in bench/: bench/device_check.cpp becomes bench_device_check, with what the folder
# bench/device_check/ holds, if there is one.
file(GLOB bench_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/*.cpp")
foreach(file ${bench_files})
  get_filename_component(name "${file}" NAME_WE)
  file(GLOB parts CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/${name}/*.cpp")
  add_executable(bench_${name} ${file} ${parts})
  regard_program(bench_${name} LINK regard)
  if(name STREQUAL "sampling" AND tcmalloc_FOUND AND NOT REGARD_SANITIZE)
    # As the command has it.
    target_link_libraries(bench_${name} PRIVATE -Wl,--push-state,--no-as-needed PkgConfig::tcmalloc -Wl,--pop-state)
  endif()
endforeach()
