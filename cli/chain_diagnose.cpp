// chain diagnose: does the chain explain a text, or why a trained model repeats itself?
#include "chain_diagnose.hpp"

#include <cstdio>

#include "chain.hpp"
#include "flags.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/data/readers/reader.hpp"
#include "regard/report/table.hpp"
#include "regard/run/machine.hpp"
#include "regard/run/progress.hpp"

namespace regard::cli {

markov::Text Outcomes::text(const std::vector<int32_t>& ids) const {
  constexpr int64_t kMost = 4000;
  if (count() > kMost)
    throw InputError(
        "diagnose: at most " + std::to_string(kMost) +
        " different tokens are expected, since the chain has a number for each pair, and " +
        std::to_string(count()) + " came; a smaller --vocabulary takes fewer");
  markov::Text text{{}, count(), {}};
  text.ids.reserve(ids.size());
  for (const auto id : ids) text.ids.push_back(of_id(id));
  for (int32_t i = 0; i < count(); ++i) text.labels.push_back(tokenizer_->label(id_of(i)));
  return text;
}

namespace {
namespace fs = std::filesystem;

const std::vector<OptionFlags::Flag> kDiagnoseFlags = {{"--data", "diagnose", "data"},
                                                       {"--window", "diagnose", "window"},
                                                       {"--temperature", "diagnose", "temperature"},
                                                       {"--penalty", "diagnose", "penalty"},
                                                       {"--samples", "diagnose", "samples"},
                                                       {"--length", "diagnose", "length"},
                                                       {"--prompt-length", "diagnose", "prompt"},
                                                       {"--seed", "diagnose", "seed"}};

Diagnosed of_text(const markov::DiagnoseSpec& spec, const TextFlags& flags, int64_t threads,
                  const markov::Told& told) {
  data::ReaderSpec reader;
  reader.reader = "text";
  reader.encoding = flags.encoding;
  if (flags.tokenizer == "byte") reader.unmarked = data::Unmarked::kAnyBytes;
  const auto examples = data::read_examples({spec.path}, reader, data::Labels::kNone);
  data::TokenizerSpec how;
  how.tokenizer = flags.tokenizer;
  how.vocabulary = flags.vocabulary;
  const auto tokenizer = data::make_tokenizer(how, examples);
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < examples.size(); ++i) tokenizer->encode(examples.documents[i], ids);
  auto outcomes = std::make_shared<Outcomes>(tokenizer);
  return {markov::diagnose_text(outcomes->text(ids), spec, threads, told), outcomes};
}

void print(const Diagnosed& result, const markov::Decode& decode) {
  const auto& d = result.diagnosis;
  std::printf("%s\n\n", markov::verdict(d).c_str());
  for (const auto& table : {markov::model_table(d), markov::temperature_table(d)}) {
    std::printf("%s", report::to_text(table).c_str());
    for (const auto& note : table.notes) std::printf("%s\n", note.c_str());
    std::printf("\n");
  }
  if (!d.of_run) return;
  std::printf(
      "From the log-probabilities, with the last token fixed: exponent %.3f ± %.3f (%.1f %% of "
      "what varies).\n"
      "Shuffling the context but its last token: %.4f nats of KL; a chain says 0.\n",
      d.from_log_p.alpha, 1.96 * d.from_log_p.error, 100 * d.from_log_p.explained, d.shuffle_kl);
  for (const auto& said : markov::loop_sentences(d, decode)) std::printf("%s\n", said.c_str());
}

}  // namespace

void add_chain_diagnose(CLI::App& chain) {
  auto* command = chain.add_subcommand(
      "diagnose", "does the chain explain a text, or the texts of a trained model?");
  command->footer(
      "Examples:\n"
      "  regard chain diagnose book.txt --tokenizer words --vocabulary 500\n"
      "  regard chain diagnose runs/book --temperature 0.4,0.6,0.8,1 --out runs/book-chain\n"
      "The chain is a one-layer caricature: a bigram whose next token is weighed by its count.");
  struct State {
    std::string path, out;
    TextFlags text;
    bool json = false, resume = false;
    int64_t threads = 0;
  };
  auto s = std::make_shared<State>();
  command->add_option("path", s->path, "a text, or the folder of a trained language model");
  command
      ->add_option("--tokenizer", s->text.tokenizer,
                   "of a text: words, icu_words, character or byte")
      ->capture_default_str()
      ->check(CLI::IsMember({"words", "icu_words", "character", "byte"}));
  add_number(*command, "--vocabulary", s->text.vocabulary,
             "words of a text: how many of the most frequent are tokens")
      ->capture_default_str();
  command
      ->add_option("--encoding", s->text.encoding,
                   "of a text: auto, utf-8, utf-16, latin-1, windows-1252, ...")
      ->capture_default_str();
  markov::DiagnoseSpec defaults;
  auto flags = std::make_shared<OptionFlags>(*command, defaults.tables(), kDiagnoseFlags);
  command->add_option("--out", s->out, "folder for report.html and result.json");
  command->add_flag("--resume", s->resume, "of a run: go on from the last checkpoint in --out");
  command->add_flag("--json", s->json, "one JSON object");
  add_number(*command, "--threads", s->threads, "fits and texts at once; 0: one on each core");
  command->callback([=] {
    const auto threads = thread_count(s->threads);
    if (s->resume && s->out.empty())
      throw InputError("chain diagnose: --resume needs the folder, --out");
    markov::DiagnoseSpec spec;
    if (s->resume) run::read_recipe(fs::path(s->out) / "recipe.toml", spec.tables());
    flags->apply(spec.tables());
    if (!s->path.empty()) spec.path = s->path;
    if (spec.path.empty()) throw InputError("chain diagnose: a text or a run folder is expected");
    spec.check();
    const bool of_run = fs::is_directory(spec.path);
    run::Progress progress("chain diagnose");
    const markov::Told told = [&](double share, const std::string& what) {
      progress.show(share, what);
    };
    std::unique_ptr<run::Folder> folder;
    const OpenFolder open = [&]() -> const run::Folder* {
      if (s->out.empty()) return nullptr;
      folder = std::make_unique<run::Folder>(
          s->out, s->resume ? run::Folder::Open::kResume : run::Folder::Open::kNew);
      return folder.get();
    };
    const auto result =
        of_run ? diagnose_run(spec, open, threads, told) : of_text(spec, s->text, threads, told);
    if (!of_run) open();
    const markov::Decode decode = [&](const std::vector<int32_t>& ids) {
      return result.outcomes->decode(ids);
    };
    const auto json = markov::to_json(result.diagnosis, decode)
                          .dump(-1, ' ', false, Json::error_handler_t::replace);
    if (s->json) {
      std::printf("%s\n", json.c_str());
    } else {
      print(result, decode);
    }
    if (!folder) return;
    auto copy = spec;
    write_atomically(fs::path(s->out) / "recipe.toml", run::to_toml(copy.tables()));
    write_atomically(fs::path(s->out) / "result.json", json + "\n");
    report::write_document(markov::page(result.diagnosis, spec, decode, run::machine_facts()),
                           fs::path(s->out) / "report.html");
    std::fprintf(stderr, "regard: wrote %s/report.html\n", s->out.c_str());
  });
}

}  // namespace regard::cli
