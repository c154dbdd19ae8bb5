#include "regard/lab/bench/forms.hpp"

#include <ATen/Functions.h>

#include "regard/attention/inputs.hpp"
#include "regard/attention/rows.hpp"

namespace regard::lab {
using torch::Tensor;

namespace {

/// softmax over time of cos(v, read), times v
Tensor gate(const Tensor& v, const Tensor& read) {
  const auto a = (v * read).sum(-1, true) / (v.norm(2, -1, true) * read.norm(2, -1, true));
  return a.softmax(2) * v;
}

/// Holographic attention as the paper's code has it: complex transforms of length d, bound and
/// brought back token by token.
Tensor complex_fft(const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto bind = [](const Tensor& x, const Tensor& y) {
    return at::real(at::fft_ifft(at::fft_fft(x) * at::fft_fft(y)));
  };
  const auto s = bind(k, v).sum(2, true);
  return gate(v, bind(q.flip({-1}).roll({1}, {-1}), s));
}

/// Real transforms; the sum over time is taken before the way back.
Tensor real_fft(const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto s = (at::fft_rfft(k) * at::fft_rfft(v)).sum(2, true);
  return gate(v, at::fft_irfft(at::fft_rfft(q).conj() * s, q.size(3)));
}

/// Packed rows in the folded Fourier basis (even d: slot 0 holds DC and Nyquist), elementwise.
Tensor folded(const Tensor& q, const Tensor& k, const Tensor& v) {
  const int64_t half = q.size(3) / 2;
  auto pair = at::ones({half}, q.options());
  pair[0].zero_();
  const auto re = [&](const Tensor& x) { return x.narrow(-1, 0, half); };
  const auto im = [&](const Tensor& x) { return x.narrow(-1, half, half); };
  const auto kv_im = im(k) * im(v);
  const auto s_re = (re(k) * re(v) - pair * kv_im).sum(2, true) * (2 - pair);
  const auto s_im =
      (pair * (re(k) * im(v) + im(k) * re(v)) + (1 - pair) * kv_im).sum(2, true) * (2 - pair);
  // The masks go to the small side: S instead of q.
  const auto cross = s_im * pair, along = s_im * (1 - pair) - s_re * pair;
  return gate(v, at::cat({re(q) * s_re + im(q) * cross, re(q) * cross + im(q) * along}, -1));
}

Tensor linear_sums(const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto phi_q = at::elu(q) + 1, phi_k = at::elu(k) + 1;
  const auto total = at::matmul(phi_q, phi_k.sum(2).unsqueeze(-1));  // (B, h, T, 1)
  return at::matmul(phi_q, at::matmul(phi_k.transpose(2, 3), v)) / total;
}

/// In fp32 or better, as sums over time and transforms need it; the result in the type of v.
template <class F>
auto widened(F run) {
  return [run](const Tensor& q, const Tensor& k, const Tensor& v) {
    const auto type = attention::sum_type(v.scalar_type());
    return run(q.to(type), k.to(type), v.to(type)).to(v.scalar_type());
  };
}

BenchForm dense(bool causal) {
  return {causal ? "PyTorch SDPA, causal" : "PyTorch SDPA, dense", causal ? "causal" : "softmax",
          false, [causal](const Tensor& q, const Tensor& k, const Tensor& v) {
            return at::scaled_dot_product_attention(q, k, v, {}, 0.0, causal);
          }};
}

attention::Inputs inputs_of(const attention::Phrase& phrase, const Tensor& q, const Tensor& k,
                            const Tensor& v) {
  return attention::make_inputs(q, k, v, phrase.graph->facts(false), "bench");
}

/// Dense attention with the graph as a mask, made once for each length.
BenchForm masked(const attention::Phrase& phrase) {
  auto mask = std::make_shared<Tensor>();
  return {"PyTorch SDPA, mask", phrase.canonical, false,
          [phrase, mask](const Tensor& q, const Tensor& k, const Tensor& v) {
            if (!mask->defined() || mask->size(-1) != v.size(2) || mask->device() != v.device()) {
              *mask = attention::graph_mask(phrase.graph->facts(false), {v.size(2), v.size(2)},
                                            v.device());
            }
            return at::scaled_dot_product_attention(q, k, v, *mask);
          }};
}

}  // namespace

std::vector<BenchForm> peer_forms(const attention::Phrase& phrase) {
  const auto graph = phrase.graph->facts(false);
  const auto& text = phrase.canonical;
  if (phrase.fold_name == "softmax") {
    return {graph.plain() ? dense(graph.causal()) : masked(phrase)};
  }
  std::vector<BenchForm> forms;
  if (graph.plain() && !graph.causal()) {
    if (phrase.fold_name == "hrr" && text.find("unbind=") == text.npos &&
        text.find("scale=") == text.npos) {
      forms.push_back({"PyTorch folded", text, true, widened(folded)});
      forms.push_back({"PyTorch real FFT", text, false, widened(real_fft)});
      forms.push_back({"PyTorch complex FFT", text, false, widened(complex_fft)});
    } else if (phrase.fold_name == "linear") {
      forms.push_back({"PyTorch sums", text, false, widened(linear_sums)});
    } else if (phrase.fold_name == "mean") {
      forms.push_back(
          {"PyTorch mean", text, false, [](const Tensor&, const Tensor&, const Tensor& v) {
             return v.mean(2, true).expand_as(v);
           }});
    } else if (phrase.fold_name == "off") {
      forms.push_back({"PyTorch identity", text, false,
                       [](const Tensor&, const Tensor&, const Tensor& v) { return v; }});
    }
  }
  forms.push_back(dense(graph.causal()));
  return forms;
}

BenchForm reference_form(const attention::Phrase& phrase) {
  return {"reference", phrase.canonical, false,
          [phrase](const Tensor& q, const Tensor& k, const Tensor& v) {
            const auto x = inputs_of(phrase, q, k, v);
            return phrase.fold->reference(x, attention::dense_mask(x));
          }};
}

BenchForm regard_form(const attention::Phrase& phrase) {
  const auto in_basis = phrase.fold->in_own_basis();
  return {"regard", phrase.canonical, static_cast<bool>(in_basis),
          [phrase, in_basis](const Tensor& q, const Tensor& k, const Tensor& v) {
            const auto x = inputs_of(phrase, q, k, v);
            return in_basis ? in_basis(x) : attention::attend(*phrase.fold, phrase.fold_name, x);
          }};
}

}  // namespace regard::lab
