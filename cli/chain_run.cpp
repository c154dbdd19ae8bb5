// Texts and log-probabilities of a trained language model, for chain diagnose.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "chain_diagnose.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/philox.hpp"
#include "regard/base/text.hpp"
#include "regard/data/prepare.hpp"
#include "regard/lab/generate.hpp"
#include "regard/models/kinds/language_model.hpp"
#include "regard/run/checkpoint.hpp"
#include "regard/run/signals.hpp"

namespace regard::cli {
namespace {

using Texts = std::vector<std::vector<int32_t>>;  // of outcomes

/// The validation text of the run, or the text that was named, as ids of its tokenizer.
std::vector<int32_t> natural_text(const lab::TrainedRun& run, const std::string& named) {
  std::vector<int32_t> ids;
  const auto encode = [&](const data::Examples& examples) {
    for (int64_t i = 0; i < examples.size(); ++i)
      run.encoding.tokenizer->encode(examples.documents[i], ids);
  };
  if (!named.empty()) {
    data::ReaderSpec reader;
    reader.reader = "text";
    encode(data::read_examples({named}, reader, data::Labels::kNone));
  } else {
    try {
      encode(data::read_parts(run.recipe.data).valid);
    } catch (const InputError& error) {
      throw InputError(std::string("chain diagnose: the run's own text cannot be read (") +
                       error.what() + "); --data names a text for prompts");
    }
  }
  return ids;
}

/// Rows of `length` ids at places drawn from the seed, (rows, length).
at::Tensor pieces(const std::vector<int32_t>& ids, int64_t rows, int64_t length, int64_t seed) {
  auto out = at::empty({rows, length}, at::kLong);
  for (int64_t b = 0; b < rows; ++b) {
    Random random(static_cast<uint64_t>(seed), RandomStream::kChainPrompts,
                  (uint64_t{2} << 48) + static_cast<uint64_t>(b));
    const auto first = random.below(ids.size() - static_cast<std::size_t>(length) + 1);
    for (int64_t t = 0; t < length; ++t)
      out.data_ptr<int64_t>()[b * length + t] = ids[first + static_cast<std::size_t>(t)];
  }
  return out;
}

/// Collects counts and log-probabilities while texts are drawn.
class LogRows {
 public:
  LogRows(const Outcomes& outcomes, int64_t window, const at::Tensor& prompts)
      : outcomes_(outcomes), window_(window) {
    constexpr int64_t kMostRows = 8;
    constexpr double kMostNumbers = 2e7;
    most_ = static_cast<std::size_t>(kMostNumbers / static_cast<double>(outcomes.count()));
    past_.resize(static_cast<std::size_t>(std::min(kMostRows, prompts.size(0))));
    for (std::size_t b = 0; b < past_.size(); ++b) {
      const auto row = prompts[static_cast<int64_t>(b)].contiguous();
      for (int64_t t = 0; t < row.numel(); ++t)
        past_[b].push_back(outcomes.of_id(static_cast<int32_t>(row.const_data_ptr<int64_t>()[t])));
    }
  }
  void look(const at::Tensor& logits) {
    const auto log_p = at::log_softmax(logits.to(at::kCPU, at::kDouble), 1).contiguous();
    for (std::size_t b = 0; b < past_.size() && rows_.size() < most_; ++b) {
      const auto* first = log_p.const_data_ptr<double>() + static_cast<int64_t>(b) * log_p.size(1);
      markov::LogRow row;
      row.last = past_[b].back();
      row.counts.assign(static_cast<std::size_t>(outcomes_.count()), 0);
      const auto from =
          past_[b].size() - std::min(past_[b].size(), static_cast<std::size_t>(window_));
      for (auto t = from; t < past_[b].size(); ++t) {
        if (past_[b][t] < outcomes_.count()) ++row.counts[static_cast<std::size_t>(past_[b][t])];
      }
      for (int32_t i = 0; i < outcomes_.count(); ++i)
        row.log_p.push_back(first[outcomes_.id_of(i)]);
      rows_.push_back(std::move(row));
    }
  }
  void drawn(const std::vector<int32_t>& ids) {
    for (std::size_t b = 0; b < past_.size(); ++b) past_[b].push_back(outcomes_.of_id(ids[b]));
  }
  const std::vector<markov::LogRow>& rows() const { return rows_; }

