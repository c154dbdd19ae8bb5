// The recipe of `regard battery train`: tables run, data, model, bands. Defaults stand here.
#pragma once

#include <string>
#include <vector>

#include "regard/battery/models/attention_life.hpp"
#include "regard/run/recipe.hpp"

namespace regard::battery {

struct StudySpec {
  std::string title = "Cycle life of the Severson cells from early cycles";
  std::string out = "runs/severson";
  std::vector<int64_t> seeds = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  int64_t threads = 2;
  int64_t looked_before = 0;  // models that were looked at on the tests before this run

  std::string folder;  // of the Severson set
  std::string other;   // "": without other chemistries
  std::vector<int64_t> cycles = {20, 30, 50, 70,
                                 100};  // early cycles; the last is that of the table
  int64_t compare_at = 50;              // early cycles at which more models are compared; 0: none

  AttentionLifeSpec model;

  double level = 0.9;
  double false_alarm = 0.05;
  int64_t folds = 10;

  run::Tables tables();
  void check() const;
};

}  // namespace regard::battery
