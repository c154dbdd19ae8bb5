// Translations by a trained run, and a translation model as the training loop sees it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "regard/lab/session.hpp"
#include "regard/metrics/translation_scores.hpp"
#include "regard/models/kinds/sequence_to_sequence.hpp"

namespace regard::lab {

struct TranslateOptions {
  models::BeamOptions beam;      // a beam of 1 is greedy
  bool sample = false;           // draw instead
  double temperature = 1;        // of drawing
  models::Truncation keep = {};  // likewise
  int64_t seed = 1;              // likewise
  bool alignment = false;        // tell what cross attention looks at
};

struct Translation {
  std::string text;
  double score = 0, log_probability = 0;
  std::vector<std::string> tokens;  // of the text
  /// (token of the text, token of the source that its cross attention looks at most, averaged over
  /// layers and heads). Empty unless asked for, and without cross attention.
  std::vector<std::pair<int64_t, int64_t>> alignment;
};

/// The translations of a line, the best first; an empty line has the empty one. `source`: its
/// tokens, where alignment is asked for.
struct TranslatedLine {
  std::vector<Translation> best;
  std::vector<std::string> source;
};

/// InputError for numbers out of range, and for more best ones than the beam has texts.
void check(const TranslateOptions& options);

/// The lines of files, or of standard input ("-"), in their order. InputError for a run that is no
/// translation, and for a line longer than the model's places.
std::vector<TranslatedLine> translate(const TrainedRun& run, const std::vector<std::string>& paths,
                                      const TranslateOptions& options);

/// The translation of every example of `dataset`, in its order.
std::vector<std::vector<models::Hypothesis>> translate_all(models::SequenceToSequence& model,
                                                           const data::Dataset& dataset,
                                                           const data::Encoding& encoding,
                                                           int64_t rows,
                                                           const TranslateOptions& options);

/// Defaults that a translation has instead of the recipe's: sinusoids, sqrt(width), label
/// smoothing.
void fit_to_translation(Recipe& recipe, const data::Encoding& encoding);

/// Measures what the model writes: BLEU and chrF of greedy translations, or by a beam.
class TranslationLearner final : public ModelLearner {
 public:
  TranslationLearner(std::shared_ptr<models::Model> model, const data::Encoding& encoding)
      : ModelLearner(std::move(model), encoding), encoding_(encoding) {}
  /// What the next evaluations are of, and how wide they search.
  void judge_by(std::shared_ptr<const data::Dataset> dataset, int64_t beam) {
    dataset_ = std::move(dataset);
    beam_ = beam;
  }
  nn::Loss loss(const nn::Batch& batch) override;
  nn::BatchScore score(const nn::Batch& batch) override;
  std::vector<double> scores(const metrics::Predictions&) const override;
  /// Of the last evaluation, by example; empty where it had none.
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  data::Encoding encoding_;
  std::shared_ptr<const data::Dataset> dataset_;
  int64_t beam_ = 1;
  mutable std::vector<nn::Batch> batches_;  // of the evaluation that goes on
  mutable std::vector<std::string> texts_;
};

/// A learner with the measures of its task. `dataset` is what it is evaluated on.
std::unique_ptr<ModelLearner> make_learner(const std::shared_ptr<models::Model>& model,
                                           const data::Encoding& encoding,
                                           std::shared_ptr<const data::Dataset> dataset,
                                           int64_t beam = 1);

/// What the scores need of two files of lines. InputError for unequal numbers of lines, and for
/// text that is no UTF-8.
metrics::TranslationCounts score_files(const std::string& translations,
                                       const std::string& references);

/// samples.txt of a run: its scores with their intervals, then some of its translations beside
/// sources and references. "" where there is none.
void write_samples(const std::filesystem::path& folder, const std::vector<std::string>& texts,
                   const data::Dataset& dataset, const std::string& part);
std::string read_samples(const std::filesystem::path& folder);

}  // namespace regard::lab
