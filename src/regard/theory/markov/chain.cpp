#include "regard/theory/markov/chain.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/distributions.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/number.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/tokenizer.hpp"
#include "regard/theory/markov/csv.hpp"

namespace regard::markov {
namespace {

constexpr double kSumTolerance = 1e-6;
constexpr int64_t kMostTokens = 65535;  // a walk keeps its tokens in 16 bits

double sum_of(const Chain& chain, int64_t k, bool transposed) {
  double sum = 0;
  for (int64_t i = 0; i < chain.tokens; ++i) sum += transposed ? chain.at(k, i) : chain.at(i, k);
  return sum;
}

/// The first law whose entries do not sum to 1, or -1.
int64_t first_bad(const Chain& chain, bool transposed) {
  for (int64_t k = 0; k < chain.tokens; ++k) {
    if (!(std::abs(sum_of(chain, k, transposed) - 1) <= kSumTolerance)) return k;
  }
  return -1;
}

void check_sums(const Chain& chain, const std::string& path, Form form) {
  const auto bad = first_bad(chain, false);
  if (bad < 0) return;
  const bool columns = form == Form::kColumns;
  std::string text = path + ": " + (columns ? "column " : "row ") + std::to_string(bad + 1) +
                     ": a law that sums to 1 is expected, and the sum " +
                     shortest(std::round(1e6 * sum_of(chain, bad, false)) / 1e6) + " came";
  if (first_bad(chain, true) < 0) {
    text += columns ? "; the rows sum to 1: --rows reads them as laws"
                    : "; the columns sum to 1: without --rows they are read as laws";
  }
  throw InputError(text);
}

}  // namespace

std::string Chain::label(int64_t token) const {
  return labels.empty() ? std::to_string(token) : labels[static_cast<std::size_t>(token)];
}

int32_t Chain::token(const std::string& name, const std::string& where) const {
  if (!labels.empty()) {
    const auto found = std::find(labels.begin(), labels.end(), name);
    if (found != labels.end()) return static_cast<int32_t>(found - labels.begin());
    throw InputError(where + ": token \"" + name + "\" is none of the chain's" +
                     suggestion(name, labels));
  }
  const auto number = whole_number(name);
  if (!number || *number < 0 || *number >= tokens) {
    throw InputError(where + ": a token from 0 to " + std::to_string(tokens - 1) +
                     " is expected, and \"" + name + "\" came");
  }
  return static_cast<int32_t>(*number);
}

Chain dirichlet_chain(int64_t tokens, uint64_t seed, double least) {
  if (tokens < 2 || tokens > kMostTokens) {
    throw InputError("chain: 2 to " + std::to_string(kMostTokens) + " tokens are expected, and " +
                     std::to_string(tokens) + " came");
  }
  Chain chain{tokens, std::vector<double>(static_cast<std::size_t>(tokens * tokens)), {}};
  for (int64_t k = 0; k < tokens; ++k) {
    Random random(seed, RandomStream::kChain, static_cast<uint64_t>(k));
    auto* column = chain.p.data() + k * tokens;
    double sum = 0, again = 0;
    for (int64_t i = 0; i < tokens; ++i) sum += column[i] = -std::log1p(-random.uniform());
    for (int64_t i = 0; i < tokens; ++i) {
      column[i] = std::max(column[i] / sum, std::min(least, 0.5 / static_cast<double>(tokens)));
      again += column[i];
    }
    for (int64_t i = 0; i < tokens; ++i) column[i] /= again;
  }
  return chain;
}

Chain memoryless_pair(double p) { return {2, {1 - p, p, 1 - p, p}, {}}; }

Chain read_chain(const std::string& path, Form form) {
  auto csv = read_csv(path);
  Chain chain;
  const auto width = csv.rows.front().cells.size();
  if (csv.rows.size() == width + 1) {
    chain.labels = csv.rows.front().cells;
    csv.rows.erase(csv.rows.begin());
    auto sorted = chain.labels;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end() || sorted.front().empty()) {
      throw InputError(path + ": line 1: labels differ and are not empty, and \"" +
                       (twice != sorted.end() ? *twice : "") + "\" came");
    }
  }
  chain.tokens = static_cast<int64_t>(width);
  if (width < 2 || width > kMostTokens) {
    throw InputError(path + ": a chain of 2 to 65535 tokens is expected, and " +
                     std::to_string(width) + " columns came");
  }
  if (csv.rows.size() != width) {
    throw InputError(path + ": as many rows as columns are expected, " + std::to_string(width) +
                     ", and " + std::to_string(csv.rows.size()) + " came");
  }
  chain.p.resize(width * width);
  for (std::size_t r = 0; r < width; ++r) {
    const auto& row = csv.rows[r];
    check_width(row, width, path);
    for (std::size_t c = 0; c < width; ++c) {
      const auto value = real_number(row.cells[c]);
      if (!value || !(*value > 0)) {
        throw InputError(place(path, row) + ": column " + std::to_string(c + 1) +
                         ": a number above 0 is expected, and \"" + row.cells[c] + "\" came");
      }
      const auto next = form == Form::kColumns ? r : c, last = form == Form::kColumns ? c : r;
      chain.p[last * width + next] = *value;
    }
  }
  check_sums(chain, path, form);
  return chain;
}

std::vector<int32_t> parse_prompt(const std::string& text, const Chain& chain,
                                  const std::string& where) {
  std::vector<int32_t> prompt;
  data::for_each_word(text, [&](std::string_view word) {
    prompt.push_back(chain.token(std::string(word), where));
  });
  if (prompt.empty()) throw InputError(where + ": at least one token is expected");
  return prompt;
}

}  // namespace regard::markov
