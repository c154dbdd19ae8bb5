# The command `regard`.
file(GLOB cli_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/cli/*.cpp")
if(cli_files)
  add_executable(regard_cli ${cli_files})
  set_target_properties(regard_cli PROPERTIES OUTPUT_NAME regard)
  target_include_directories(regard_cli PRIVATE "${CMAKE_SOURCE_DIR}/cli")
  target_link_libraries(regard_cli PRIVATE regard nlohmann_json::nlohmann_json)
  target_precompile_headers(regard_cli REUSE_FROM regard_pch)
endif()
