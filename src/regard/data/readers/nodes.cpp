#include "regard/data/readers/nodes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "regard/base/error.hpp"
#include "regard/base/number.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/table_rows.hpp"

namespace regard::data {
namespace {

constexpr int64_t kWidest = int64_t{1} << 24;  // features

char separator_of(std::string_view content) {
  return content.substr(0, content.find('\n')).find('\t') != std::string_view::npos ? '\t' : ',';
}

std::string_view without_mark(std::string_view content) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  return content;
}

void check_text(std::string_view text, const std::string& name, int64_t line) {
  if (!is_utf8(text)) throw InputError(at_line(name, line) + "the text is no UTF-8");
}

/// Where each thing stands in a row.
struct Layout {
  std::size_t id = 0;
  std::optional<std::size_t> label, split, words;
  std::vector<std::size_t> numbers;
  std::vector<std::string> names;  // of the numbers
  std::size_t cells = 0;
  bool header = false;
};

Layout layout_of(const std::vector<std::string_view>& first, const std::string& name,
                 const NodeSpec& spec) {
  Layout layout;
  layout.cells = first.size();
  layout.header = std::find(first.begin(), first.end(), "id") != first.end();
  if (!layout.header) {
    if (!spec.features.empty()) {
      throw InputError(name + ": a first line with the columns id and " + spec.features +
                       " was expected, and there is none");
    }
    if (first.size() != 4) {
      throw InputError(name +
                       ": a first line with a column id, or four columns (id, label, split, "
                       "indices of features), was expected, and " +
                       std::to_string(first.size()) + " columns came");
    }
    layout.label = 1;
    layout.split = 2;
    layout.words = 3;
    return layout;
  }
  for (std::size_t c = 0; c < first.size(); ++c) {
    const std::string column(first[c]);
    if (std::find(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(c), first[c]) !=
        first.begin() + static_cast<std::ptrdiff_t>(c)) {
      throw InputError(name + ": line 1: the column \"" + column + "\" came twice");
    }
    if (column == "id") {
      layout.id = c;
    } else if (column == "label") {
      layout.label = c;
    } else if (column == "split") {
      layout.split = c;
    } else if (column == spec.features) {
      layout.words = c;
    } else {
      layout.numbers.push_back(c);
      layout.names.push_back(column);
    }
  }
  if (!spec.features.empty()) {
    if (!layout.words) {
      throw InputError(name + ": line 1: a column \"" + spec.features +
                       "\" was expected (--features), and there is none");
    }
    layout.numbers.clear();  // the words are the features
    layout.names.clear();
  } else if (layout.numbers.empty()) {
    throw InputError(name +
                     ": line 1: a column of features beside id, label and split was "
                     "expected, and there is none");
  }
  return layout;
}

NodePart part_of(std::string_view word, const std::string& place) {
  static const std::map<std::string_view, NodePart> parts = {
      {"train", NodePart::kTrain}, {"val", NodePart::kValid}, {"valid", NodePart::kValid},
      {"test", NodePart::kTest},   {"-", NodePart::kNone},    {"", NodePart::kNone}};
  const auto found = parts.find(word);
  if (found != parts.end()) return found->second;
  throw InputError(place + "a split train, val, test or - was expected, and \"" +
                   std::string(word) + "\" came");
}

void add_words(NodeTable& table, std::string_view cell, const std::string& place) {
  std::vector<std::pair<int32_t, float>> row;
  while (true) {
    const auto begin = cell.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    cell.remove_prefix(begin);
    const auto word = cell.substr(0, cell.find(' '));
    cell.remove_prefix(word.size());
    const auto colon = word.find(':');
    const auto index = whole_number(word.substr(0, colon));
    const auto value = colon == std::string_view::npos ? std::optional<double>(1)
                                                       : real_number(word.substr(colon + 1));
    if (!index || *index < 0 || *index >= kWidest || !value) {
      throw InputError(place + "a feature `index` or `index:value` was expected, and \"" +
                       std::string(word) + "\" came");
    }
    row.emplace_back(static_cast<int32_t>(*index), static_cast<float>(*value));
  }
  std::sort(row.begin(), row.end());
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0 && row[i].first == row[i - 1].first) {
      throw InputError(place + "the feature " + std::to_string(row[i].first) + " came twice");
    }
    table.columns.push_back(row[i].first);
    table.values.push_back(row[i].second);
    table.features.width = std::max<int64_t>(table.features.width, row[i].first + 1);
  }
}

