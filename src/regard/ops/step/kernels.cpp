#include "regard/ops/step/kernels.hpp"

#include "regard/ops/block/add_norm.hpp"
#include "regard/ops/block/embed.hpp"
#include "regard/ops/block/gelu_mlp.hpp"
#include "regard/ops/block/mean_rows.hpp"
#include "regard/ops/block/product_norm.hpp"
#include "regard/ops/block/weight_plan.hpp"
#include "regard/ops/step/adamw.hpp"
#include "regard/ops/step/device_graph.hpp"

namespace regard::ops {
namespace {

Support both(Support first, Support second) { return first.ok ? second : first; }

}  // namespace

std::vector<Candidate> step_kernels(const StepShape& s) {
  const auto& place = s.place;
  const int64_t rows = s.batch * s.length;
  const auto norm = can_add_norm(place, s.width);
  const std::vector<std::pair<const char*, Support>> all = {
      {"prepare_weights", can_prepare_weights(place)},
      {"embed_norm", both(can_embed(place, s.width), norm)},
      {"add_norm", norm},
      {"product_norm", both(can_product_norm(place, rows, s.width), norm)},
      {"gelu_mlp", can_gelu_mlp(place, rows, s.width, s.columns)},
      {"bias_gelu", half_on_gpu(place)},
      {"column_sums", half_on_gpu(place)},
      {"add_norm_mean", both(can_mean_rows(place, s.batch, s.width), norm)},
      {"adamw", can_finish_step(place.device)},
      {"cuda_graph", can_record(place.device)}};
  std::vector<Candidate> out;
  for (const auto& [name, support] : all) out.push_back({name, support, support.ok});
  for (auto& row : out) {  // the GELU is applied once: in the product where that is taken
    if (row.name == "bias_gelu")
      row.chosen = row.support.ok && !can_gelu_mlp(place, rows, s.width, s.columns).ok;
  }
  return out;
}

}  // namespace regard::ops
