# One static library for each layer of src/regard; libregard.so is all of them. Which layer may include
# which stands in layers.toml and is checked by tools/check_layers.
set(src "${CMAKE_SOURCE_DIR}/src/regard")

function(regard_layer name)
  cmake_parse_arguments(arg "TORCH;SEPARATE" "" "FOLDERS;LINK;SOURCES" ${ARGN})
  set(files ${arg_SOURCES})
  foreach(folder ${arg_FOLDERS})
    file(GLOB found CONFIGURE_DEPENDS "${src}/${folder}/*.cpp" "${src}/${folder}/*.cc")
    list(APPEND files ${found})
  endforeach()
  if(NOT files)
    return()
  endif()
  add_library(regard_${name} STATIC ${files})
  target_include_directories(regard_${name} PUBLIC "${CMAKE_SOURCE_DIR}/src")
  foreach(library ${arg_LINK})
    if(TARGET regard_${library})
      target_link_libraries(regard_${name} PUBLIC regard_${library})
    elseif(TARGET ${library})
      target_link_libraries(regard_${name} PUBLIC ${library})
    endif()
  endforeach()
  if(arg_TORCH)
    target_link_libraries(regard_${name} PUBLIC Torch::cpu)
    target_precompile_headers(regard_${name} REUSE_FROM regard_pch)
  endif()
  if(NOT arg_SEPARATE)
    regard_unity(regard_${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY REGARD_LAYERS regard_${name})
endfunction()

# Below the torch seam.
include(version)
regard_layer(base FOLDERS base LINK Threads::Threads)
regard_layer(run FOLDERS run SOURCES ${REGARD_VERSION_FILE} LINK base nlohmann_json::nlohmann_json Tomlplusplus::headers)
add_dependencies(regard_run regard_version)
regard_layer(graph FOLDERS graph LINK base)
regard_layer(kernels SEPARATE FOLDERS kernels/cpu LINK graph base PkgConfig::hwy)
regard_layer(metrics FOLDERS metrics LINK base)
include(entries)
regard_entries(REGARD_TASKS FOLDER data/tasks SPACE regard::data::tasks TYPE std::unique_ptr<regard::data::Task>
               OWNER regard::data LIST task_entries HEADER regard/data/readers/task_registry.hpp)
regard_entries(REGARD_TOKENIZERS FOLDER data/tokenizers SPACE regard::data::tokenizers TYPE std::unique_ptr<regard::data::TokenizerKind>
               OWNER regard::data LIST tokenizer_entries HEADER regard/data/readers/tokenizer_registry.hpp)
regard_layer(readers FOLDERS data/generators data/readers data/tokenizers data/tasks SOURCES ${REGARD_TASKS} ${REGARD_TOKENIZERS}
             LINK metrics base PkgConfig::archive PkgConfig::icu PkgConfig::sentencepiece nlohmann_json::nlohmann_json)
if(sentencepiece_FOUND)
  target_compile_definitions(regard_readers PRIVATE REGARD_SENTENCEPIECE=1)
endif()
regard_layer(baselines FOLDERS baselines LINK readers Liblinear::liblinear)
regard_layer(report FOLDERS report LINK metrics base nlohmann_json::nlohmann_json)
regard_layer(particles FOLDERS theory/particles LINK kernels report run)
regard_layer(markov FOLDERS theory/markov LINK readers report run PkgConfig::eigen3)
include(battery)
include(docgraph)

# Plotly's bundle is inlined into reports; without it they are written without figures.
file(GLOB REGARD_PLOTLY "${TORCH_ROOT}/../plotly/package_data/plotly.min.js"
     "${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/plotly/package_data/plotly.min.js")
if(REGARD_PLOTLY AND TARGET regard_report)
  list(GET REGARD_PLOTLY 0 REGARD_PLOTLY)
  get_filename_component(REGARD_PLOTLY "${REGARD_PLOTLY}" ABSOLUTE)
  target_compile_definitions(regard_report PRIVATE REGARD_PLOTLY_BUNDLE="${REGARD_PLOTLY}")
endif()

if(REGARD_CUDA)
  include(cuda)
endif()
if(NOT REGARD_TORCH)
  return()
endif()

# The precompiled header costs half a minute once; every file that sees torch gains ten seconds.
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/pch/pch.cpp" CONTENT "")
add_library(regard_pch OBJECT "${CMAKE_BINARY_DIR}/pch/pch.cpp")
target_link_libraries(regard_pch PUBLIC Torch::cpu)
target_include_directories(regard_pch PUBLIC "${CMAKE_SOURCE_DIR}/src")
target_precompile_headers(regard_pch PRIVATE "${CMAKE_SOURCE_DIR}/cmake/pch.hpp")

# Registry of projections, graphs and folds: a file in the folder is an entry of the axis.
include(registry)

# PyTorch's parallel_for is a template that is serial without OpenMP; one file is compiled with it, for all.
set_source_files_properties("${src}/ops/parallel.cpp" PROPERTIES COMPILE_OPTIONS -fopenmp
                            SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
if(REGARD_CUDA)
  set(device ops/cuda)
else()
  set(device ops/no_cuda)
endif()
regard_layer(ops TORCH FOLDERS ops ops/attention ops/block ops/step ${device} LINK kernels kernels_cuda graph base)
if(REGARD_CUDA)
  # PyTorch's headers of streams and graphs want those of CUDA.
  target_include_directories(regard_ops PRIVATE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
endif()
regard_layer(attention TORCH FOLDERS attention attention/projections attention/graphs attention/folds attention/folds/parts attention/fusions
             SOURCES ${REGARD_REGISTRY} LINK ops)
regard_layer(nn TORCH FOLDERS nn LINK attention)
regard_entries(REGARD_MODELS FOLDER models/kinds SPACE regard::models::kinds TYPE regard::models::ModelKind
               OWNER regard::models LIST model_entries HEADER regard/models/model.hpp)
regard_layer(models TORCH FOLDERS models models/kinds SOURCES ${REGARD_MODELS} LINK nn)
regard_layer(data TORCH FOLDERS data LINK readers nn)
regard_layer(train TORCH FOLDERS train LINK nn metrics run nlohmann_json::nlohmann_json)
regard_layer(lab TORCH FOLDERS lab lab/bench LINK models data train baselines report nlohmann_json::nlohmann_json Tomlplusplus::headers)

if(REGARD_BATTERY)
  regard_layer(battery_models TORCH FOLDERS battery/models LINK battery models train lab nlohmann_json::nlohmann_json Tomlplusplus::headers)
endif()

regard_layer(docgraph_models TORCH FOLDERS docgraph/models LINK docgraph models data train baselines report nlohmann_json::nlohmann_json Tomlplusplus::headers)

# Whole archives by hand: registrations with PyTorch are static initialisers, which a linker drops from an
# archive that nothing calls into; and the layers name each other, which $<LINK_LIBRARY:...> refuses.
get_property(layers GLOBAL PROPERTY REGARD_LAYERS)
add_library(regard SHARED "${CMAKE_BINARY_DIR}/pch/pch.cpp")
add_library(regard::regard ALIAS regard)
target_compile_features(regard PUBLIC cxx_std_20)
target_include_directories(regard PUBLIC
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set(archives "")
foreach(layer ${layers})
  list(APPEND archives "$<TARGET_FILE:${layer}>")
  add_dependencies(regard ${layer})
endforeach()
set_property(TARGET regard APPEND PROPERTY LINK_DEPENDS "${archives}")
target_link_libraries(regard PRIVATE -Wl,--whole-archive ${archives} -Wl,--no-whole-archive
                      PkgConfig::hwy PkgConfig::archive PkgConfig::icu Liblinear::liblinear Threads::Threads)
if(REGARD_BATTERY)
  target_link_libraries(regard PRIVATE PkgConfig::hdf5)
endif()
if(sentencepiece_FOUND)
  target_link_libraries(regard PRIVATE PkgConfig::sentencepiece)
endif()
if(TARGET regard_kernels_cuda)
  target_link_libraries(regard PRIVATE ${REGARD_CUDA_RUNTIME})
endif()
target_link_libraries(regard PUBLIC Torch::cpu)
set_target_properties(regard PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
