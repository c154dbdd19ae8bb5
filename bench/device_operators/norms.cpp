// Residual sum with dropout and norm, by itself and behind an embedding, in value and gradient.
#include <ATen/Functions.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <string>

#include "checks.hpp"
#include "regard/ops/block/add_norm.hpp"
#include "regard/ops/block/embed.hpp"
#include "regard/ops/block/embed_norm.hpp"

namespace regard::bench {
using torch::Tensor;

void check_norms(torch::Device device) {
  for (const int64_t width : {8, 64, 256, 264, 512, 1000, 1024}) {
    for (const bool centred : {true, false}) {
      for (const double p : {0.0, 0.3}) {
        for (const auto type : types()) {
          torch::manual_seed(4);
          const Tensors inputs = {
              torch::randn({3, 71, width}, torch::kDouble),
              torch::randn({3, 71, width}, torch::kDouble), torch::randn({width}, torch::kDouble),
              torch::randn({width}, torch::kDouble), torch::randn({width}, torch::kDouble)};
          const auto step = torch::full({}, 7, torch::kLong);
          const auto run = [&](const Tensors& x, bool fast, torch::ScalarType stream) {
            const auto weights = [&](const Tensor& w) { return fast ? w.to(torch::kFloat) : w; };
            const ops::NormParameters norm{weights(x[2]), centred ? weights(x[3]) : Tensor(),
                                           centred, 1e-5};
            const auto out = ops::add_norm(fast ? x[0].to(stream) : x[0],
                                           {x[1], p > 0 ? weights(x[4]) : Tensor()}, norm, p,
                                           {11, fast ? step.to(device) : step, 3});
            // What has no part here gets its gradient by these terms.
            return Tensors{
                out.x.to(x[0].scalar_type()),
                out.h.to(x[0].scalar_type()) + (centred ? 0 : 1) * x[3] + (p > 0 ? 0 : 1) * x[4]};
          };
          for (const bool same : {true, false}) {
            if (!same && type == torch::kFloat) continue;
            const auto stream = same ? type : torch::kFloat;
            compare(
                "add_norm width " + std::to_string(width) + (centred ? "" : ", rms") +
                    (p > 0 ? ", dropout" : "") + ", stream " + c10::toString(stream),
                device, type, inputs, [&](const Tensors& x) { return run(x, true, stream); },
                [&](const Tensors& x) { return run(x, false, stream); });
          }
        }
      }
    }
  }
}

namespace {

/// The same under autocast to `type`, or without it.
ops::Normed embed_norm_as(torch::Device device, torch::ScalarType type, bool cast,
                          const std::function<ops::Normed()>& f) {
  const auto kind = device.type();
  const bool before = at::autocast::is_autocast_enabled(kind);
  const auto type_before = at::autocast::get_autocast_dtype(kind);
  at::autocast::set_autocast_enabled(kind, cast);
  if (cast) at::autocast::set_autocast_dtype(kind, type);
  auto out = f();
  at::autocast::set_autocast_enabled(kind, before);
  at::autocast::set_autocast_dtype(kind, type_before);
  return out;
}

}  // namespace

/// Embedding, dropout and norm at once: against float64, and on a GPU bit for bit against one after
/// the other.
void check_embedded_norms(torch::Device device) {
  struct Case {
    int64_t width;
    bool centred, positions;
    double p;
  };
  for (const auto& c :
       {Case{8, true, true, 0.3}, Case{64, true, false, 0}, Case{256, true, true, 0},
        Case{256, false, true, 0.3}, Case{264, true, true, 0.3}, Case{512, false, false, 0.3},
        Case{1000, true, true, 0.3}, Case{1024, true, true, 0}}) {
    torch::manual_seed(9);
    const auto ids = torch::randint(50, {3, 1777}, torch::kLong);
    const auto step = torch::full({}, 7, torch::kLong);
    const Tensors inputs = {
        torch::randn({50, c.width}, torch::kDouble), torch::randn({1777, c.width}, torch::kDouble),
        torch::randn({c.width}, torch::kDouble), torch::randn({c.width}, torch::kDouble)};
    const auto fast = [&](const Tensors& x, torch::ScalarType type, torch::ScalarType stream,
                          bool at_once) {
      const auto at = [&](int i) { return x[i].to(torch::kFloat); };
      return embed_norm_as(device, type, stream != type, [&]() -> ops::Normed {
        const ops::Embedded from{at(0), ids.to(device), c.positions ? at(1) : Tensor(), stream};
        const ops::NormParameters norm{at(2), c.centred ? at(3) : Tensor(), c.centred, 1e-5};
        const ops::DropoutKey key{11, step.to(device), 0};
        if (at_once) return ops::embed_norm(from, norm, c.p, key);
        const auto sum = ops::embed(from.table, from.ids, from.positions, from.type);
        return ops::add_norm(ops::dropout(sum, c.p, key), {}, norm, 0, {});
      });
    };
    // What has no part here gets its gradient by these terms.
    const auto outputs = [&](const ops::Normed& out, const Tensors& x) {
      const auto type = x[0].scalar_type();
      return Tensors{out.x.to(type) + (c.positions ? 0 : 1) * x[1],
                     out.h.to(type) + (c.centred ? 0 : 1) * x[3]};
    };
    for (const auto type : types()) {
      // PyTorch's layer_norm on a CPU sums the gradients of its weights in 16 bits: 9 % off after
      // 5331 rows.
      if (device.is_cpu() && type != torch::kFloat) continue;
      for (const bool same : {true, false}) {
        if (!same && type == torch::kFloat) continue;
        const auto stream = same ? type : torch::kFloat;
        const auto what = "embed_norm width " + std::to_string(c.width) +
                          (c.centred ? "" : ", rms") + (c.positions ? "" : ", no positions") +
                          (c.p > 0 ? ", dropout" : "") + ", stream " + c10::toString(stream);
        compare(
            what, device, type, inputs,
            [&](const Tensors& x) { return outputs(fast(x, type, stream, true), x); },
            [&](const Tensors& x) {
              return outputs(
                  ops::embed_norm({x[0], ids, c.positions ? x[1] : Tensor(), torch::kDouble},
                                  {x[2], c.centred ? x[3] : Tensor(), c.centred, 1e-5}, c.p,
                                  {11, step, 0}),
                  x);
            });
        if (!device.is_cuda()) continue;
        Tensors there;
        for (const auto& x : inputs) there.push_back(x.to(device));
        const auto once = fast(there, type, stream, true), apart = fast(there, type, stream, false);
        report(what + ", " + c10::toString(type) + ", bits",
               torch::equal(once.x, apart.x) && torch::equal(once.h, apart.h) ? 0 : 1, 0);
      }
    }
  }
}

}  // namespace regard::bench
