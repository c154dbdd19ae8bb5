#include "regard/lab/machine.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#include <dlfcn.h>

#include <algorithm>

#include "regard/base/error.hpp"
#include "regard/kernels/cpu/hrr.hpp"
#include "regard/run/machine.hpp"

namespace regard::lab {

std::string why_no_gpu() {
  if (!at::hasCUDA()) {
    return at::detail::getCUDAHooks().hasCUDA()
               ? "PyTorch sees no GPU (no driver, or none visible)"
               : "PyTorch's CUDA library is not loaded or finds no driver";
  }
  if (at::detail::getCUDAHooks().deviceCount() < 1) return "PyTorch sees no GPU";
  return "";
}

torch::Device choose_device(const std::string& name) {
  if (name == "cpu") return torch::kCPU;
  if (name != "auto" && name != "cuda")
    throw InputError("device: auto, cpu or cuda was expected, and \"" + name + "\" came");
  const auto why = why_no_gpu();
  if (why.empty()) return torch::Device(torch::kCUDA, 0);
  if (name == "auto") return torch::kCPU;
  throw InputError("device cuda: " + why + "; take --device cpu");
}

void set_threads(int64_t threads) {
  if (threads < 0)
    throw InputError("threads: 0 or more were expected, and " + std::to_string(threads) + " came");
  at::set_num_threads(static_cast<int>(threads == 0 ? run::cores() : threads));
}

std::string device_name(torch::Device device) {
  if (device.is_cpu()) return run::cpu_name();
  // PyTorch tells the name only through headers that need a CUDA toolkit; the driver tells it to
  // all.
  using Init = int (*)(unsigned);
  using Name = int (*)(char*, int, int);
  if (void* driver = dlopen("libcuda.so.1", RTLD_LAZY)) {
    const auto init = reinterpret_cast<Init>(dlsym(driver, "cuInit"));
    const auto name = reinterpret_cast<Name>(dlsym(driver, "cuDeviceGetName"));
    char text[256] = "";
    if (init && name && init(0) == 0 &&
        name(text, sizeof text, std::max<int>(device.index(), 0)) == 0) {
      return text;
    }
  }
  return "GPU " + std::to_string(device.index());
}

Environment environment(torch::Device device) {
  return {
      {"device", device.is_cpu() ? "cpu" : "cuda"},
      {"GPU", device.is_cpu() ? "not used" : device_name(device)},
      {"processor", run::cpu_name()},
      {"cores", std::to_string(run::cores())},
      {"threads", std::to_string(at::get_num_threads())},
      {"SIMD target", kernels::hrr_target()},
      {"allocator", run::allocator_name()},
      {"regard", run::version_text()},
      {"PyTorch", TORCH_VERSION},
      {"compiler", run::compiler()},
  };
}

}  // namespace regard::lab
