// Documents as lists of sentences with a label each, and which of them are the same text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "regard/data/readers/reader.hpp"
#include "regard/docgraph/sentences.hpp"

namespace regard::docgraph {

struct Document {
  std::string place;  // "reviews.tsv: line 7"
  std::string text;   // UTF-8, as it was read
  std::vector<std::string> sentences;
  int32_t label = -1;  // index of the corpus's classes; -1: none
  /// Pairs of sentences that belong together, of documents that are made.
  std::vector<std::pair<int64_t, int64_t>> planted;
};

struct Corpus {
  std::vector<Document> documents;
  std::vector<std::string> classes;  // sorted
  std::vector<std::string> notes;    // that the user should see
  /// Documents with the same words, whatever case, blanks and punctuation, have the same number.
  std::vector<int64_t> groups;

  int64_t size() const { return static_cast<int64_t>(documents.size()); }
  int64_t sentences() const;
  std::vector<int32_t> labels() const;
};

/// A document of one text. A text in which no sentence is found is one sentence.
Document document_of(std::string place, std::string text, Language language);

/// Reads tables, folders and archives as data/readers do. kRead: InputError where documents have no
/// label, and for fewer than two classes.
Corpus read_corpus(const std::vector<std::string>& paths, const data::ReaderSpec& reader,
                   Language language, data::Labels labels);

/// Fills `groups`.
void group_like_texts(Corpus& corpus);

/// How many documents have the sentences of one before them.
int64_t count_duplicates(const Corpus& corpus);

/// `corpus` with the labels renumbered by `classes`; InputError for a label that is not there.
void map_labels(Corpus& corpus, const std::vector<std::string>& classes);

/// The documents `rows`, in this order, with all classes and with their groups.
Corpus subset(const Corpus& corpus, const std::vector<int64_t>& rows);

/// The first document of each group. What was left out is a note.
Corpus without_duplicates(const Corpus& corpus);

/// A table document, sentence, text with one sentence a line.
std::string sentence_table(const Corpus& corpus);
/// Sixteen hexadecimal digits that depend on every sentence and on where documents end.
std::string checksum(const Corpus& corpus);

}  // namespace regard::docgraph
