# Installs the command, libregard.so, its headers and the CMake package `regard`.
include(CMakePackageConfigHelpers)
set(package "${CMAKE_INSTALL_LIBDIR}/cmake/regard")
# From <prefix>/lib/libregard.so and <prefix>/bin/regard alike; PyTorch stays where it is.
foreach(target regard regard_cli)
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES
      INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};${TORCH_LIBRARY_FOLDERS}")
  endif()
endforeach()
install(TARGETS regard EXPORT regard-targets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TARGET regard_cli)
  install(TARGETS regard_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(DIRECTORY src/regard DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(EXPORT regard-targets NAMESPACE regard:: DESTINATION "${package}")
configure_package_config_file(cmake/regard-config.cmake.in "${CMAKE_BINARY_DIR}/regard-config.cmake"
                              INSTALL_DESTINATION "${package}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/regard-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/regard-config.cmake" "${CMAKE_BINARY_DIR}/regard-config-version.cmake"
              cmake/FindTorchWheel.cmake DESTINATION "${package}")
if(REGARD_PLOTLY)
  install(FILES "${REGARD_PLOTLY}" DESTINATION "${CMAKE_INSTALL_DATADIR}/regard")
endif()
install(DIRECTORY recipes DESTINATION "${CMAKE_INSTALL_DATADIR}/regard" OPTIONAL)
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/regard")
