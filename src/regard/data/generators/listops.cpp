#include "regard/data/generators/listops.hpp"

#include <algorithm>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"

namespace regard::data {
namespace {

// Appends a tree; false as soon as it is too long to be kept.
bool grow(const ListOpsSpec& spec, Random& random, int64_t depth, std::vector<uint8_t>& codes) {
  const auto fits = [&] { return static_cast<int64_t>(codes.size()) < spec.longest; };
  if (depth >= spec.depth || random.below(4) != 0) {
    codes.push_back(static_cast<uint8_t>(random.below(10)));
    return fits();
  }
  codes.push_back(static_cast<uint8_t>(kListOpsMin + random.below(4)));
  const auto count = 2 + random.below(static_cast<uint64_t>(spec.arguments - 1));
  for (uint64_t i = 0; i < count; ++i) {
    if (!grow(spec, random, depth + 1, codes)) return false;
  }
  codes.push_back(kListOpsEnd);
  return fits();
}

int apply(uint8_t operation, std::span<uint8_t> arguments) {
  switch (operation) {
    case kListOpsMin:
      return *std::min_element(arguments.begin(), arguments.end());
    case kListOpsMax:
      return *std::max_element(arguments.begin(), arguments.end());
    case kListOpsMed: {
      std::sort(arguments.begin(), arguments.end());
      const auto n = arguments.size();
      return (arguments[(n - 1) / 2] + arguments[n / 2]) / 2;
    }
    default: {
      int sum = 0;
      for (const auto value : arguments) sum += value;
      return sum % 10;
    }
  }
}

// Number of arguments of the operator at each position, 0 elsewhere.
std::vector<int> argument_counts(std::span<const uint8_t> codes) {
  std::vector<int> counts(codes.size());
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == kListOpsEnd) {
      open.pop_back();
      continue;
    }
    if (!open.empty()) ++counts[open.back()];
    if (codes[i] >= kListOpsMin) open.push_back(i);
  }
  return counts;
}

}  // namespace

void ListOpsSpec::check() const {
  const auto need = [](bool ok, const std::string& what) {
    if (!ok) throw InputError("listops: " + what);
  };
  need(depth >= 1 && depth <= 100,
       "a depth from 1 to 100 was expected, and " + std::to_string(depth) + " came");
  need(arguments >= 2 && arguments <= 1000,
       "arguments from 2 to 1000 were expected, and " + std::to_string(arguments) + " came");
  need(shortest >= 0 && longest <= 1000000 && shortest + 1 < longest,
       "shortest + 1 < longest <= 1000000 was expected, and " + std::to_string(shortest) + " and " +
           std::to_string(longest) + " came");
  // Full trees of the depth: the longest that the rules can draw.
  double largest = 1;
  for (int64_t d = 1; d < depth && largest < 1e9; ++d)
    largest = 2 + static_cast<double>(arguments) * largest;
  need(largest > static_cast<double>(shortest),
       "trees of depth " + std::to_string(depth) + " have at most " +
           std::to_string(static_cast<int64_t>(largest)) + " tokens, and more than " +
           std::to_string(shortest) + " are asked for");
}

std::vector<uint8_t> listops_tree(const ListOpsSpec& spec, uint64_t seed, uint64_t index) {
  constexpr int64_t kDraws = 10'000'000;
  Random random(seed, RandomStream::kListOps, index);
  std::vector<uint8_t> codes;
  for (int64_t draw = 0; draw < kDraws; ++draw) {
    codes.clear();
    if (grow(spec, random, 1, codes) && static_cast<int64_t>(codes.size()) > spec.shortest) {
      return codes;
    }
  }
  throw InputError("listops: none of " + std::to_string(kDraws) +
                   " trees has between shortest = " + std::to_string(spec.shortest) +
                   " and longest = " + std::to_string(spec.longest) + " tokens");
}

int listops_value(std::span<const uint8_t> codes) {
  const auto need = [](bool ok, const char* what) {
    if (!ok) throw InputError(std::string("listops: an expression was expected, and ") + what);
  };
  std::vector<uint8_t> values, operations;
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    need(i == 0 || !operations.empty(), "something follows its end");
    need(codes[i] <= kListOpsEnd, "a code is none of a symbol");
    if (codes[i] < kListOpsMin) {
      values.push_back(codes[i]);
    } else if (codes[i] < kListOpsEnd) {
      operations.push_back(codes[i]);
      begins.push_back(values.size());
    } else {
      need(!operations.empty() && values.size() > begins.back(), "an operator has no arguments");
      const int value = apply(operations.back(), std::span(values).subspan(begins.back()));
      values.resize(begins.back());
      values.push_back(static_cast<uint8_t>(value));
      operations.pop_back();
      begins.pop_back();
    }
  }
  need(operations.empty() && values.size() == 1, "it has no end");
  return values[0];
}

std::string listops_text(std::span<const uint8_t> codes) {
  std::string text;
  text.reserve(3 * codes.size());
  for (const auto code : codes) {
    if (!text.empty()) text += ' ';
    text += kListOpsSymbols[code];
  }
  return text;
}

std::string listops_bracketed(std::span<const uint8_t> codes) {
  listops_value(codes);  // refuses what is no expression
  const auto counts = argument_counts(codes);
  std::string text;
  text.reserve(8 * codes.size());
  int64_t open = 0;  // operators
  const auto put = [&](std::string_view symbol) {
    if (!text.empty()) text += ' ';
    text += symbol;
  };
  const auto close_argument = [&] {
    if (open > 0) put(")");
  };
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == kListOpsEnd) {
      put("]");
      put(")");
      --open;
      close_argument();
    } else if (codes[i] >= kListOpsMin) {
      for (int n = 0; n <= counts[i]; ++n) put("(");
      put(kListOpsSymbols[codes[i]]);
      ++open;
    } else {
      put(kListOpsSymbols[codes[i]]);
      close_argument();
    }
  }
  return text;
}

int listops_code(std::string_view symbol) {
  if (symbol == "X") return kListOpsEnd;
  const auto found = std::find(kListOpsSymbols.begin(), kListOpsSymbols.end(), symbol);
  return found == kListOpsSymbols.end() ? -1 : static_cast<int>(found - kListOpsSymbols.begin());
}

}  // namespace regard::data
