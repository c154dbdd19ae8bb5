// Text from a trained language model, one token after another.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "regard/lab/session.hpp"
#include "regard/models/sampling.hpp"

namespace regard::lab {

struct GenerateOptions {
  std::string prompt;
  int64_t length = 300;      // tokens after the prompt
  double temperature = 0.8;  // 0: the likeliest token
  models::Truncation keep = {};
  int64_t seed = 1;
};

struct Generated {
  std::string text;  // without the prompt
  int64_t tokens = 0;
  double seconds = 0;       // reading the prompt included
  int64_t cache_bytes = 0;  // of the model's state at the end
};

/// The parts of a prompt that the tokenizer has no id for, each once: characters, or words between
/// blanks.
std::vector<std::string> unknown_parts(const data::Tokenizer& tokenizer, const std::string& text);

/// The run's step function, which remembers the texts it was given; the run must live as long.
/// InputError, with `who` in front, when it is no language model.
models::Step make_step(const TrainedRun& run, const char* who);

/// The new text, without the prompt. The model sees at most its longest input: beyond it, with a
/// position table, the last half of the window is read anew. `each`, when given, gets every piece
/// as it comes.
Generated generate(const TrainedRun& run, const GenerateOptions& options,
                   const std::function<void(const std::string&)>& each = {});

}  // namespace regard::lab
