# The battery application. Its own libraries are optional: without them it is left out, by name.
#   libceres-dev   non-linear least squares: Ceres's TinySolver, headers alone, and Eigen with it
#   libhdf5-dev    .mat files of version 7.3
find_path(REGARD_CERES_INCLUDE ceres/tiny_solver.h)
pkg_check_modules(hdf5 QUIET IMPORTED_TARGET GLOBAL hdf5)
set(REGARD_BATTERY_LACKS "")
if(NOT REGARD_CERES_INCLUDE OR NOT eigen3_FOUND)
  list(APPEND REGARD_BATTERY_LACKS libceres-dev)
endif()
if(NOT hdf5_FOUND)
  list(APPEND REGARD_BATTERY_LACKS libhdf5-dev)
endif()
if(REGARD_BATTERY_LACKS)
  list(JOIN REGARD_BATTERY_LACKS " " REGARD_BATTERY_LACKS)
  message(STATUS "Left out: battery (regard battery fit, train, predict, report). Mend: `apt-get install ${REGARD_BATTERY_LACKS}`, then configure again.")
  set(REGARD_BATTERY OFF)
  return()
endif()
set(REGARD_BATTERY ON)
# Data, curves and import see no torch; what trains lies in battery/models.
regard_layer(battery FOLDERS battery LINK readers report PkgConfig::eigen3 PkgConfig::hdf5 nlohmann_json::nlohmann_json)
target_include_directories(regard_battery SYSTEM PRIVATE "${REGARD_CERES_INCLUDE}")
