// Stand-ins for the CUDA kernels in a build without nvcc: they take nothing, so that the operators
// need no conditional compilation. A call that comes nevertheless fails with kNotBuilt.
#include "regard/kernels/cuda/adamw.hpp"
#include "regard/kernels/cuda/add_norm.hpp"
#include "regard/kernels/cuda/add_norm_mean.hpp"
#include "regard/kernels/cuda/bind_product.hpp"
#include "regard/kernels/cuda/built.hpp"
#include "regard/kernels/cuda/columns.hpp"
#include "regard/kernels/cuda/elementwise.hpp"
#include "regard/kernels/cuda/embed_norm.hpp"
#include "regard/kernels/cuda/gelu_product.hpp"
#include "regard/kernels/cuda/hrr.hpp"
#include "regard/kernels/cuda/mean_rows.hpp"
#include "regard/kernels/cuda/prepare_weights.hpp"
#include "regard/kernels/cuda/product.hpp"
#include "regard/kernels/cuda/product_norm.hpp"
#include "regard/kernels/cuda/rotate.hpp"
#include "regard/kernels/cuda/set_scalars.hpp"
#include "regard/kernels/cuda/table_gradient.hpp"

namespace regard::kernels::cuda {
namespace {
constexpr int kNotBuilt = -1;
}

int64_t adamw_scratch(const AdamWTensor*, int64_t) { return 0; }
int adamw_step(const AdamWTensor*, int64_t, const AdamWRule&, const StepState&, float*, void*) {
  return kNotBuilt;
}
bool can_add_norm(int64_t) { return false; }
int add_norm_forward(const AddNormProblem&, const void*, const void*, const float*, const float*,
                     const float*, void*, void*, float*, void*) {
  return kNotBuilt;
}
int64_t add_norm_blocks(const AddNormProblem&) { return 0; }
int add_norm_backward(const AddNormProblem&, const void*, const float*, const float*, const void*,
                      const void*, void*, void*, float*, float*, float*, float*, void*) {
  return kNotBuilt;
}
int64_t add_norm_mean_scratch(const AddNormProblem&, const Sequences&) { return 0; }
int add_norm_mean_forward(const AddNormProblem&, const Sequences&, const void*, const void*,
                          const float*, const float*, const float*, void*, float*, float*, float*,
                          float*, void*) {
  return kNotBuilt;
}
int add_norm_mean_backward(const AddNormProblem&, const Sequences&, const void*, const float*,
                           const float*, const float*, const float*, void*, void*, float*, float*,
                           float*, float*, void*) {
  return kNotBuilt;
}
bool bind_product_takes(const BindProduct&) { return false; }
int64_t bind_product_chunks(const BindProduct&) { return 0; }
int bind_product(const BindProduct&, const void*, const void*, const float*, void*, float*, void*) {
  return kNotBuilt;
}
bool built() { return false; }
bool on_hopper() { return false; }
int64_t column_sums_scratch(int64_t, int64_t) { return 0; }
int column_sums(Storage, const void*, int64_t, int64_t, float*, float*, void*) { return kNotBuilt; }
int bias_gelu(Storage, const void*, const float*, void*, int64_t, int64_t, void*) {
  return kNotBuilt;
}
int bias_gelu_backward(Storage, const void*, const float*, const void*, void*, int64_t, int64_t,
                       float*, float*, void*) {
  return kNotBuilt;
}
int dropout_apply(Storage, const void*, void*, int64_t, const DropoutDraw&, void*) {
  return kNotBuilt;
}
int embed(Storage, const int64_t*, const float*, const float*, void*, int64_t, int64_t, int64_t,
          void*) {
  return kNotBuilt;
}
int batch_sums(Storage, const void*, float*, int64_t, int64_t, void*) { return kNotBuilt; }
int linear_features(Storage, const Rows3&, int64_t, int64_t, int64_t, int64_t, const int64_t*,
                    void*, void*) {
  return kNotBuilt;
}
int linear_features_backward(Storage, const void*, const void*, void*, int64_t, void*) {
  return kNotBuilt;
}
int one_hot(Storage, const int64_t*, void*, int64_t, int64_t, void*) { return kNotBuilt; }
int embed_norm_forward(const AddNormProblem&, const EmbeddedRows&, const float*, const float*,
                       void*, void*, float*, void*) {
  return kNotBuilt;
}
bool gelu_product_takes(const GeluProduct&) { return false; }
int gelu_product(const GeluProduct&, const void*, const void*, const float*, void*, void*, void*) {
  return kNotBuilt;
}
int64_t gelu_product_scratch(const GeluProduct&) { return 0; }
int gelu_product_backward(const GeluProduct&, const void*, const void*, const float*, const void*,
                          void*, float*, float*, void*) {
  return kNotBuilt;
}
int64_t hrr_states(const HrrProblem&) { return 0; }
int64_t hrr_forward_scratch(const HrrProblem&) { return 0; }
int64_t hrr_backward_scratch(const HrrProblem&) { return 0; }
int hrr_forward(const HrrProblem&, Rows, Rows, Rows, Rows, float*, float*, void*, void*) {
  return kNotBuilt;
}
int hrr_forward_binding(const HrrProblem&, const HrrBinding&, Rows, Rows, Rows, float*, float*,
                        void*, void*) {
  return kNotBuilt;
}
bool hrr_sums_columns(const HrrProblem&) { return false; }
int hrr_backward(const HrrProblem&, Rows, Rows, Rows, Rows, const float*, const float*,
                 const HrrGradientsTo&, void*, void*) {
  return kNotBuilt;
}
int64_t mean_rows_scratch(const MeanRows&) { return 0; }
int mean_rows(const MeanRows&, Storage, const void*, float*, float*, void*) { return kNotBuilt; }
int mean_rows_backward(const MeanRows&, Storage, const float*, void*, void*) { return kNotBuilt; }
int prepare_weights(const std::vector<Weight>&, Storage, Storage, void*) { return kNotBuilt; }
int product_algorithms(const ProductProblem&) { return 0; }
std::size_t product_scratch(const ProductProblem&, int) { return 0; }
int product(const ProductProblem&, int, const void*, const void*, const void*, void*, void*,
            void*) {
  return kNotBuilt;
}
bool is_recording(void*) { return false; }
bool product_norm_takes(const AddNormProblem&) { return false; }
int product_norm(const AddNormProblem&, const void*, const void*, const float*, const void*,
                 const float*, const float*, void*, void*, float*, void*) {
  return kNotBuilt;
}
int rotate(const Rotation&, const void*, void*, void*) { return kNotBuilt; }
int set_scalars(const ScalarToSet*, int, void*) { return kNotBuilt; }
bool table_gradient_takes(const TableGradient&) { return false; }
int64_t table_gradient_scratch(const TableGradient&) { return 0; }
int table_gradient(const TableGradient&, const void*, const int64_t*, float*, float*, void*) {
  return kNotBuilt;
}

}  // namespace regard::kernels::cuda
