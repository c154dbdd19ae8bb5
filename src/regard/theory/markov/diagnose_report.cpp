// The verdict of a diagnosis, its tables, JSON and page.
#include <algorithm>
#include <cmath>
#include <map>

#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/theory/markov/diagnose.hpp"

namespace regard::markov {
namespace {

std::string two(double value) { return report::fixed(value, 2); }
std::string plus_minus(double value, double error) {
  return report::fixed(value, 3) + " ± " + report::fixed(1.96 * error, 3);
}

struct Model {
  const char *key, *name;
  double nats;
  std::string detail;
};

std::vector<Model> models(const TextFit& fit) {
  return {
      {"unigram", "unigram", fit.unigram, ""},
      {"bigram", "bigram", fit.bigram,
       shortest(fit.prior) + " choices by the unigram in each column"},
      {"cache", "unigram + cache", fit.cache, "cache " + two(fit.cache_share)},
      {"bigram_cache", "bigram + cache", fit.bigram_cache, "cache " + two(fit.bigram_cache_share)},
      {"chain", "chain (α = 1)", fit.chain_nats, "ε = " + shortest(fit.chain.epsilon)},
      {"power_chain", "power chain", fit.power_nats,
       "α = " + report::fixed(fit.power.alpha, 3) + ", ε = " + shortest(fit.power.epsilon)}};
}

Model best_of(const TextFit& fit) {
  const auto all = models(fit);
  return *std::min_element(all.begin(), all.end(),
                           [](const Model& a, const Model& b) { return a.nats < b.nats; });
}

std::string onset_text(const Repetition& r) {
  if (r.texts == 0) return "–";
  return std::to_string(r.repeating) + " of " + std::to_string(r.texts) +
         (r.median >= 0 ? ", median " + report::fixed(r.median, 0) : "");
}

Json repetition_json(const Repetition& r) {
  if (r.texts == 0) return nullptr;
  return {{"texts", r.texts},
          {"repeating", r.repeating},
          {"median_onset", r.median < 0 ? Json(nullptr) : Json(r.median)},
          {"spread_at_end", r.spread_at_end}};
}

/// What a run's own samples say of the threshold.
std::string measured_text(const Diagnosis& d) {
  double highest = 0;
  for (const auto& at : d.at) {
    if (2 * at.measured.repeating > at.measured.texts) highest = std::max(highest, at.temperature);
  }
  if (highest == 0) return " At no temperature asked for do half of its texts repeat themselves.";
  return " Half of its texts or more repeat themselves up to temperature " + shortest(highest) +
         ".";
}

}  // namespace

std::string verdict(const Diagnosis& d) {
  const auto& fit = d.fit;
  const double error = fit.alpha_error, alpha = fit.power.alpha;
  const auto best = best_of(fit);
  const bool is_chain = std::abs(alpha - 1) <= std::max(3 * error, 0.05);
  const bool is_bigram = std::abs(alpha) <= std::max(3 * error, 0.02);
  const std::string what = d.of_run ? "the run's texts" : "this text";
  std::string text =
      is_chain ? "The chain's exponent is that of " + what : "The chain does not describe " + what;
  text += ": the next token follows its count with exponent " + plus_minus(alpha, error) +
          "; the chain says 1, a bigram 0";
  if (is_bigram && !is_chain) text += ", and 0 it is";
  text += ". The best of the models is " + std::string(best.name) + " with " +
          report::fixed(best.nats, 3) + " nats on held-out tokens (bigram " +
          report::fixed(fit.bigram, 3) + ", chain " + report::fixed(fit.chain_nats, 3) + ").";
  if (!(alpha > 0)) return text + " Without weight on counts no temperature makes it collapse.";
  text += " The chain's own threshold of collapse is temperature " + two(alpha) + ".";
  return d.of_run ? text + measured_text(d) : text;
}

report::Table model_table(const Diagnosis& d) {
  report::Table table;
  table.columns = {{"model", "model", "", report::Align::kLeft},
                   {"nats", "held-out loss", "nats"},
                   {"to_bigram", "to bigram", "nats"},
                   {"detail", "fitted", "", report::Align::kLeft}};
  for (const auto& model : models(d.fit))
    table.rows.push_back({report::word(model.name), report::number(model.nats, 4),
                          report::number(model.nats - d.fit.bigram, 4),
                          report::word(model.detail)});
  table.notes = {
      "Mean over " + std::to_string(d.fit.tokens) +
          " tokens of the last tenth; smoothing, ε and mixtures are chosen on the tenth before.",
      "Tokens outside of the vocabulary, " + report::fixed(100 * d.fit.other_share, 1) +
          " %, are neither predicted nor counted.",
      "Controls: α of a text drawn from the bigram " +
          plus_minus(d.bigram_control, d.bigram_control_error) + ", of this text shuffled " +
          plus_minus(d.shuffled_control, d.shuffled_control_error) + "."};
  return table;
}

report::Table temperature_table(const Diagnosis& d) {
  report::Table table;
  table.columns = {{"temperature", "temperature", ""},
                   {"power", "α/T", ""},
                   {"collapse", "chain collapses", "", report::Align::kLeft},
                   {"predicted", "repeat, predicted", "", report::Align::kLeft},
                   {"predicted_spread", "N_eff at the end, predicted", ""}};
  if (d.of_run) {
    table.columns.push_back({"measured", "repeat, measured", "", report::Align::kLeft});
    table.columns.push_back({"measured_spread", "N_eff at the end, measured", ""});
    table.columns.push_back({"loops", "end in a loop", ""});
  }
  for (const auto& at : d.at) {
    std::vector<report::Cell> row = {report::number(at.temperature, 2), report::number(at.power, 3),
                                     report::word(at.power > 1 ? "yes" : "no"),
                                     report::word(onset_text(at.predicted)),
                                     report::number(at.predicted.spread_at_end, 1)};
    if (d.of_run) {
      row.push_back(report::word(onset_text(at.measured)));
      row.push_back(report::number(at.measured.spread_at_end, 1));
      row.push_back(report::number(static_cast<double>(at.loops.size()), 0));
    }
    table.rows.push_back(row);
  }
  table.notes = {
      "A text repeats from where N_eff of its last 64 tokens is below half of what the text "
      "has, " +
      report::fixed(d.spread, 1) +
      ". Predicted: simulations of the power chain fitted here, a one-layer caricature."};
  return table;
}

std::vector<std::string> loop_sentences(const Diagnosis& d, const Decode& decode) {
  std::vector<std::string> said;
  constexpr std::size_t kMost = 3;
  for (const auto& at : d.at) {
    std::map<std::vector<int32_t>, int64_t> seen;
    for (const auto& loop : at.loops) {
      // One name for all turns of a loop: the rotation that is first in order.
      auto least = loop.tokens, turn = loop.tokens;
      for (std::size_t r = 0; r < turn.size(); ++r) {
        std::rotate(turn.begin(), turn.begin() + 1, turn.end());
        least = std::min(least, turn);
      }
      ++seen[least];
    }
    std::vector<std::pair<std::vector<int32_t>, int64_t>> order(seen.begin(), seen.end());
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    for (std::size_t i = 0; i < std::min(kMost, order.size()); ++i)
      said.push_back("Temperature " + shortest(at.temperature) + ": " +
                     std::to_string(order[i].second) + " of " + std::to_string(at.measured.texts) +
                     " texts end in \"" + on_one_line(decode(order[i].first)) +
                     "\" again and again.");
  }
  return said;
}

Json to_json(const Diagnosis& d, const Decode& decode) {
  Json nats = Json::object(), temperatures = Json::array();
  for (const auto& model : models(d.fit)) nats[model.key] = model.nats;
  for (const auto& at : d.at) {
    Json one = {{"temperature", at.temperature},
                {"power", at.power},
                {"predicted", repetition_json(at.predicted)}};
    if (d.of_run) {
      one["measured"] = repetition_json(at.measured);
      one["loops"] = at.loops.size();
    }
    temperatures.push_back(one);
  }
  Json json = {
      {"verdict", verdict(d)},
      {"name", d.name},
      {"alpha", d.fit.power.alpha},
      {"alpha_error", d.fit.alpha_error},
      {"epsilon", d.fit.power.epsilon},
      {"nats", nats},
      {"tokens", d.text.ids.size()},
      {"vocabulary", d.text.outcomes},
      {"other_share", d.fit.other_share},
      {"window", d.fit.power.window},
      {"control_bigram", {{"alpha", d.bigram_control}, {"error", d.bigram_control_error}}},
      {"control_shuffled", {{"alpha", d.shuffled_control}, {"error", d.shuffled_control_error}}},
      {"temperatures", temperatures}};
  if (d.of_run) {
    json["phrase"] = d.phrase;
    json["alpha_log_probabilities"] = {{"alpha", d.from_log_p.alpha},
                                       {"error", d.from_log_p.error},
                                       {"epsilon", d.from_log_p.epsilon},
                                       {"explained", d.from_log_p.explained},
                                       {"contexts", d.from_log_p.contexts}};
    json["shuffle_kl"] = d.shuffle_kl;
    json["loops"] = loop_sentences(d, decode);
  }
  return json;
}

namespace {

report::Figure loss_figure(const Diagnosis& d) {
  std::vector<std::string> names;
  std::vector<double> nats;
  for (const auto& model : models(d.fit)) {
    names.emplace_back(model.name);
    nats.push_back(std::round(1e5 * model.nats) / 1e5);
  }
  Json bars = {{"type", "scatter"},
               {"mode", "markers"},
               {"x", nats},
               {"y", names},
               {"marker", {{"color", "#0072B2"}, {"size", 11}}},
               {"hovertemplate", "%{y}: %{x:.4f} nats<extra></extra>"}};
  Json layout = {{"xaxis", {{"title", {{"text", "held-out loss, nats"}}}}},
                 {"yaxis", {{"autorange", "reversed"}, {"automargin", true}}},
                 {"hovermode", "closest"}};
  return {"loss",
          "Held-out loss of each model; less is better.",
          "Held-out loss of six models of the next token",
          {{"loss", Json::array({bars}), layout, {}}}};
}

report::Figure spread_figure(const Diagnosis& d) {
  report::Figure figure{
      "spread",
      d.of_run ? "N_eff of the last 64 tokens. Solid: the run's texts. Dashed: the fitted "
                 "chain. Dotted: where repetition begins."
               : "N_eff of the last 64 tokens of texts of the fitted chain. Dotted: "
                 "where repetition begins.",
      "How many tokens a text is spread over, along the text",
      {}};
  const auto line = [](const std::vector<double>& y, const char* ink, const char* dash) {
    std::vector<double> at, value;
    const std::size_t step = std::max<std::size_t>(1, y.size() / 300);
    for (std::size_t t = 0; t < y.size(); t += step) {
      at.push_back(static_cast<double>(t) + static_cast<double>(kSpreadWindow));
      value.push_back(std::round(1e3 * y[t]) / 1e3);
    }
    return Json{{"type", "scatter"},
                {"mode", "lines"},
                {"x", at},
                {"y", value},
                {"line", {{"color", ink}, {"dash", dash}, {"width", 2}}},
                {"hovertemplate", "t = %{x}: %{y:.1f}<extra></extra>"}};
  };
  for (const auto& at : d.at) {
    Json data = Json::array();
    if (d.of_run) data.push_back(line(at.measured.spread, "#0072B2", "solid"));
    data.push_back(line(at.predicted.spread, "#D55E00", "dash"));
    Json layout = {{"xaxis", {{"title", {{"text", "tokens"}}}}},
                   {"yaxis", {{"title", {{"text", "N_eff"}}}, {"rangemode", "tozero"}}},
                   {"shapes",
                    {{{"type", "line"},
                      {"xref", "paper"},
                      {"x0", 0},
                      {"x1", 1},
                      {"y0", kOnsetShare * d.spread},
                      {"y1", kOnsetShare * d.spread},
                      {"line", {{"color", "#9aa3ad"}, {"width", 1}, {"dash", "dot"}}}}}},
                   {"hovermode", "closest"}};
    figure.variants.push_back({"T = " + shortest(at.temperature), data, layout, {}});
  }
  return figure;
}

}  // namespace

report::Document page(const Diagnosis& d, const DiagnoseSpec& spec, const Decode& decode,
                      const Environment& environment) {
  report::Document document;
  document.kicker = "Regard · self-attention as a Markov chain";
  document.title = "Does the chain explain " + d.name + "?";
  document.scope = std::to_string(d.text.ids.size()) + " tokens · vocabulary " +
                   std::to_string(d.text.outcomes) + " · window " + std::to_string(spec.window) +
                   (d.of_run ? " · attention " + d.phrase : "");
  document.sentence = verdict(d);
  document.remarks = {
      "The chain is a one-layer caricature of a language model: a bigram whose next token is "
      "weighed by "
      "how often it stands in the context."};
  if (d.of_run) {
    document.remarks.push_back("From its log-probabilities, with the last token fixed: exponent " +
                               plus_minus(d.from_log_p.alpha, d.from_log_p.error) +
                               ", which explains " +
                               report::fixed(100 * d.from_log_p.explained, 1) +
                               " % of what varies. Shuffling the context but "
                               "its last token moves the law by " +
                               report::fixed(d.shuffle_kl, 4) + " nats of KL; a chain says 0.");
    for (const auto& said : loop_sentences(d, decode)) document.remarks.push_back(said);
  }
  report::Block losses;
  losses.heading = "Models of the next token";
  losses.figures = {loss_figure(d)};
  losses.table = model_table(d);
  report::Block repeats;
  repeats.heading = "Repetition against temperature";
  repeats.figures = {spread_figure(d)};
  repeats.table = temperature_table(d);
  document.blocks = {losses, repeats};
  document.environment = environment;
  return document;
}

}  // namespace regard::markov
