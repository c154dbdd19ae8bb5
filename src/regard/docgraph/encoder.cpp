#include "regard/docgraph/encoder.hpp"

#include "regard/base/error.hpp"
#include "regard/docgraph/hash_encoder.hpp"
#include "regard/docgraph/lsa.hpp"

namespace regard::docgraph {

void EncoderSpec::visit(Visitor& f) {
  f("kind", kind,
    "lsa: leading singular vectors of weighted word counts; hash: sums of random word vectors; "
    "file: vectors of your own; auto: lsa where the build has it",
    {"auto", "lsa", "hash", "file"});
  f("width", width, "numbers of a sentence; heads divide it");
  f("seed", seed, "of the random word vectors, and of the sample that lsa learns from");
  f("least", least, "lsa: sentences that a word is in, to count");
  f("most", most, "lsa: training sentences that it learns from, at most");
  f("cache", cache, "lsa: a folder that keeps what was learned, by its sentences (empty: none)");
}

void EncoderSpec::check() const {
  const auto need = [](int64_t value, int64_t from, const char* name) {
    if (value >= from) return;
    throw InputError(std::string("[vectors] ") + name + ": at least " + std::to_string(from) +
                     " was expected, and " + std::to_string(value) + " came");
  };
  need(width, 1, "width");
  need(least, 1, "least");
  need(most, 1, "most");
  need(seed, 0, "seed");
}

Chosen choose_kind(const std::string& kind) {
  if (kind != "auto") return {kind, ""};
  if (has_spectra()) return {"lsa", ""};
  return {"hash", "vectors: hash in place of lsa, since " + std::string(kNoSpectra)};
}

std::unique_ptr<Encoder> make_encoder(const EncoderSpec& spec,
                                      std::span<const std::string> training) {
  spec.check();
  const auto kind = choose_kind(spec.kind).kind;
  if (kind == "lsa") return std::make_unique<Lsa>(spec, training);
  if (kind == "hash")
    return std::make_unique<HashEncoder>(spec.width, static_cast<uint64_t>(spec.seed));
  throw InputError("vectors from a file: --vectors FILE was expected");
}

std::unique_ptr<Encoder> make_encoder(const EncoderState& state) {
  if (state.kind == "lsa") return std::make_unique<Lsa>(state);
  if (state.kind == "hash" && state.width > 0)
    return std::make_unique<HashEncoder>(state.width, static_cast<uint64_t>(state.seed));
  throw InputError("an encoder lsa or hash was expected, and \"" + state.kind + "\" came");
}

}  // namespace regard::docgraph
