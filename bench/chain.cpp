// Tokens a second of the samplers of theory/markov, one thread, as JSON lines; peers:
// bench/peers/chain.py.
//
//   bench_chain [--tokens 256] [--until 20000000] [--sweep]
//
// The chain is written to $OUT or --chain FILE as K x K doubles by columns, so that peers draw from
// the same one.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "regard/base/clock.hpp"
#include "regard/base/files.hpp"
#include "regard/theory/markov/collapse.hpp"
#include "regard/theory/markov/walk.hpp"

namespace {

using namespace regard;

void run(const markov::Chain& chain, const std::string& sampler, int64_t until, int64_t turns) {
  std::vector<int32_t> prompt;
  for (int32_t i = 0; i < chain.tokens; ++i) prompt.push_back(i);
  const markov::Kernel kernel(chain, prompt, {.sampler = sampler});
  double best = 1e300, spread = 0;
  for (int64_t turn = 0; turn < turns; ++turn) {
    const double begin = cpu_seconds_now();
    auto walk = markov::make_walk(kernel, 1, static_cast<uint64_t>(turn), until);
    walk->run_to(until);
    best = std::min(best, cpu_seconds_now() - begin);
    std::vector<double> m;
    for (const auto n : walk->counts())
      m.push_back(static_cast<double>(n) / static_cast<double>(until));
    spread += markov::effective_tokens(m) / static_cast<double>(turns);
  }
  std::printf(
      "{\"case\": \"walk\", \"peer\": \"regard %s\", \"tokens\": %lld, \"until\": %lld, "
      "\"seconds\": %.4f, "
      "\"mtokens_per_second\": %.3f, \"ns_per_token\": %.2f, \"effective_tokens\": %.3f}\n",
      sampler.c_str(), static_cast<long long>(chain.tokens), static_cast<long long>(until), best,
      1e-6 * static_cast<double>(until) / best, 1e9 * best / static_cast<double>(until), spread);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"samplers of theory/markov"};
  int64_t tokens = 256, until = 20'000'000, turns = 3;
  bool sweep = false;
  std::string file;
  app.add_option("--tokens", tokens);
  app.add_option("--until", until);
  app.add_option("--turns", turns);
  app.add_option("--chain", file);
  app.add_flag("--sweep", sweep);
  CLI11_PARSE(app, argc, argv);
  const auto chain = regard::markov::dirichlet_chain(tokens, 1, 1e-4);
  if (!file.empty())
    regard::write_atomically(
        file, {reinterpret_cast<const char*>(chain.p.data()), chain.p.size() * sizeof(double)});
  if (sweep) {
    for (const int64_t t : {100'000, 1'000'000, 10'000'000, 100'000'000})
      run(chain, "alias", t, t <= 10'000'000 ? turns : 1);
    return 0;
  }
  for (const char* sampler : {"alias", "rejection", "scan"})
    run(chain, sampler, sampler == std::string("alias") ? until : until / 4, turns);
  return 0;
}
