// The models of the study by name: those of the table, and the routes to fewer cycles.
#include "regard/battery/models/combined.hpp"
#include "regard/battery/models/gaussian_process.hpp"
#include "regard/battery/models/linear.hpp"
#include "regard/battery/models/paper_head.hpp"
#include "regard/battery/models/pls.hpp"
#include "regard/battery/models/study.hpp"

namespace regard::battery {
namespace {

/// What a limited life may go beyond the training lives by.
constexpr double kMargin = 1.2;

const std::vector<std::string> kDischarge = {"published_DeltaQ_logVar",  "published_DeltaQ_logMin",
                                             "published_DeltaQ_logSkew", "published_DeltaQ_logKurt",
                                             "published_QD_2",           "published_QD_Max-2"};
const std::vector<std::string> kFull = {"published_DeltaQ_logVar",
                                        "published_DeltaQ_logMin",
                                        "published_slope_capacity_fade_2-100",
                                        "published_intercept_capacity_fade_2-100",
                                        "published_QD_2",
                                        "published_init_avg_charge_time",
                                        "published_T_integral",
                                        "published_min_IR",
                                        "published_IR_100-2"};

MakeModel ours(AttentionLifeSpec spec, const std::string& phrase, const std::string& linear) {
  spec.phrase = phrase;
  spec.linear = linear;
  return [spec] { return std::make_unique<AttentionLife>(spec); };
}

}  // namespace

std::vector<Entry> study_entries(const StudySpec& spec) {
  const auto& model = spec.model;
  std::vector<Entry> entries = {
      {"mean", "mean of the training lives", [] { return std::make_unique<MeanLife>(); }},
      {"variance", "variance model",
       [] {
         return std::make_unique<LinearLife>(std::vector<std::string>{"dq_log_var"},
                                             Penalty::kNone);
       }},
      {"discharge", "elastic net, discharge features",
       [] { return std::make_unique<LinearLife>(kDischarge, Penalty::kElasticNet); }},
      {"full", "elastic net, full features",
       [] { return std::make_unique<LinearLife>(kFull, Penalty::kElasticNet); }},
      {"pls6", "PLS-6 on dQ(V)", [] { return std::make_unique<PlsLife>(6); }},
      {"pls9", "PLS-9 on dQ(V)", [] { return std::make_unique<PlsLife>(9); }},
      {"gp", "Gaussian process",
       [] {
         return std::make_unique<GaussianProcessLife>(
             std::vector<std::string>{"dq_log_var", "dq_log_min"});
       }},
      {"paper", "paper's model, as published", [] { return std::make_unique<PaperHead>(); }},
      {"paper5e-4", "paper's model, stage-2 rate 5e-4",
       [] { return std::make_unique<PaperHead>(PaperTraining{.lr_life = 5e-4}); }},
      {"ours", "ours (" + model.phrase + ")", ours(model, model.phrase, model.linear)}};
  for (const char* fold : {"mean", "off"})
    entries.push_back({std::string("ours ") + fold, std::string("ours, fold ") + fold,
                       ours(model, fold, model.linear)});
  // What the linear path beside the encoder sees of the patches: all of them, or nothing.
  for (const char* sees : {"all", "summary"}) {
    for (const char* fold : {"softmax", "mean", "off"})
      entries.push_back({std::string(sees) + " " + fold,
                         std::string("linear path sees ") +
                             (std::string(sees) == "all" ? "all" : "the summary alone") +
                             ", fold " + fold,
                         ours(model, fold, sees)});
  }
  return entries;
}

std::vector<Entry> short_entries(const StudySpec& spec) {
  const auto features = [](const std::string& shift) {
    return std::vector<std::string>{
        shift + "_log_var", shift + "_log_min", shift + "_log_skew", shift + "_log_kurt", "q_2",
        "q_max_minus_2"};
  };
  const auto discharge = features("dq"), drift = features("drift");
  const auto limited = [](std::unique_ptr<LifeModel> inner) {
    return std::make_unique<LimitedLife>(std::move(inner), kMargin);
  };
  const auto model = spec.model;
  const auto by_drift = [=] {
    return limited(std::make_unique<LinearLife>(drift, Penalty::kNone));
  };
  return {{"discharge_n", "elastic net, discharge features, limited",
           [=] { return limited(std::make_unique<LinearLife>(discharge, Penalty::kElasticNet)); }},
          {"drift", "least squares, drift over all cycles, limited", by_drift},
          {"pls4_pairs", "PLS-4 on three pairs of cycles, limited",
           [=] { return limited(std::make_unique<PlsLife>(4, PlsInput::kTokens)); }},
          {"ours_limited", "ours, limited",
           [=] { return limited(std::make_unique<AttentionLife>(model)); }},
          {"ours_drift", "mean of ours and drift", [=] {
             return std::make_unique<MeanOfTwo>(std::make_unique<AttentionLife>(model), by_drift());
           }}};
}

}  // namespace regard::battery