void add_numbers(NodeTable& table, const Layout& layout, const std::vector<std::string_view>& cells,
                 const std::string& place) {
  for (std::size_t i = 0; i < layout.numbers.size(); ++i) {
    const auto cell = trim(cells[layout.numbers[i]]);
    const auto value = real_number(cell);
    if (!value) {
      throw InputError(place + "column \"" + layout.names[i] + "\": a number was expected, and \"" +
                       cell + "\" came; --features names a column of words");
    }
    table.columns.push_back(static_cast<int32_t>(i));
    table.values.push_back(static_cast<float>(*value));
  }
}

// By number where all are whole numbers, else by the alphabet.
void sort_labels(NodeTable& table) {
  auto names = table.label_names;
  const bool numbers = std::all_of(names.begin(), names.end(),
                                   [](const auto& n) { return whole_number(n).has_value(); });
  std::sort(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return numbers ? *whole_number(a) < *whole_number(b) : a < b;
  });
  std::map<std::string, int32_t> rank;
  for (const auto& name : names) rank.emplace(name, static_cast<int32_t>(rank.size()));
  // Different spellings of one number stay apart.
  for (auto& label : table.labels) {
    if (label >= 0) label = rank.at(table.label_names[static_cast<std::size_t>(label)]);
  }
  std::vector<std::string> sorted(rank.size());
  for (const auto& [name, at] : rank) sorted[static_cast<std::size_t>(at)] = name;
  table.label_names = std::move(sorted);
}

bool names_columns(const std::vector<std::string_view>& cells) {
  const auto one_of = [](std::string_view cell, std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(), [&](const char* w) { return cell == w; });
  };
  return cells.size() >= 2 && one_of(cells[0], {"source", "src", "from", "a"}) &&
         one_of(cells[1], {"target", "dst", "to", "b"});
}

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 6;
  std::vector<std::string> some(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())));
  const auto more = names.size() - some.size();
  return join(some, ", ") + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

}  // namespace

NodeTable parse_nodes(std::string_view content, const std::string& name, const NodeSpec& spec) {
  content = without_mark(content);
  NodeTable table;
  table.file = name;
  table.offsets.push_back(0);
  TableRows rows(content, name, separator_of(content));
  std::vector<std::string_view> cells;
  if (!rows.next(cells)) throw InputError(name + ": there is no node in it");
  const auto layout = layout_of(cells, name, spec);
  table.features.columns = layout.names;
  table.features.width = static_cast<int64_t>(layout.names.size());
  std::unordered_map<std::string, int64_t> seen;
  std::map<std::string, int32_t> labels;
  bool more = !layout.header || rows.next(cells);
  for (; more; more = rows.next(cells)) {
    const auto place = at_line(name, rows.line());
    if (cells.size() != layout.cells) {
      throw InputError(place + std::to_string(layout.cells) + " columns were expected, and " +
                       std::to_string(cells.size()) + " came");
    }
    for (const auto cell : cells) check_text(cell, name, rows.line());
    const std::string id(cells[layout.id]);
    if (id.empty()) throw InputError(place + "the id is empty");
    const auto [before, fresh] = seen.emplace(id, rows.line());
    if (!fresh) {
      throw InputError(place + "the id \"" + id + "\" came already in line " +
                       std::to_string(before->second));
    }
    table.ids.push_back(id);
    table.lines.push_back(rows.line());
    const std::string label(layout.label ? cells[*layout.label] : std::string_view());
    if (label.empty() || (!layout.header && label == "-1")) {
      table.labels.push_back(-1);
    } else {
      table.labels.push_back(
          labels.emplace(label, static_cast<int32_t>(labels.size())).first->second);
      if (table.label_names.size() < labels.size()) table.label_names.push_back(label);
    }
    if (layout.split) table.parts.push_back(part_of(cells[*layout.split], place));
    if (layout.words) {
      add_words(table, cells[*layout.words], place);
    } else {
      add_numbers(table, layout, cells, place);
    }
    table.offsets.push_back(static_cast<int64_t>(table.columns.size()));
  }
  if (table.size() == 0) throw InputError(name + ": there is no node in it");
  if (layout.words && table.features.width == 0) {
    throw InputError(name + ": no node has a feature");
  }
  sort_labels(table);
  return table;
}

