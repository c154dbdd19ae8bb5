// The operators that PyTorch sees under torch.ops.regard; other files add theirs with
// TORCH_LIBRARY_FRAGMENT.
#include <torch/library.h>

TORCH_LIBRARY(regard, m) {
  m.def(
      "hrr_forward(Tensor q, Tensor k, Tensor v, Tensor? lengths, bool causal, bool time_scale, "
      "str unbind=\"conj\", bool pads_in=False) -> (Tensor y, Tensor s, Tensor z)");
  m.def(
      "hrr_backward(Tensor g, Tensor q, Tensor k, Tensor v, Tensor? lengths, Tensor s, Tensor z, "
      "bool causal, bool time_scale, str unbind=\"conj\", bool pads_in=False) -> "
      "(Tensor dq, Tensor dk, Tensor dv)");
}
