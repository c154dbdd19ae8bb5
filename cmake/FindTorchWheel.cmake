# Finds the PyTorch of a Python environment and links it as libtorch.
#
# PyTorch's own find_package(Torch) asks for nvcc even for plain C++, so this module links the shared
# libraries by hand. It sets TORCH_PYTHON, TORCH_ROOT, TORCH_VERSION, TORCH_LIBRARY_FOLDERS and makes the
# target Torch::cpu, which also carries PyTorch's CUDA library where the wheel has one. Every fault is named
# together with the command that mends it. It is installed beside regard-config.cmake, so that an outside
# project finds the same PyTorch.
if(TARGET Torch::cpu)
  return()
endif()
set(REGARD_TORCH_VERSION "2.11" CACHE STRING "the PyTorch release that Regard is built against")
set(REGARD_PYTHON "" CACHE FILEPATH "a Python interpreter that has PyTorch (default: .venv/bin/python3)")

# In an outside project REGARD_BUILD_PYTHON is the interpreter that the library was built with.
if(REGARD_PYTHON)
  set(TORCH_PYTHON "${REGARD_PYTHON}")
elseif(REGARD_BUILD_PYTHON AND EXISTS "${REGARD_BUILD_PYTHON}")
  set(TORCH_PYTHON "${REGARD_BUILD_PYTHON}")
elseif(EXISTS "${CMAKE_CURRENT_LIST_DIR}/../.venv/bin/python3")
  get_filename_component(TORCH_PYTHON "${CMAKE_CURRENT_LIST_DIR}/../.venv/bin/python3" ABSOLUTE)
else()
  find_program(TORCH_PYTHON NAMES python3)
endif()
if(NOT TORCH_PYTHON)
  message(FATAL_ERROR "No Python interpreter found. Mend: run `tools/setup`, or give -DREGARD_PYTHON=/path/to/python3.")
endif()

# find_spec instead of import: importing would need every CUDA library of the wheel.
execute_process(
  COMMAND "${TORCH_PYTHON}" -c
    "import importlib.util as u,importlib.metadata as m;s=u.find_spec('torch');print(list(s.submodule_search_locations)[0] if s else '');print(m.version('torch') if s else '')"
  OUTPUT_VARIABLE torch_answer RESULT_VARIABLE torch_status ERROR_VARIABLE torch_error
  OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REPLACE "\n" ";" torch_answer "${torch_answer}")
list(LENGTH torch_answer torch_answer_length)
if(NOT torch_status EQUAL 0 OR torch_answer_length LESS 2)
  message(FATAL_ERROR "${TORCH_PYTHON} has no PyTorch. Mend: run `tools/setup`, which makes .venv with torch ${REGARD_TORCH_VERSION}; or `${TORCH_PYTHON} -m pip install torch==${REGARD_TORCH_VERSION}.0`; or give -DREGARD_PYTHON= of an environment that has it.\n${torch_error}")
endif()
list(GET torch_answer 0 TORCH_ROOT)
list(GET torch_answer 1 TORCH_VERSION)
if(NOT TORCH_VERSION MATCHES "^${REGARD_TORCH_VERSION}\\.")
  message(FATAL_ERROR "PyTorch ${TORCH_VERSION} at ${TORCH_ROOT}; Regard is built against ${REGARD_TORCH_VERSION}. Mend: run `tools/setup`, or give -DREGARD_PYTHON= of an environment with torch ${REGARD_TORCH_VERSION}.")
endif()
foreach(needed lib/libtorch_cpu.so lib/libc10.so include/ATen/ATen.h include/torch/csrc/api/include/torch/nn/module.h)
  if(NOT EXISTS "${TORCH_ROOT}/${needed}")
    message(FATAL_ERROR "PyTorch ${TORCH_VERSION} at ${TORCH_ROOT} lacks ${needed}: the installation is damaged. Mend: `${TORCH_PYTHON} -m pip install --force-reinstall --no-deps torch==${TORCH_VERSION}`.")
  endif()
endforeach()
message(STATUS "PyTorch ${TORCH_VERSION}: ${TORCH_ROOT}")

add_library(Torch::cpu INTERFACE IMPORTED GLOBAL)
target_include_directories(Torch::cpu SYSTEM INTERFACE
  "${TORCH_ROOT}/include" "${TORCH_ROOT}/include/torch/csrc/api/include")
target_compile_definitions(Torch::cpu INTERFACE FMT_HEADER_ONLY=1)
set(torch_links "")
if(EXISTS "${TORCH_ROOT}/lib/libtorch_cuda.so")
  # Without --no-as-needed the linker drops libtorch_cuda, and no CUDA kernel of PyTorch is registered.
  set(torch_links -Wl,--push-state,--no-as-needed "${TORCH_ROOT}/lib/libtorch_cuda.so"
                  "${TORCH_ROOT}/lib/libc10_cuda.so" -Wl,--pop-state)
  set(TORCH_HAS_CUDA ON)
else()
  set(TORCH_HAS_CUDA OFF)
endif()
# libtorch_cuda pulls in several gigabytes of CUDA libraries, which a machine without a GPU need not have.
option(REGARD_LINK_TORCH_CUDA "link PyTorch's CUDA library" ${TORCH_HAS_CUDA})
if(NOT REGARD_LINK_TORCH_CUDA)
  set(torch_links "")
endif()
target_link_libraries(Torch::cpu INTERFACE ${torch_links}
  "${TORCH_ROOT}/lib/libtorch_cpu.so" "${TORCH_ROOT}/lib/libc10.so" -Wl,--allow-shlib-undefined)

# The wheel's CUDA runtime: CUDA code of ours must share it, so that a process has one.
file(GLOB TORCH_CUDART "${TORCH_ROOT}/../nvidia/*/lib/libcudart.so.*")
set(TORCH_LIBRARY_FOLDERS "${TORCH_ROOT}/lib")
if(TORCH_CUDART)
  list(GET TORCH_CUDART 0 TORCH_CUDART)
  get_filename_component(TORCH_CUDART "${TORCH_CUDART}" ABSOLUTE)
  get_filename_component(torch_cudart_folder "${TORCH_CUDART}" DIRECTORY)
  list(APPEND TORCH_LIBRARY_FOLDERS "${torch_cudart_folder}")
endif()
