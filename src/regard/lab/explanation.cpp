#include "regard/lab/explanation.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

#include "regard/attention/fusion.hpp"
#include "regard/base/error.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/machine.hpp"
#include "regard/ops/attention/bind_linear.hpp"
#include "regard/ops/step/kernels.hpp"

namespace regard::lab {

namespace {

void check_sizes(const ops::Problem& p) {
  const auto demand = [](int64_t value, int64_t least, const char* flag) {
    if (value < least)
      throw InputError(std::string(flag) + ": at least " + std::to_string(least) +
                       " was expected, and " + std::to_string(value) + " came");
  };
  demand(p.batch, 1, "--batch");
  demand(p.heads, 1, "--heads");
  demand(p.kv_heads, 0, "--kv-heads");
  demand(p.queries, 1, "--length");
  demand(p.keys, 0, "--keys");
  demand(p.width, 1, "--width");
  if (p.kv_heads > 0 && p.heads % p.kv_heads != 0)
    throw InputError("--kv-heads: a divisor of --heads " + std::to_string(p.heads) +
                     " was expected, and " + std::to_string(p.kv_heads) + " came");
}

torch::ScalarType type_of(const std::string& name) {
  static const std::map<std::string, torch::ScalarType> types = {{"fp32", torch::kFloat},
                                                                 {"bf16", torch::kBFloat16},
                                                                 {"fp16", torch::kHalf},
                                                                 {"fp64", torch::kDouble}};
  const auto found = types.find(name);
  if (found == types.end())
    throw InputError("--dtype: fp32, bf16, fp16 or fp64 was expected, and \"" + name + "\" came");
  return found->second;
}

// The self-attention of a model whose heads together are as wide as its stream.
std::vector<ops::Candidate> fusions_of(const attention::Phrase& phrase, const ops::Problem& p) {
  const attention::Size size{.model_width = p.heads * p.width,
                             .heads = p.heads,
                             .head_width = p.width,
                             .uses = phrase.fold->uses()};
  std::vector<ops::Candidate> out;
  bool taken = false;
  for (const auto& fusion : attention::fusion_table()) {
    auto support = fusion.entry->can(phrase, size, p);
    const bool chosen = support.ok && !taken;
    taken = taken || chosen;
    out.push_back({fusion.name, std::move(support), chosen});
  }
  return out;
}

bool runs(const std::vector<ops::Candidate>& rows, const std::string& name) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const auto& row) { return row.chosen && row.name == name; });
}

Json rows_of(const std::vector<ops::Candidate>& rows) {
  auto out = Json::array();
  for (const auto& row : rows) {
    out.push_back({{"name", row.name},
                   {"can", row.support.ok},
                   {"why", row.support.why},
                   {"chosen", row.chosen}});
  }
  return out;
}

std::string lines_of(const std::string& title, const std::vector<ops::Candidate>& rows) {
  std::string text = title.empty() ? "" : "  " + title + "\n";
  char line[64];
  for (const auto& row : rows) {
    std::snprintf(line, sizeof line, "  %-3s %-16s ", row.chosen ? "->" : "", row.name.c_str());
    text += line;
    text += row.support.ok ? (row.chosen ? "runs" : "could run") : "no: " + row.support.why;
    text += "\n";
  }
  return text;
}

}  // namespace

Explanation explain(const Question& question) {
  auto p = question.problem;
  p.dtype = type_of(question.dtype);
  Explanation out;
  out.phrase = attention::parse_phrase(question.phrase);
  attention::check_meaning(out.phrase, question.causal);
  check_sizes(p);
  // What a GPU would run can be asked where there is none.
  const auto absent = question.device == "cuda" ? why_no_gpu() : "";
  p.device = absent.empty() ? choose_device(question.device).type() : torch::kCUDA;
  if (p.kv_heads == 0) p.kv_heads = p.heads;
  if (p.keys == 0) p.keys = p.queries;
  p.graph = out.phrase.graph->facts(question.causal);
  out.kernels = attention::candidates(*out.phrase.fold, out.phrase.fold_name, p);
  out.cost = out.phrase.fold->cost(p);
  out.choice_flops = static_cast<double>(p.batch) *
                     out.phrase.graph->choice_flops(p.queries, p.heads * p.width, p.heads);
  out.choices = out.phrase.graph->choices(p.queries);
  out.fusions = fusions_of(out.phrase, p);
  // A model keeps its residual stream in the type of its products.
  const ops::Place place{p.device, p.dtype, p.dtype};
  const int64_t width = p.heads * p.width;
  out.step = ops::step_kernels({.place = place,
                                .batch = p.batch,
                                .length = p.queries,
                                .width = width,
                                .columns = 4 * width});
  if (runs(out.fusions, "hrr_basis")) {
    auto bind = ops::can_bind_linear(place, p.batch, p.queries, width, p.heads);
    out.step.push_back({"bind_linear", bind, bind.ok});
  }
  if (!absent.empty()) out.note = "no GPU here (" + absent + "): its memory is not counted";
  return out;
}

Json to_json(const Explanation& e) {
  Json out = {{"phrase", e.phrase.canonical},  {"flops", e.cost.flops},
              {"bytes", e.cost.bytes},         {"kernels", rows_of(e.kernels)},
              {"fusions", rows_of(e.fusions)}, {"step", rows_of(e.step)}};
  if (e.choice_flops > 0) out["predictor_flops"] = e.choice_flops;
  if (e.choices > 0) out["choices"] = e.choices;
  if (!e.note.empty()) out["note"] = e.note;
  return out;
}

std::string to_text(const Explanation& e) {
  std::string text = e.phrase.canonical + ": " + e.phrase.fold->equation() + "\n";
  text += lines_of("", e.kernels);
  char line[64];
  std::snprintf(line, sizeof line, "  forward: %.3g FLOP, ", e.cost.flops);
  text += line + human_bytes(e.cost.bytes) + " at least\n";
  if (e.choice_flops > 0) {
    std::snprintf(line, sizeof line, "  predictor: %.3g GFLOP", e.choice_flops / 1e9);
    text += line;
    if (e.choices > 0) text += ", " + std::to_string(e.choices) + " choices one after another";
    text += "\n";
  }
  text += lines_of("fusions with the projections, in a model:", e.fusions);
  text += lines_of("kernels of a training step around it, feed-forward of 4 widths:", e.step);
  return e.note.empty() ? text : text + "  " + e.note + "\n";
}

}  // namespace regard::lab
