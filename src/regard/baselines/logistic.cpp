#include "regard/baselines/logistic.hpp"

#include <linear.h>

#include <cmath>
#include <set>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::baselines {

struct Logistic::Problem::Ready {
  std::vector<feature_node> nodes;
  std::vector<feature_node*> rows;
  std::vector<double> labels;
  problem view{};
  int64_t columns = 0, classes = 0;
};

Logistic::Problem::Problem(const SparseRows& rows, std::span<const int32_t> labels, int64_t columns,
                           int64_t classes)
    : ready_(std::make_unique<Ready>()) {
  const std::set<int32_t> different(labels.begin(), labels.end());
  if (static_cast<std::size_t>(rows.size()) != labels.size() || different.size() < 2 ||
      *different.begin() < 0 || *different.rbegin() >= classes) {
    throw InputError("logistic regression: a label from 0 to " + std::to_string(classes - 1) +
                     " for each row, and two different ones, were expected");
  }
  auto& ready = *ready_;
  ready.columns = columns;
  ready.classes = classes;
  ready.labels.assign(labels.begin(), labels.end());
  ready.nodes.reserve(rows.columns.size() + 2 * labels.size());
  std::vector<std::size_t> begins;
  for (int64_t row = 0; row < rows.size(); ++row) {
    begins.push_back(ready.nodes.size());
    for (auto i = rows.begin(row); i < rows.end(row); ++i)
      ready.nodes.push_back({rows.columns[i] + 1, rows.values[i]});
    ready.nodes.push_back({static_cast<int>(columns) + 1, 1.0});
    ready.nodes.push_back({-1, 0.0});
  }
  for (const auto begin : begins) ready.rows.push_back(ready.nodes.data() + begin);
  ready.view = {.l = static_cast<int>(rows.size()),
                .n = static_cast<int>(columns) + 1,
                .y = ready.labels.data(),
                .x = ready.rows.data(),
                .bias = 1};
}

Logistic::Problem::~Problem() = default;

Logistic::Logistic(const Problem& given, double c, const Logistic* before)
    : columns_(given.ready_->columns), classes_(given.ready_->classes) {
  if (!(c > 0))
    throw InputError("logistic regression: C above 0 was expected, and " + shortest(c) + " came");
  set_print_string_function([](const char*) {});
  parameter options{};
  options.solver_type = L2R_LR;
  options.eps = 0.001;
  options.C = c;
  auto start = before != nullptr ? before->weights_ : std::vector<double>();
  options.init_sol = start.empty() ? nullptr : start.data();
  auto* trained = ::train(&given.ready_->view, &options);
  const auto functions = static_cast<std::size_t>(trained->nr_class == 2 ? 1 : trained->nr_class);
  weights_.assign(trained->w, trained->w + functions * static_cast<std::size_t>(columns_ + 1));
  labels_.assign(trained->label, trained->label + trained->nr_class);
  free_and_destroy_model(&trained);
}

std::vector<double> Logistic::probabilities(const SparseRows& rows) const {
  const auto functions = labels_.size() == 2 ? std::size_t{1} : labels_.size();
  const auto k = static_cast<std::size_t>(classes_);
  std::vector<double> all(static_cast<std::size_t>(rows.size()) * k);
  std::vector<double> scores(functions);
  for (int64_t row = 0; row < rows.size(); ++row) {
    const auto add = [&](int64_t column, double value) {
      for (std::size_t f = 0; f < functions; ++f)
        scores[f] += value * weights_[static_cast<std::size_t>(column) * functions + f];
    };
    std::fill(scores.begin(), scores.end(), 0.0);
    add(columns_, 1);
    for (auto i = rows.begin(row); i < rows.end(row); ++i) add(rows.columns[i], rows.values[i]);
    double* p = &all[static_cast<std::size_t>(row) * k];
    double sum = 0;
    for (std::size_t f = 0; f < functions; ++f) {
      auto& mine = p[labels_[f]];
      mine = 1 / (1 + std::exp(-scores[f]));
      sum += mine;
    }
    if (functions == 1) {
      p[labels_[1]] = 1 - p[labels_[0]];
    } else {
      for (const auto label : labels_) p[label] /= sum;
    }
  }
  return all;
}

}  // namespace regard::baselines
