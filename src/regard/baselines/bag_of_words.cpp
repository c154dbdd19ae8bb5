#include "regard/baselines/bag_of_words.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"

namespace regard::baselines {
namespace {

constexpr double kFirstC = 16, kOtherC[] = {4, 64};

bool better(const Marks& marks, const Choice& than) {
  if (marks.accuracy != than.accuracy) return marks.accuracy > than.accuracy;
  return marks.loss < than.loss;
}

}  // namespace

Marks mark(std::span<const double> probabilities, std::span<const int32_t> labels) {
  if (labels.empty() || probabilities.size() % labels.size() != 0)
    throw InputError("bag of words: probabilities of each label for each row were expected");
  const auto k = probabilities.size() / labels.size();
  Marks marks;
  double right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto p = probabilities.subspan(i * k, k);
    const auto likeliest = std::max_element(p.begin(), p.end()) - p.begin();
    marks.answers.push_back(static_cast<int32_t>(likeliest));
    right += likeliest == labels[i] ? 1 : 0;
    marks.loss -= std::log(std::max(p[static_cast<std::size_t>(labels[i])], 1e-300));
  }
  const auto n = static_cast<double>(labels.size());
  marks.accuracy = right / n;
  marks.loss /= n;
  return marks;
}

// Keeps what it fits when the validation rows like it better.
void BagOfWords::choose(const Logistic::Problem& problem, const SparseRows& valid_rows,
                        std::span<const int32_t> labels, Choice option) {
  const bool same_rows = logistic_ != nullptr && choice_.frequency == option.frequency;
  auto fitted =
      std::make_unique<Logistic>(problem, option.c, same_rows ? logistic_.get() : nullptr);
  const auto marks = mark(fitted->probabilities(valid_rows), labels);
  if (logistic_ != nullptr && !better(marks, choice_)) return;
  choice_ = {option.c, option.frequency, marks.accuracy, marks.loss};
  logistic_ = std::move(fitted);
}

BagOfWords::BagOfWords(const Labelled& train, const Labelled& valid, int64_t classes)
    : tfidf_(train.texts, &counts_) {
  const auto valid_counts = tfidf_.counts(valid.texts);
  const auto try_all = [&](Frequency frequency, std::span<const double> all) {
    const Logistic::Problem problem(tfidf_.weigh(counts_, frequency), train.labels,
                                    tfidf_.columns(), classes);
    const auto rows = tfidf_.weigh(valid_counts, frequency);
    for (const double c : all) choose(problem, rows, valid.labels, {c, frequency});
  };
  try_all(Frequency::kCount, {&kFirstC, 1});
  try_all(Frequency::kSublinear, {&kFirstC, 1});
  try_all(choice_.frequency, kOtherC);
  counts_ = {};
}

std::vector<double> BagOfWords::probabilities(const Texts& texts) const {
  return logistic_->probabilities(tfidf_.weigh(tfidf_.counts(texts), choice_.frequency));
}

}  // namespace regard::baselines
