#include "regard/train/metrics.hpp"

#include <nlohmann/json.hpp>

namespace regard::train {

run::JsonLines::Cut MetricsLog::judge(const nlohmann::json& line, const MetricsMark& mark) {
  using Cut = run::JsonLines::Cut;
  // Steps rise along the file, so that everything after the first later line is later too.
  const auto step = line.find("step");
  if (step == line.end() || !step->is_number_integer() || step->get<int64_t>() > mark.step)
    return Cut::kEnd;
  const bool later_evaluation =
      line.contains("valid_loss") && step->get<int64_t>() > mark.evaluated;
  if (later_evaluation || (!mark.finished && line.contains("finished"))) return Cut::kDrop;
  if (line.contains("seconds") && line["seconds"].is_number()) seconds_ = line["seconds"];
  if (line.contains("loss") && line["loss"].is_number()) loss_ = line["loss"];
  return Cut::kKeep;
}

}  // namespace regard::train
