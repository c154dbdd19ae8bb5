#include "regard/lab/words_baseline.hpp"

#include <cmath>
#include <cstdio>
#include <limits>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/baselines/bag_of_words.hpp"

namespace regard::lab {
namespace fs = std::filesystem;

namespace {

constexpr const char* kFile = "bag_of_words.json";
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

baselines::Labelled labelled(data::Examples& examples, const std::vector<std::string>& classes) {
  data::map_labels(examples, classes);
  baselines::Labelled rows{{{}, examples.pairs ? 2 : 1}, examples.labels};
  for (int64_t i = 0; i < examples.size(); ++i) {
    if (examples.pairs) {
      for (const auto text : examples.texts(i)) rows.texts.views.push_back(text);
    } else {
      rows.texts.views.push_back(examples.documents[i]);
    }
  }
  return rows;
}

std::string right_of(const std::vector<int32_t>& answers, const std::vector<int32_t>& labels) {
  std::string right;
  for (std::size_t i = 0; i < labels.size(); ++i) right += answers[i] == labels[i] ? '1' : '0';
  return right;
}

void write_words(const fs::path& folder, const WordsResult& r) {
  const Json json = {{"c", r.c},
                     {"sublinear", r.sublinear},
                     {"columns", r.columns},
                     {"valid_loss", r.valid_loss},
                     {"valid_accuracy", r.valid_accuracy},
                     {"test_loss", finite_or_null(r.test_loss)},
                     {"test_accuracy", finite_or_null(r.test_accuracy)},
                     {"seconds", r.seconds},
                     {"valid_right", r.right.valid},
                     {"test_right", r.right.test}};
  write_atomically(folder / kFile, json.dump(2) + "\n");
}

}  // namespace

bool wants_words(const Recipe& recipe, const data::Encoding& encoding) {
  if (recipe.run.baseline == "off" || encoding.task->targets() != data::Targets::kExample ||
      encoding.is_image())
    return false;
  for (const auto* paths : {&recipe.data.train, &recipe.data.valid, &recipe.data.test}) {
    for (const auto& path : *paths) {
      const auto kind = fs::status(path).type();
      if (kind == fs::file_type::fifo || kind == fs::file_type::character) return false;
    }
  }
  const auto name = encoding.tokenizer->name();
  return name.ends_with("words") || name.ends_with("piece") || name == "character";
}

namespace {

WordsResult fitted(const Recipe& recipe) {
  const double start = seconds_now();
  auto parts = data::read_parts(recipe.data);
  const auto classes = parts.train.label_names;
  const auto train = labelled(parts.train, classes), valid = labelled(parts.valid, classes);
  const baselines::BagOfWords model(train, valid, static_cast<int64_t>(classes.size()));
  const auto& choice = model.choice();
  WordsResult r;
  r.c = choice.c;
  r.sublinear = choice.frequency == baselines::Frequency::kSublinear;
  r.columns = model.columns();
  r.valid_loss = choice.loss;
  r.valid_accuracy = choice.accuracy;
  const auto answered = baselines::mark(model.probabilities(valid.texts), valid.labels);
  r.right.valid = right_of(answered.answers, valid.labels);
  r.test_loss = r.test_accuracy = kNan;
  if (parts.test.size() > 0) {
    const auto test = labelled(parts.test, classes);
    const auto marks = baselines::mark(model.probabilities(test.texts), test.labels);
    r.test_loss = marks.loss;
    r.test_accuracy = marks.accuracy;
    r.right.test = right_of(marks.answers, test.labels);
  }
  r.seconds = seconds_now() - start;
  return r;
}

}  // namespace

std::optional<WordsResult> fit_words(const Recipe& recipe, const fs::path& folder) {
  if (auto before = read_words(folder)) return before;
  try {
    const auto result = fitted(recipe);
    write_words(folder, result);
    return result;
  } catch (const InputError& error) {
    std::fprintf(stderr, "no bag of words beside it: %s\n", error.what());
    return std::nullopt;
  }
}

std::optional<WordsResult> read_words(const fs::path& folder) {
  const auto path = folder / kFile;
  if (!fs::exists(path)) return std::nullopt;
  const auto json = Json::parse(read_file(path), nullptr, false);
  if (!json.is_object())
    throw InputError(path.string() + ": the result of a bag of words was expected");
  const auto real = [&](const char* key) {
    return json.contains(key) && json[key].is_number() ? json[key].get<double>() : kNan;
  };
  WordsResult r;
  r.c = real("c");
  r.sublinear = json.value("sublinear", false);
  r.columns = json.value("columns", int64_t{0});
  r.valid_loss = real("valid_loss");
  r.valid_accuracy = real("valid_accuracy");
  r.test_loss = real("test_loss");
  r.test_accuracy = real("test_accuracy");
  r.seconds = real("seconds");
  r.right = {json.value("valid_right", ""), json.value("test_right", "")};
  return r;
}

std::string words_line(const WordsResult& r) {
  char text[160];
  std::snprintf(text, sizeof text, "bag of words: validation loss %.4f nats, accuracy %.2f %%",
                r.valid_loss, 100 * r.valid_accuracy);
  std::string line = text;
  if (std::isfinite(r.test_accuracy)) {
    std::snprintf(text, sizeof text, "; test loss %.4f, accuracy %.2f %%", r.test_loss,
                  100 * r.test_accuracy);
    line += text;
  }
  return line + "; " + human_seconds(r.seconds) + ", " + std::to_string(r.columns) +
         " words and pairs, C " + shortest(r.c);
}

report::Run words_run(const WordsResult& r) {
  report::Run run;
  run.phrase = report::kBagOfWords;
  run.loss = r.valid_loss;
  run.accuracy = r.valid_accuracy;
  run.test_loss = r.test_loss;
  run.test_accuracy = r.test_accuracy;
  run.parameters = static_cast<double>(r.columns);
  run.seconds = r.seconds;
  run.finished = true;
  run.any_seed = true;
  return run;
}

std::vector<report::AgainstWords> against_words(const WordsResult& words,
                                                const std::vector<PhraseFolders>& phrases) {
  const bool test = !words.right.test.empty();
  const auto& theirs = test ? words.right.test : words.right.valid;
  std::vector<report::AgainstWords> all;
  for (const auto& [phrase, folders] : phrases) {
    std::vector<double> differences(theirs.size());
    int64_t seeds = 0;
    for (const auto& folder : folders) {
      const auto right = read_right(folder);
      const auto& ours = test ? right.test : right.valid;
      if (ours.size() != theirs.size()) continue;  // a run of an earlier release has no answers
      ++seeds;
      for (std::size_t i = 0; i < ours.size(); ++i) differences[i] += ours[i] - theirs[i];
    }
    if (seeds == 0 || theirs.empty()) continue;
    for (auto& d : differences) d /= static_cast<double>(seeds);
    all.push_back({.phrase = phrase,
                   .part = test ? "test" : "validation",
                   .examples = static_cast<int64_t>(theirs.size()),
                   .seeds = seeds,
                   .difference = report::bootstrap(differences)});
  }
  return all;
}

}  // namespace regard::lab