 private:
  const Outcomes& outcomes_;
  int64_t window_;
  std::size_t most_;
  Texts past_;
  std::vector<markov::LogRow> rows_;
};

/// Mean KL between the laws after a context and after it is shuffled, but for its last token.
double shuffle_kl(const lab::TrainedRun& run, const std::vector<int32_t>& ids, int64_t seed) {
  constexpr int64_t kContexts = 128, kLength = 64;
  const auto length =
      std::min({kLength, run.encoding.max_length, static_cast<int64_t>(ids.size())});
  const auto given = pieces(ids, kContexts, length, seed);
  auto shuffled = given.clone();
  for (int64_t b = 0; b < kContexts; ++b) {
    Random random(static_cast<uint64_t>(seed), RandomStream::kChainPrompts,
                  (uint64_t{3} << 48) + static_cast<uint64_t>(b));
    auto* row = shuffled.data_ptr<int64_t>() + b * length;
    for (int64_t i = length - 2; i > 0; --i)
      std::swap(row[i], row[random.below(static_cast<uint64_t>(i) + 1)]);
  }
  const auto p = at::log_softmax(lab::make_step(run, "chain diagnose")(given).to(at::kDouble), 1),
             q = at::log_softmax(lab::make_step(run, "chain diagnose")(shuffled).to(at::kDouble),
                                 1);
  return (p.exp() * (p - q)).sum(1).mean().item<double>();
}

/// What has been drawn, by name ("base", "0.6"), with the numbers of the log-probabilities.
struct Drawn {
  std::map<std::string, Texts> texts;
  run::State state = run::State::object();
};

void save(const std::filesystem::path& path, const Drawn& drawn, const run::Identity& who) {
  run::Arrays arrays;
  for (const auto& [name, texts] : drawn.texts) {
    std::vector<int32_t> flat;
    for (const auto& text : texts) flat.insert(flat.end(), text.begin(), text.end());
    arrays[name] = run::array(
        flat, {static_cast<int64_t>(texts.size()), static_cast<int64_t>(texts.front().size())});
  }
  run::save_checkpoint(path, arrays, drawn.state, who);
}

Drawn restore(const std::filesystem::path& path, const markov::DiagnoseSpec& spec,
              const run::Identity& who) {
  const auto saved = run::load_checkpoint(path, who);
  Drawn drawn;
  for (const auto& [name, array] : saved.arrays) {
    const auto& flat = run::values_of<int32_t>(saved.arrays, name, {spec.samples, spec.length});
    for (int64_t b = 0; b < spec.samples; ++b)
      drawn.texts[name].emplace_back(flat.begin() + b * spec.length,
                                     flat.begin() + (b + 1) * spec.length);
  }
  for (const char* key : {"alpha", "error", "epsilon", "explained", "contexts", "shuffle_kl"}) {
    if (saved.state.contains(key)) drawn.state[key] = saved.state.at(key);
  }
  return drawn;
}

Texts as_outcomes(const Outcomes& outcomes, const Texts& ids) {
  Texts out = ids;
  for (auto& text : out) {
    for (auto& id : text) id = outcomes.of_id(id);
  }
  return out;
}

/// Draws the texts of a run: at temperature 1 with its log-probabilities, then at each of those
/// asked for. What the checkpoint has is not drawn again.
class Drawing {
 public:
  Drawing(const lab::TrainedRun& run, const markov::DiagnoseSpec& spec, const Outcomes& outcomes,
          const std::vector<int32_t>& natural, const markov::Told& told)
      : run_(run), spec_(spec), outcomes_(outcomes), natural_(natural), told_(told) {
    const int64_t prompt = std::min(spec.prompt, std::max<int64_t>(1, run.encoding.max_length / 2));
    const auto length = static_cast<int64_t>(natural.size());
    if (length < std::max<int64_t>(100, prompt))
      throw InputError(
          "chain diagnose: a text of at least 100 tokens is expected for prompts, and " +
          std::to_string(length) + " came");
    if (spec.samples * (spec.length + spec.window) < 10 * spec.window)
      throw InputError(
          "chain diagnose: --samples texts of --length tokens are expected to be ten windows long "
          "together, and " +
          std::to_string(spec.samples) + " of " + std::to_string(spec.length) +
          " came for a window of " + std::to_string(spec.window));
    prompts_ = pieces(natural, spec.samples, prompt, spec.seed);
  }

  Drawn draw(const run::Folder* folder) {
    auto copy = spec_;
    const run::Identity who{run::to_toml(copy.tables()), spec_.seed, {}};
    if (folder != nullptr && folder->resumes() && std::filesystem::exists(folder->last()))
      drawn_ = restore(folder->last(), spec_, who);
    if (folder != nullptr) write_atomically(folder->path() / "recipe.toml", who.recipe);
    const run::SignalScope signals;
    const auto keep = [&] {
      if (folder != nullptr) save(folder->last(), drawn_, who);
      stop_on_signal();
    };
    if (!drawn_.texts.count("base")) {
      draw_base();
      keep();
    }
    for (std::size_t i = 0; i < spec_.temperatures.size(); ++i) {
      const auto name = shortest(spec_.temperatures[i]);
      if (drawn_.texts.count(name)) continue;
      sample(name, spec_.temperatures[i], spec_.penalty, static_cast<double>(i + 1), {});
      keep();
    }
    return std::move(drawn_);
  }

