// Does the chain explain a text, or the texts of a model, and when does it say that repetition
// begins?
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "regard/base/json.hpp"
#include "regard/report/document.hpp"
#include "regard/run/recipe.hpp"
#include "regard/theory/markov/exponent.hpp"
#include "regard/theory/markov/repetition.hpp"
#include "regard/theory/markov/text_model.hpp"

namespace regard::markov {

/// The table [diagnose] of a recipe.
struct DiagnoseSpec {
  std::string path;
  std::string data;  // of a run: a text for prompts; empty: its own validation text
  int64_t window = 256, samples = 16, length = 1000, prompt = 32, seed = 1;
  std::vector<double> temperatures = {0.4, 0.6, 0.8, 1};
  double penalty = 0;  // count penalty of sampling
  run::Tables tables();
  /// InputError for what has no meaning.
  void check() const;
};

/// What happens at one temperature: in simulations of the fitted chain and, of a run, in its own
/// samples.
struct AtTemperature {
  double temperature = 1;
  double power = 0;  // (alpha - penalty) / T: above 1 the chain collapses
  Repetition predicted, measured;
  std::vector<Loop> loops;  // of the measured texts that end in one
};

struct Diagnosis {
  std::string name;  // of the text or the run
  bool of_run = false;
  Text text;
  TextFit fit;
  double bigram_control = 0,
         bigram_control_error = 0;  // alpha of a text drawn from the fitted bigram
  double shuffled_control = 0, shuffled_control_error = 0;  // alpha of the text in another order
  double spread = 0;                                        // mean N_eff of 64 tokens of the text
  std::vector<AtTemperature> at;
  // Of a run:
  std::string phrase;
  Exponent from_log_p;
  double shuffle_kl = 0;  // mean KL, in nats, when the context but its last token is shuffled
};

/// Fits and simulates; `told` hears what is at work, with the share that is done.
using Told = std::function<void(double share, const std::string& what)>;
Diagnosis diagnose_text(Text text, const DiagnoseSpec& spec, int64_t threads, const Told& told);

/// Texts of the fitted chain at a temperature, after prompts of the text.
Repetition simulate(const Diagnosis& d, const DiagnoseSpec& spec, double temperature,
                    int64_t threads);

std::string verdict(const Diagnosis& d);
report::Table model_table(const Diagnosis& d);
report::Table temperature_table(const Diagnosis& d);
/// Ids as words of the text, for people.
using Decode = std::function<std::string(const std::vector<int32_t>& ids)>;
std::vector<std::string> loop_sentences(const Diagnosis& d, const Decode& decode);
Json to_json(const Diagnosis& d, const Decode& decode);

using Environment = std::vector<std::pair<std::string, std::string>>;
report::Document page(const Diagnosis& d, const DiagnoseSpec& spec, const Decode& decode,
                      const Environment& environment);

}  // namespace regard::markov
