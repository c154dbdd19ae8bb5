#include "regard/docgraph/planted.hpp"

#include <algorithm>
#include <numeric>

#include "regard/base/error.hpp"
#include "regard/docgraph/streams.hpp"

namespace regard::docgraph {
namespace {

constexpr int64_t kEntities = 64;
constexpr int kNeither = 2;
const char* const kAttributes[] = {"amber", "blue", "plain"};

template <class T>
void shuffle(std::vector<T>& items, Random& random) {
  for (std::size_t i = items.size(); i > 1; --i)
    std::swap(items[i - 1], items[static_cast<std::size_t>(random.below(i))]);
}

/// `count` attributes, as many of one as of the other, in random order.
std::vector<int> balanced(int64_t count, Random& random) {
  std::vector<int> attributes;
  for (int64_t i = 0; i < count; ++i) attributes.push_back(static_cast<int>(i % 2));
  if (count % 2 == 1) attributes.back() = kNeither;
  shuffle(attributes, random);
  return attributes;
}

std::vector<int64_t> entities(int64_t count, Random& random) {
  std::vector<int64_t> all(kEntities);
  std::iota(all.begin(), all.end(), int64_t{0});
  shuffle(all, random);
  all.resize(static_cast<std::size_t>(count));
  return all;
}

std::string fact(int64_t entity, int attribute) {
  return "Entity" + std::to_string(entity) + " is " + kAttributes[attribute] + ".";
}

struct Draft {
  std::vector<std::string> sentences;  // the first two are the pair
  int32_t label = 0;
};

Draft lookup(int64_t n, Random& random) {
  Draft draft;
  const auto names = entities(n - 1, random);
  auto attributes = balanced(n - 1, random);
  // The first fact answers, so it has an attribute.
  const auto answer =
      std::find_if(attributes.begin(), attributes.end(), [](int a) { return a != kNeither; });
  std::iter_swap(attributes.begin(), answer);
  draft.sentences.push_back("Where is entity" + std::to_string(names[0]) + "?");
  for (std::size_t i = 0; i < names.size(); ++i)
    draft.sentences.push_back(fact(names[i], attributes[i]));
  draft.label = attributes[0];
  return draft;
}

Draft exclusive_or(int64_t n, Random& random) {
  Draft draft;
  const auto names = entities(n - 1, random);
  const bool differ = random.below(2) == 1;
  const int first = static_cast<int>(random.below(2)), second = differ ? 1 - first : first;
  // What is left of n / 2 of each attribute; with n odd the rest has a sentence without one.
  std::vector<int> rest;
  for (int a = 0; a < 2; ++a) {
    const int64_t used = (first == a ? 1 : 0) + (second == a ? 1 : 0);
    rest.insert(rest.end(), static_cast<std::size_t>(n / 2 - used), a);
  }
  if (n % 2 == 1) rest.push_back(kNeither);
  shuffle(rest, random);
  draft.sentences = {fact(names[0], first), fact(names[0], second)};
  for (std::size_t i = 0; i < rest.size(); ++i)
    draft.sentences.push_back(fact(names[i + 1], rest[i]));
  draft.label = differ ? 0 : 1;
  return draft;
}

Document in_random_order(Draft draft, int64_t number, Random& random) {
  std::vector<std::size_t> order(draft.sentences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(order, random);
  Document document;
  document.place = "planted: document " + std::to_string(number + 1);
  document.label = draft.label;
  int64_t pair[2] = {0, 0};
  for (std::size_t at = 0; at < order.size(); ++at) {
    if (order[at] < 2) pair[order[at]] = static_cast<int64_t>(at);
    document.sentences.push_back(draft.sentences[order[at]]);
    document.text += (at > 0 ? " " : "") + document.sentences.back();
  }
  document.planted = {{pair[0], pair[1]}};
  return document;
}

}  // namespace

void PlantedSpec::visit(Visitor& f) {
  f("task", task, "lookup: the attribute that is asked for; xor: do two attributes differ?",
    {"lookup", "xor"});
  f("documents", documents, "how many are made");
  f("sentences", sentences, "sentences of each");
  f("seed", seed, "of the documents");
}

void PlantedSpec::check() const {
  if (documents < 8)
    throw InputError("[planted] documents: at least 8 were expected, and " +
                     std::to_string(documents) + " came");
  if (sentences < 4 || sentences > kEntities)
    throw InputError("[planted] sentences: 4 to " + std::to_string(kEntities) +
                     " were expected, and " + std::to_string(sentences) + " came");
}

Corpus planted_corpus(const PlantedSpec& spec) {
  spec.check();
  Corpus corpus;
  const bool lookups = spec.task == "lookup";
  corpus.classes = lookups ? std::vector<std::string>{"amber", "blue"}
                           : std::vector<std::string>{"differ", "same"};
  for (int64_t i = 0; i < spec.documents; ++i) {
    Random random(static_cast<uint64_t>(spec.seed), kPlantedStream, static_cast<uint64_t>(i));
    auto draft = lookups ? lookup(spec.sentences, random) : exclusive_or(spec.sentences, random);
    corpus.documents.push_back(in_random_order(std::move(draft), i, random));
    corpus.groups.push_back(i);
  }
  return corpus;
}

}  // namespace regard::docgraph
