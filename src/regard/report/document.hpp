// A page of sections, for parts that are no comparison of runs: one file that loads nothing from
// anywhere.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "regard/report/figures.hpp"
#include "regard/report/palette.hpp"
#include "regard/report/passage.hpp"
#include "regard/report/plotly.hpp"
#include "regard/report/table.hpp"

namespace regard::report {

/// A heading, a sentence, figures side by side, a shaded text, a table; what is empty is left out.
struct Block {
  std::string heading, lead;
  std::vector<Figure> figures;  // ids must differ within the document
  std::vector<std::string>
      legend;  // names that are the `meta` of traces: buttons that hide and show them
  std::map<std::string, Mark> marks;  // a mark for each name of the legend
  Table table;
  Passage passage = {};
};

struct Document {
  std::string kicker, title, scope;  // small line above the title, title, small line below
  std::string sentence;              // the answer; `...` marks code
  std::vector<std::string> remarks;
  std::vector<Block> blocks;
  std::vector<std::pair<std::string, std::string>> environment;
};

/// The whole page. Without a bundle it has every table, and a sentence in place of the figures.
std::string document_html(const Document& document, const Plotly& plotly);

/// Finds the bundle and writes the page; the file appears complete or not at all.
void write_document(const Document& document, const std::filesystem::path& path);

}  // namespace regard::report