 private:
  static void stop_on_signal() {
    if (const int signal = run::SignalScope::caught(); signal != 0) throw Interrupted(signal);
  }
  /// `part`: how many rounds were drawn before; `watch` sees what this one draws.
  void sample(const std::string& name, double temperature, double penalty, double part,
              models::SamplingWatch watch) {
    const auto look = watch.logits;
    watch.logits = [&, look](int64_t at, const at::Tensor& logits) {
      if (look) look(at, logits);
      const double share = part + static_cast<double>(at) / static_cast<double>(spec_.length);
      told_(0.7 * share / static_cast<double>(spec_.temperatures.size() + 1),
            "texts at " + shortest(temperature));
      stop_on_signal();
    };
    drawn_.texts[name] = models::sample(
        lab::make_step(run_, "chain diagnose"), prompts_, spec_.length,
        {.temperature = temperature, .penalty = penalty, .seed = static_cast<uint64_t>(spec_.seed)},
        watch);
  }
  void draw_base() {
    LogRows rows(outcomes_, spec_.window, prompts_);
    models::SamplingWatch watch;
    watch.logits = [&](int64_t, const at::Tensor& logits) { rows.look(logits); };
    watch.drawn = [&](int64_t, const std::vector<int32_t>& ids) { rows.drawn(ids); };
    sample("base", 1, 0, 0, watch);
    const auto e = markov::exponent_of(rows.rows(), markov::TextSpec{}.epsilons);
    drawn_.state = {
        {"alpha", e.alpha},       {"error", e.error},
        {"epsilon", e.epsilon},   {"explained", e.explained},
        {"contexts", e.contexts}, {"shuffle_kl", shuffle_kl(run_, natural_, spec_.seed)}};
  }

  const lab::TrainedRun& run_;
  const markov::DiagnoseSpec& spec_;
  const Outcomes& outcomes_;
  const std::vector<int32_t>& natural_;
  const markov::Told& told_;
  at::Tensor prompts_;
  Drawn drawn_;
};

/// All texts as one; between two of them stands a window of what is neither predicted nor counted.
markov::Text joined(const Texts& texts, const Outcomes& outcomes, int64_t window) {
  auto all = outcomes.text({});
  for (const auto& text : texts) {
    all.ids.insert(all.ids.end(), text.begin(), text.end());
    all.ids.insert(all.ids.end(), static_cast<std::size_t>(window),
                   static_cast<int32_t>(outcomes.count()));
  }
  return all;
}

double other_share(const Texts& texts, const Outcomes& outcomes) {
  double others = 0, tokens = 0;
  for (const auto& text : texts) {
    others += static_cast<double>(
        std::count(text.begin(), text.end(), static_cast<int32_t>(outcomes.count())));
    tokens += static_cast<double>(text.size());
  }
  return others / tokens;
}

/// "softmax/seed1": the last two parts of the folder's path.
std::string name_of(const std::string& path) {
  const auto folder =
      std::filesystem::absolute(std::filesystem::path(path) / ".").lexically_normal().parent_path();
  return folder.parent_path().filename().string() + "/" + folder.filename().string();
}

markov::AtTemperature at_temperature(const markov::Diagnosis& d, const markov::DiagnoseSpec& spec,
                                     double temperature, const Texts& texts, int64_t threads) {
  markov::AtTemperature at{
      temperature,
      (d.fit.power.alpha - spec.penalty) / temperature,
      markov::simulate(d, spec, temperature, threads),
      markov::repetition(texts, d.text.outcomes, markov::kOnsetShare * d.spread),
      {}};
  for (const auto& text : texts) {
    auto loop = markov::loop_at_end(text);
    if (!loop.tokens.empty()) at.loops.push_back(std::move(loop));
  }
  return at;
}

}  // namespace

Diagnosed diagnose_run(const markov::DiagnoseSpec& spec, const OpenFolder& open_folder,
                       int64_t threads, const markov::Told& told) {
  const c10::InferenceMode guard;
  const auto run = lab::open_run(spec.path);
  lab::check_command(run, "chain diagnose", "generate");
  auto outcomes = std::make_shared<Outcomes>(run.encoding.tokenizer);
  const auto natural = natural_text(run, spec.data);
  const auto spread =
      markov::mean_effective(outcomes->text(natural).ids, outcomes->count(), markov::kSpreadWindow);
  Drawing drawing(run, spec, *outcomes, natural, told);
  const auto drawn = drawing.draw(open_folder());
  const auto base = as_outcomes(*outcomes, drawn.texts.at("base"));
  auto fit_spec = spec;
  fit_spec.temperatures.clear();
  const auto later = [&](double share, const std::string& what) { told(0.7 + 0.2 * share, what); };
  Diagnosed result{
      markov::diagnose_text(joined(base, *outcomes, spec.window), fit_spec, threads, later),
      outcomes};
  auto& d = result.diagnosis;
  d.of_run = true;
  d.name = name_of(spec.path);
  d.phrase = run.recipe.phrase_text();
  d.spread = spread;
  d.fit.other_share = other_share(base, *outcomes);
  const auto number = [&](const char* key) { return drawn.state.at(key).get<double>(); };
  d.from_log_p = {number("alpha"), number("error"), number("epsilon"), number("explained"),
                  drawn.state.at("contexts").get<int64_t>()};
  d.shuffle_kl = number("shuffle_kl");
  for (const double t : spec.temperatures)
    d.at.push_back(
        at_temperature(d, spec, t, as_outcomes(*outcomes, drawn.texts.at(shortest(t))), threads));
  return result;
}

}  // namespace regard::cli
