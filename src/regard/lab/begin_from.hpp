// Training that begins with the weights of another run ([model] from): pre-training, then a task.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "regard/data/prepare.hpp"
#include "regard/lab/session.hpp"

namespace regard::lab {

class BeginFrom {
 public:
  /// The run that the recipe names in [model] from, with the phrase for {phrase}; none where it is
  /// empty. Options of [model] that the recipe does not name, and its phrase, become those of the
  /// run. InputError where there is no such run, or where the recipe names another width or
  /// vocabulary.
  static std::optional<BeginFrom> open(Recipe& recipe);

  /// What data::prepare takes over: tokenizer, longest input, pieces around a text.
  data::Begun begun() const;
  /// Copies every weight that both models have, by name and shape; a longer table of positions
  /// gives its first rows. Returns one sentence that says what was taken, left and made fresh.
  /// InputError where the tables of tokens differ.
  std::string give(models::Model& model) const;

 private:
  explicit BeginFrom(TrainedRun run, std::string folder)
      : run_(std::move(run)), folder_(std::move(folder)) {}

  TrainedRun run_;
  std::string folder_;
};

/// The same for callers that may have none.
inline data::Begun begun_of(const std::optional<BeginFrom>& from) {
  return from ? from->begun() : data::Begun();
}

}  // namespace regard::lab
