#include "regard/metrics/bleu.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "regard/metrics/white_space.hpp"

namespace regard::metrics {
namespace {

constexpr double kLogOfZero = -9999999999.0;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_stop(char c) { return c == '.' || c == ','; }

// Punctuation of ASCII but ' , - .
bool stands_alone(char c) {
  return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/// Rewrites each pair of neighbours for which `matches` holds, from the left, without overlap.
template <class Matches, class Write>
std::string rewrite_pairs(const std::string& line, const Matches& matches, const Write& write) {
  std::string out;
  std::size_t i = 0;
  for (; i + 1 < line.size(); ++i) {
    if (matches(line[i], line[i + 1])) {
      write(out, line[i], line[i + 1]);
      ++i;
    } else {
      out += line[i];
    }
  }
  if (i < line.size()) out += line[i];
  return out;
}

using Ngrams = std::map<std::vector<std::string_view>, int64_t>;

Ngrams ngrams_of(const std::vector<std::string_view>& tokens, std::size_t order) {
  Ngrams counts;
  for (std::size_t i = 0; i + order <= tokens.size(); ++i) {
    const auto first = tokens.begin() + static_cast<std::ptrdiff_t>(i);
    ++counts[{first, first + static_cast<std::ptrdiff_t>(order)}];
  }
  return counts;
}

}  // namespace

BleuCounts& BleuCounts::operator+=(const BleuCounts& other) {
  for (std::size_t n = 0; n < kOrders; ++n) {
    matches[n] += other.matches[n];
    ngrams[n] += other.ngrams[n];
  }
  length += other.length;
  reference_length += other.reference_length;
  return *this;
}

// The steps of mteval-v13a as sacrebleu orders them; all of their characters are ASCII, so that
// bytes can stand for characters.
std::string tokenize_13a(std::string_view given) {
  std::string text(given);
  replace_all(text, "<skipped>", "");
  replace_all(text, "-\n", "");
  replace_all(text, "\n", " ");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
  std::string line = " ";
  for (const char c : " " + text + " ") {
    if (stands_alone(c)) {
      line += {' ', c, ' '};
    } else {
      line += c;
    }
  }
  line = rewrite_pairs(
      line, [](char a, char b) { return !is_digit(a) && is_stop(b); },
      [](std::string& out, char a, char b) {
        out += {a, ' ', b, ' '};
      });
  line = rewrite_pairs(
      line, [](char a, char b) { return is_stop(a) && !is_digit(b); },
      [](std::string& out, char a, char b) {
        out += {' ', a, ' ', b};
      });
  line = rewrite_pairs(
      line, [](char a, char b) { return is_digit(a) && b == '-'; },
      [](std::string& out, char a, char b) {
        out += {a, ' ', b, ' '};
      });
  std::string tokens;
  for (const auto token : split_at_white_space(line)) {
    if (!tokens.empty()) tokens += ' ';
    tokens += token;
  }
  return tokens;
}

BleuCounts bleu_counts(std::string_view translation, std::string_view reference) {
  const auto said = tokenize_13a(without_end(translation));
  const auto meant = tokenize_13a(without_end(reference));
  const auto tokens = split_at_white_space(said), right = split_at_white_space(meant);
  BleuCounts counts;
  counts.length = static_cast<int64_t>(tokens.size());
  counts.reference_length = static_cast<int64_t>(right.size());
  for (std::size_t n = 0; n < BleuCounts::kOrders; ++n) {
    const auto wanted = ngrams_of(right, n + 1);
    for (const auto& [ngram, count] : ngrams_of(tokens, n + 1)) {
      counts.ngrams[n] += count;
      const auto found = wanted.find(ngram);
      if (found != wanted.end()) counts.matches[n] += std::min(count, found->second);
    }
  }
  return counts;
}

double bleu(const BleuCounts& counts) {
  const auto& matches = counts.matches;
  if (std::all_of(matches.begin(), matches.end(), [](int64_t n) { return n == 0; })) return 0;
  double smaller = 1, logs = 0;
  bool none = false;  // an order that no line is long enough for
  for (std::size_t n = 0; n < BleuCounts::kOrders; ++n) {
    none = none || counts.ngrams[n] == 0;
    if (none) {
      logs += kLogOfZero;
      continue;
    }
    const auto all = static_cast<double>(counts.ngrams[n]);
    if (matches[n] == 0) smaller *= 2;
    logs += std::log(matches[n] == 0 ? 100 / (smaller * all)
                                     : 100 * static_cast<double>(matches[n]) / all);
  }
  const auto length = static_cast<double>(counts.length);
  const auto reference = static_cast<double>(counts.reference_length);
  const double brief =
      counts.length < counts.reference_length ? std::exp(1 - reference / length) : 1.0;
  return brief * std::exp(logs / static_cast<double>(BleuCounts::kOrders));
}

}  // namespace regard::metrics
