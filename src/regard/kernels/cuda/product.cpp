#include "regard/kernels/cuda/product.hpp"

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <dlfcn.h>

#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

namespace regard::kernels::cuda {
namespace {

constexpr int kMostAlgorithms = 8;
constexpr std::size_t kMostScratch = std::size_t{32} << 20;

/// cuBLASLt as this process has it. It is not linked: a second copy beside PyTorch's would be
/// another library.
struct Library {
  cublasLtHandle_t handle = nullptr;
  decltype(&cublasLtMatmul) matmul = nullptr;
  decltype(&cublasLtMatmulDescCreate) make_product = nullptr;
  decltype(&cublasLtMatmulDescSetAttribute) set = nullptr;
  decltype(&cublasLtMatrixLayoutCreate) make_layout = nullptr;
  decltype(&cublasLtMatmulPreferenceCreate) make_preference = nullptr;
  decltype(&cublasLtMatmulPreferenceSetAttribute) prefer = nullptr;
  decltype(&cublasLtMatmulPreferenceDestroy) drop_preference = nullptr;
  decltype(&cublasLtMatmulAlgoGetHeuristic) propose = nullptr;

  Library() {
    const std::string name = "libcublasLt.so." + std::to_string(CUBLAS_VER_MAJOR);
    void* const loaded = dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    if (loaded == nullptr) return;
    bool all = true;
    const auto find = [&](auto& function, const char* symbol) {
      function =
          reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(loaded, symbol));
      all = all && function != nullptr;
    };
    decltype(&cublasLtCreate) create = nullptr;
    find(create, "cublasLtCreate");
    find(matmul, "cublasLtMatmul");
    find(make_product, "cublasLtMatmulDescCreate");
    find(set, "cublasLtMatmulDescSetAttribute");
    find(make_layout, "cublasLtMatrixLayoutCreate");
    find(make_preference, "cublasLtMatmulPreferenceCreate");
    find(prefer, "cublasLtMatmulPreferenceSetAttribute");
    find(drop_preference, "cublasLtMatmulPreferenceDestroy");
    find(propose, "cublasLtMatmulAlgoGetHeuristic");
    if (!all || create(&handle) != CUBLAS_STATUS_SUCCESS) handle = nullptr;
  }
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

/// What one problem needs, made once and kept; the bias is set at each call, hence the mutex.
struct Plan {
  ProductProblem problem;
  int device = 0;
  cublasLtMatmulDesc_t product = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, c = nullptr;
  std::vector<cublasLtMatmulHeuristicResult_t> proposed;
};

std::mutex plans_mutex;

/// cuBLASLt counts columns first: c^T = b^T a^T.
std::unique_ptr<Plan> make_plan(const ProductProblem& p, int device) {
  auto plan = std::make_unique<Plan>();
  plan->problem = p;
  plan->device = device;
  const auto& lt = library();
  if (lt.handle == nullptr) return plan;
  const cudaDataType type = p.storage == Storage::kHalf ? CUDA_R_16F : CUDA_R_16BF;
  const cublasOperation_t of_b = p.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasLtEpilogue_t epilogue = p.bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
  cublasLtMatmulPreference_t preference = nullptr;
  const auto ok = [](cublasStatus_t status) { return status == CUBLAS_STATUS_SUCCESS; };
  const int64_t b_rows = p.transposed ? p.depth : p.columns,
                b_columns = p.transposed ? p.columns : p.depth;
  bool made =
      ok(lt.make_product(&plan->product, CUBLAS_COMPUTE_32F, CUDA_R_32F)) &&
      ok(lt.set(plan->product, CUBLASLT_MATMUL_DESC_TRANSA, &of_b, sizeof(of_b))) &&
      ok(lt.set(plan->product, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof(epilogue))) &&
      ok(lt.make_layout(&plan->b, type, b_rows, b_columns, b_rows)) &&
      ok(lt.make_layout(&plan->a, type, p.depth, p.rows, p.depth)) &&
      ok(lt.make_layout(&plan->c, type, p.columns, p.rows, p.columns)) &&
      ok(lt.make_preference(&preference)) &&
      ok(lt.prefer(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &kMostScratch,
                   sizeof(kMostScratch)));
  if (made && p.bias) {
    const void* some =
        plan->product;  // its value does not matter to the proposals, its presence does
    made = ok(lt.set(plan->product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &some, sizeof(some)));
  }
  if (made) {
    plan->proposed.resize(kMostAlgorithms);
    int count = 0;
    if (!ok(lt.propose(lt.handle, plan->product, plan->b, plan->a, plan->c, plan->c, preference,
                       kMostAlgorithms, plan->proposed.data(), &count))) {
      count = 0;
    }
    plan->proposed.resize(static_cast<std::size_t>(count));
  }
  if (preference != nullptr) lt.drop_preference(preference);
  return plan;
}

/// Under the mutex.
Plan& plan_of(const ProductProblem& problem) {
  static std::vector<std::unique_ptr<Plan>> plans;
  int device = 0;
  cudaGetDevice(&device);
  for (const auto& plan : plans) {
    if (plan->problem == problem && plan->device == device) return *plan;
  }
  plans.push_back(make_plan(problem, device));
  return *plans.back();
}

}  // namespace

int product_algorithms(const ProductProblem& problem) {
  const std::lock_guard lock(plans_mutex);
  return static_cast<int>(plan_of(problem).proposed.size());
}

std::size_t product_scratch(const ProductProblem& problem, int algorithm) {
  const std::lock_guard lock(plans_mutex);
  return plan_of(problem).proposed.at(static_cast<std::size_t>(algorithm)).workspaceSize;
}

int product(const ProductProblem& problem, int algorithm, const void* a, const void* b,
            const void* bias, void* c, void* scratch, void* stream) {
  const std::lock_guard lock(plans_mutex);
  auto& plan = plan_of(problem);
  const auto& lt = library();
  const auto& chosen = plan.proposed.at(static_cast<std::size_t>(algorithm));
  if (problem.bias) {
    const auto status =
        lt.set(plan.product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof(bias));
    if (status != CUBLAS_STATUS_SUCCESS) return static_cast<int>(status);
  }
  const float one = 1.0f, zero = 0.0f;
  return static_cast<int>(lt.matmul(lt.handle, plan.product, &one, b, plan.b, a, plan.a, &zero, c,
                                    plan.c, c, plan.c, &chosen.algo, scratch, chosen.workspaceSize,
                                    static_cast<cudaStream_t>(stream)));
}

bool is_recording(void* stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  cudaStreamIsCapturing(static_cast<cudaStream_t>(stream), &status);
  return status != cudaStreamCaptureStatusNone;
}

}  // namespace regard::kernels::cuda
