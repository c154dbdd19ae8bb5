// Which kernel would run for a phrase on a problem, why not the others, and what the forward pass
// costs.
#pragma once

#include <string>
#include <vector>

#include "regard/attention/phrase.hpp"
#include "regard/base/json.hpp"

namespace regard::lab {

struct Question {
  std::string phrase, dtype = "fp32", device = "cpu";
  ops::Problem problem{.batch = 1,
                       .heads = 8,
                       .kv_heads = 0,  // 0: as many as heads
                       .queries = 1024,
                       .keys = 0,  // 0: as many as queries
                       .width = 64,
                       .graph = {}};
  bool causal = false;
};

struct Explanation {
  attention::Phrase phrase;
  std::vector<ops::Candidate> kernels;
  std::vector<ops::Candidate> fusions;  // with the projections, in a model
  std::vector<ops::Candidate> step;     // of a training step around attention
  attention::Cost cost;
  double choice_flops = 0;  // of choosing edges, in a model of heads x width; 0: nothing is chosen
  int64_t choices = 0;      // one after another
  std::string note;         // why something could not be asked here; "" without
};

/// A GPU can be asked where there is none. InputError for a type, a device or a size that is none.
Explanation explain(const Question& question);

Json to_json(const Explanation& explanation);
std::string to_text(const Explanation& explanation);

}  // namespace regard::lab