void parse_node_edges(std::string_view content, const std::string& name, const NodeSpec& spec,
                      const NodeTable& nodes, std::vector<NodeEdge>& into) {
  content = without_mark(content);
  std::unordered_map<std::string_view, int64_t> index;
  for (int64_t i = 0; i < nodes.size(); ++i)
    index.emplace(nodes.ids[static_cast<std::size_t>(i)], i);
  TableRows rows(content, name, separator_of(content));
  std::vector<std::string_view> cells;
  for (bool first = true; rows.next(cells); first = false) {
    if (first && names_columns(cells) && !index.contains(cells[0])) continue;
    const auto place = at_line(name, rows.line());
    if (cells.size() != 2 && cells.size() != 3) {
      throw InputError(place + "two ids and perhaps a weight were expected, and " +
                       std::to_string(cells.size()) + " columns came");
    }
    int64_t ends[2];
    for (std::size_t e = 0; e < 2; ++e) {
      check_text(cells[e], name, rows.line());
      const auto found = index.find(cells[e]);
      if (found == index.end()) {
        throw InputError(place + "the node \"" + std::string(cells[e]) + "\" is not in " +
                         nodes.file);
      }
      ends[e] = found->second;
    }
    double weight = 1;
    if (cells.size() == 3) {
      const auto number = real_number(trim(cells[2]));
      if (!number || *number <= 0) {
        throw InputError(place + "a weight above 0 was expected, and \"" + std::string(cells[2]) +
                         "\" came");
      }
      weight = *number;
    }
    into.push_back({ends[1], ends[0], weight});
    if (!spec.directed) into.push_back({ends[0], ends[1], weight});
  }
}

void check_features(const NodeTable& nodes, const NodeFeatures& trained) {
  const auto& came = nodes.features;
  if (came.words() != trained.words() || came.columns != trained.columns) {
    const auto said = [](const NodeFeatures& f) {
      return f.words() ? std::string("a column of words") : "the columns " + list_of(f.columns);
    };
    throw InputError(nodes.file + ": the features of the training were expected, " + said(trained) +
                     ", and " + said(came) + " came");
  }
  if (came.width <= trained.width) return;
  for (int64_t i = 0; i < nodes.size(); ++i) {
    const auto last = nodes.offsets[static_cast<std::size_t>(i) + 1];
    if (last == nodes.offsets[static_cast<std::size_t>(i)]) continue;
    const auto index = nodes.columns[static_cast<std::size_t>(last - 1)];  // the largest
    if (index < trained.width) continue;
    throw InputError(at_line(nodes.file, nodes.lines[static_cast<std::size_t>(i)]) +
                     "features below " + std::to_string(trained.width) +
                     " were expected, as in the training, and " + std::to_string(index) + " came");
  }
}

void map_node_labels(NodeTable& nodes, const std::vector<std::string>& names) {
  for (int64_t i = 0; i < nodes.size(); ++i) {
    auto& label = nodes.labels[static_cast<std::size_t>(i)];
    if (label < 0) continue;
    const auto& name = nodes.label_names[static_cast<std::size_t>(label)];
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      throw InputError(at_line(nodes.file, nodes.lines[static_cast<std::size_t>(i)]) +
                       "the label \"" + name + "\" was not in the training data");
    }
    label = static_cast<int32_t>(found - names.begin());
  }
  nodes.label_names = names;
}

}  // namespace regard::data
