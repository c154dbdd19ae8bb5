#include "regard/theory/markov/prompts.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "regard/base/error.hpp"
#include "regard/base/number.hpp"
#include "regard/base/philox.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/tokenizer.hpp"
#include "regard/theory/markov/csv.hpp"

namespace regard::markov {

struct PromptGrouper::Impl {
  std::unordered_map<std::string, std::size_t> place;  // bytes of the sorted keys
  std::vector<Group> groups;
};

PromptGrouper::PromptGrouper(int64_t tokens) : columns_(static_cast<std::size_t>(tokens)) {}
PromptGrouper::~PromptGrouper() = default;

std::string PromptSet::label(int64_t token) const {
  return labels.empty() ? std::to_string(token) : labels[static_cast<std::size_t>(token)];
}

void PromptGrouper::add(std::span<const int32_t> keys, int32_t query, int32_t next, double times) {
  thread_local std::vector<int32_t> sorted;
  sorted.assign(keys.begin(), keys.end());
  std::sort(sorted.begin(), sorted.end());
  const std::string name(reinterpret_cast<const char*>(sorted.data()),
                         sorted.size() * sizeof(int32_t));
  auto& column = columns_[static_cast<std::size_t>(query)];
  const auto [at, fresh] = column.place.emplace(name, column.groups.size());
  if (fresh) {
    Group group;
    for (const auto token : sorted) {
      if (group.tokens.empty() || group.tokens.back() != token) {
        group.tokens.push_back(token);
        group.counts.push_back(0);
      }
      ++group.counts.back();
    }
    group.chosen.assign(group.tokens.size(), 0);
    column.groups.push_back(std::move(group));
  }
  auto& group = column.groups[at->second];
  const auto choice = std::lower_bound(group.tokens.begin(), group.tokens.end(), next);
  group.chosen[static_cast<std::size_t>(choice - group.tokens.begin())] += times;
  group.prompts += times;
  ++prompts_;
}

PromptSet PromptGrouper::finish() {
  PromptSet set{static_cast<int64_t>(columns_.size()), prompts_, {}, {}};
  for (auto& column : columns_) set.columns.push_back(std::move(column.groups));
  return set;
}

PromptSet draw_prompts(const Chain& chain, int64_t count, int64_t length, uint64_t seed,
                       int64_t blocks) {
  PromptGrouper grouper(chain.tokens);
  const auto size = static_cast<uint64_t>(chain.tokens / blocks);
  std::vector<int32_t> prompt(static_cast<std::size_t>(length));
  Random random(seed, RandomStream::kChainPrompts, uint64_t{1} << 40);
  for (int64_t s = 0; s < count; ++s) {
    const auto first = blocks > 1 ? random.below(static_cast<uint64_t>(blocks)) * size : 0;
    for (auto& token : prompt) token = static_cast<int32_t>(first + random.below(size));
    const auto* column = chain.column(prompt.back());
    // A place of the prompt by its token's weight: the law of the chain.
    double total = 0;
    for (const auto token : prompt) total += column[token];
    double rest = random.uniform() * total;
    int32_t next = prompt.back();
    for (const auto token : prompt) {
      rest -= column[token];
      if (rest < 0) {
        next = token;
        break;
      }
    }
    grouper.add(prompt, prompt.back(), next);
  }
  return grouper.finish();
}

namespace {

/// Labels in the order of their numbers where all are whole numbers, else of their bytes.
std::vector<std::string> ordered(const std::map<std::string, int32_t>& seen) {
  std::vector<std::string> labels;
  for (const auto& [label, unused] : seen) labels.push_back(label);
  const bool numbers = std::all_of(labels.begin(), labels.end(), [](const auto& label) {
    return whole_number(label).has_value();
  });
  if (numbers) {
    std::sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) {
      return std::pair(*whole_number(a), a) < std::pair(*whole_number(b), b);
    });
  }
  return labels;
}

struct Columns {
  std::size_t prompt, next, query;
  bool has_query;
};

Columns columns_of(const CsvRow& header, const std::string& path) {
  const auto find = [&](const char* name) {
    return static_cast<std::size_t>(std::find(header.cells.begin(), header.cells.end(), name) -
                                    header.cells.begin());
  };
  const Columns columns{find("prompt"), find("next"), find("query"),
                        find("query") < header.cells.size()};
  for (const auto& [name, place] : {std::pair{"prompt", columns.prompt}, {"next", columns.next}}) {
    if (place == header.cells.size())
      throw InputError(path + ": line 1: a column \"" + name +
                       "\" is expected (prompt, query, next), and " + join(header.cells, ", ") +
                       " came");
  }
  return columns;
}

struct Sample {
  std::vector<std::string> keys;
  std::string query, next;
};

Sample sample_of(const CsvRow& row, const Columns& columns, const std::string& path,
                 Attention attention) {
  Sample sample;
  data::for_each_word(row.cells[columns.prompt],
                      [&](std::string_view word) { sample.keys.emplace_back(word); });
  if (sample.keys.empty()) throw InputError(place(path, row) + ": the prompt is empty");
  const auto holds = [&](const std::string& token) {
    return std::find(sample.keys.begin(), sample.keys.end(), token) != sample.keys.end();
  };
  sample.query = columns.has_query ? trim(row.cells[columns.query]) : sample.keys.back();
  if (sample.query.empty()) sample.query = sample.keys.back();
  sample.next = trim(row.cells[columns.next]);
  if (!holds(sample.next))
    throw InputError(place(path, row) + ": the next token is one of the prompt's, and \"" +
                     sample.next + "\" came");
  if (attention == Attention::kSelf && !holds(sample.query))
    throw InputError(
        place(path, row) + ": the query \"" + sample.query +
        "\" is absent from its prompt, which self-attention cannot have; --cross reads "
        "prompts of cross-attention");
  return sample;
}

}  // namespace

PromptSet read_prompts(const std::string& path, Attention attention) {
  const auto csv = read_csv(path);
  const auto columns = columns_of(csv.rows.front(), path);
  if (csv.rows.size() < 2) throw InputError(path + ": the file holds no prompt");
  std::vector<Sample> samples;
  std::map<std::string, int32_t> seen;
  for (std::size_t r = 1; r < csv.rows.size(); ++r) {
    check_width(csv.rows[r], csv.rows.front().cells.size(), path);
    samples.push_back(sample_of(csv.rows[r], columns, path, attention));
    for (const auto& key : samples.back().keys) seen[key] = 0;
    seen[samples.back().query] = 0;
  }
  auto labels = ordered(seen);
  if (labels.size() < 2)
    throw InputError(path + ": at least 2 different tokens are expected, and 1 came");
  for (std::size_t i = 0; i < labels.size(); ++i) seen[labels[i]] = static_cast<int32_t>(i);
  PromptGrouper grouper(static_cast<int64_t>(labels.size()));
  std::vector<int32_t> keys;
  for (const auto& sample : samples) {
    keys.clear();
    for (const auto& key : sample.keys) keys.push_back(seen.at(key));
    grouper.add(keys, seen.at(sample.query), seen.at(sample.next));
  }
  auto set = grouper.finish();
  set.labels = std::move(labels);
  return set;
}

}  // namespace regard::markov
