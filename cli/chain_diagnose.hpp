// chain diagnose, shared by its two sources: a text, and a trained run.
#pragma once

#include <memory>

#include "regard/data/readers/tokenizer.hpp"
#include "regard/run/folder.hpp"
#include "regard/theory/markov/diagnose.hpp"

namespace regard::cli {

/// A tokenizer's ids as outcomes of a chain: the id that stands for every other is no outcome and
/// comes last.
class Outcomes {
 public:
  explicit Outcomes(std::shared_ptr<const data::Tokenizer> tokenizer)
      : tokenizer_(std::move(tokenizer)), unknown_(tokenizer_->unknown()) {}
  int64_t count() const { return tokenizer_->vocabulary() - (unknown_ >= 0 ? 1 : 0); }
  int32_t of_id(int32_t id) const {
    if (unknown_ < 0) return id;
    return id == unknown_ ? static_cast<int32_t>(count()) : id > unknown_ ? id - 1 : id;
  }
  int32_t id_of(int32_t outcome) const {
    if (unknown_ < 0) return outcome;
    return outcome == count() ? unknown_ : outcome >= unknown_ ? outcome + 1 : outcome;
  }
  std::string decode(const std::vector<int32_t>& outcomes) const {
    std::vector<int32_t> ids;
    for (const auto outcome : outcomes) ids.push_back(id_of(outcome));
    return tokenizer_->decode(ids);
  }
  /// InputError for a vocabulary beyond what a chain of pairs can hold.
  markov::Text text(const std::vector<int32_t>& ids) const;

 private:
  std::shared_ptr<const data::Tokenizer> tokenizer_;
  int32_t unknown_;
};

/// How a text is read.
struct TextFlags {
  std::string tokenizer = "words", encoding = "auto";
  int64_t vocabulary = 500;
};

struct Diagnosed {
  markov::Diagnosis diagnosis;
  std::shared_ptr<Outcomes> outcomes;
};

/// A trained language model: its own texts, its log-probabilities, and the chain fitted to them.
/// `open` gives the folder once all input is found right (or null); the run goes on from the last
/// temperature that was finished in it.
using OpenFolder = std::function<const run::Folder*()>;
Diagnosed diagnose_run(const markov::DiagnoseSpec& spec, const OpenFolder& open, int64_t threads,
                       const markov::Told& told);

}  // namespace regard::cli
