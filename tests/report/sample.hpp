// A comparison with made-up but plausible numbers, for the tests of the report.
#pragma once

#include <cmath>
#include <string>

#include "regard/base/philox.hpp"
#include "regard/report/comparison.hpp"
#include "regard/report/document.hpp"

namespace regard::report {

inline const Plotly kFakeBundle = {"window.Plotly = { react: function () {} };", ""};

inline int count(const std::string& text, const std::string& what) {
  int n = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}

struct SamplePhrase {
  const char* phrase;
  double loss, seconds, mebibytes;
};

inline Run sample_run(const SamplePhrase& p, int64_t seed, int64_t steps) {
  Random random(static_cast<uint64_t>(seed), RandomStream::kTest,
                static_cast<uint64_t>(1000 * p.loss));
  const auto noise = [&] { return random.uniform() - 0.5; };
  Run run;
  run.phrase = p.phrase;
  run.seed = seed;
  run.finished = true;
  run.seconds = p.seconds * (1 + 0.06 * noise());
  const double level = p.loss + 0.02 * noise();
  for (int64_t step = 0; step <= steps; step += 40) {
    Point point;
    const double t = static_cast<double>(step) / static_cast<double>(steps);
    point.step = static_cast<double>(step);
    point.seconds = run.seconds * t;
    point.tokens = 2048 * point.step;
    point.valid_loss =
        level + (4.17 - level) * std::exp(-7 * std::sqrt(t)) + 0.015 * noise() * (1 - t);
    point.train_loss = point.valid_loss - 0.04 * t + 0.06 * noise();
    point.valid_accuracy = 1.15 - 0.25 * point.valid_loss;
    run.curve.push_back(point);
  }
  run.loss = run.curve.back().valid_loss;
  run.accuracy = 1.15 - 0.25 * run.loss;
  run.parameters = 112193 - (std::string(p.phrase) == "off" ? 16384 : 0);
  run.tokens_per_second = 2048.0 * static_cast<double>(steps) / run.seconds;
  run.peak_memory_bytes = (p.mebibytes + noise()) * 1024 * 1024;
  return run;
}

inline AttentionMap sample_weights(const std::string& title, const std::string& text, int head) {
  AttentionMap map;
  map.title = title;
  map.rows = map.cols = static_cast<int64_t>(text.size());
  for (int64_t i = 0; i < map.rows; ++i) {
    std::vector<double> e(text.size(), 0);
    double sum = 0;
    for (int64_t j = 0; j <= i; ++j) {
      const double same =
          text[static_cast<std::size_t>(i)] == text[static_cast<std::size_t>(j)] ? 2.2 : 0;
      e[static_cast<std::size_t>(j)] =
          std::exp(head == 0 ? -0.4 * static_cast<double>(i - j) : same);
      sum += e[static_cast<std::size_t>(j)];
    }
    for (const double v : e) map.values.push_back(static_cast<float>(v / sum));
  }
  for (const char c : text) map.labels.emplace_back(1, c);
  return map;
}

inline AttentionMap sample_gate(const std::string& title, const std::string& text) {
  AttentionMap map;
  map.title = title;
  map.rows = 1;
  map.cols = static_cast<int64_t>(text.size());
  map.gate = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    map.values.push_back(
        static_cast<float>(std::exp(1.7 * std::sin(0.9 * static_cast<double>(i * i % 17)))));
    map.labels.emplace_back(1, text[i]);
  }
  return map;
}

enum class Task { kLanguageModel, kClassification };

inline void set_task(Comparison& comparison, Task task) {
  const bool classes = task == Task::kClassification;
  comparison.task = classes ? "classification" : "language_model";
  comparison.measure =
      classes ? metrics::Metric{"accuracy"} : metrics::Metric{"loss", false, false};
}

inline Comparison sample_comparison(Task task = Task::kLanguageModel, int64_t seeds = 3) {
  Comparison c;
  c.title =
      task == Task::kLanguageModel ? "Six attentions on tiny Shakespeare" : "Reviews, word by word";
  set_task(c, task);
  c.budget = "800 steps each";
  c.recipe_toml =
      "[model]\nkind = \"language_model\"\nwidth = 64\nlayers = 2\n\n[train]\nsteps = 800\nbatch = "
      "32\nlr = 0.003\n";
  c.environment = {{"device", "cpu, 2 cores, AVX-512"},
                   {"regard", "0.1.0 (b265f5e)"},
                   {"torch", "2.11.0"},
                   {"data", "shakespeare.txt.gz, 1 115 394 characters, last tenth held out"}};
  for (const SamplePhrase& p :
       {SamplePhrase{"softmax", 1.862, 9.6, 412}, SamplePhrase{"window(width=8)", 1.801, 8.8, 396},
        SamplePhrase{"linear", 1.868, 7.9, 371}, SamplePhrase{"hrr", 2.249, 11.4, 352},
        SamplePhrase{"mean", 2.243, 7.2, 349}, SamplePhrase{"off", 2.481, 6.1, 318}}) {
    for (int64_t seed = 1; seed <= seeds; ++seed) c.runs.push_back(sample_run(p, seed, 800));
  }
  const std::string text = "First Citizen:\nBefore we proceed any further, hear me";
  for (const char* layer : {"layer 1", "layer 2"}) {
    for (int head = 0; head < 2; ++head) {
      c.maps.push_back(sample_weights(
          "softmax · " + std::string(layer) + " · head " + std::to_string(head + 1), text, head));
    }
    c.maps.push_back(sample_gate("hrr · " + std::string(layer) + " · head 1", text));
  }
  c.samples =
      "KING RICHARD:\nWhat shall the word that thou hast <seen> & done?\n\nGLOUCESTER:\nThe day is "
      "mine, my lord.";
  return c;
}

}  // namespace regard::report
