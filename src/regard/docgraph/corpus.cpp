#include "regard/docgraph/corpus.hpp"

#include <cstdio>
#include <map>
#include <set>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/docgraph/words.hpp"

namespace regard::docgraph {

int64_t Corpus::sentences() const {
  int64_t sum = 0;
  for (const auto& document : documents) sum += static_cast<int64_t>(document.sentences.size());
  return sum;
}

std::vector<int32_t> Corpus::labels() const {
  std::vector<int32_t> all;
  for (const auto& document : documents) all.push_back(document.label);
  return all;
}

Document document_of(std::string place, std::string text, Language language) {
  Document document;
  document.place = std::move(place);
  document.sentences = sentences_of(text, language);
  if (document.sentences.empty()) document.sentences = {trim(on_one_line(text))};
  document.text = std::move(text);
  return document;
}

Corpus read_corpus(const std::vector<std::string>& paths, const data::ReaderSpec& reader,
                   Language language, data::Labels labels) {
  const auto examples = data::read_examples(paths, reader, labels);
  if (examples.form != data::Examples::Form::kDocuments || examples.pairs || examples.sentences)
    throw InputError(paths[0] + ": documents were expected, one text each, and other data came");
  Corpus corpus;
  corpus.classes = examples.label_names;
  corpus.notes = examples.notes;
  for (int64_t i = 0; i < examples.size(); ++i) {
    corpus.documents.push_back(
        document_of(examples.place(i), std::string(examples.documents[i]), language));
    if (!examples.labels.empty())
      corpus.documents.back().label = examples.labels[static_cast<std::size_t>(i)];
  }
  if (labels == data::Labels::kRead) {
    if (examples.labels.empty())
      throw InputError(paths[0] +
                       ": documents with labels were expected, and none came; --label names their "
                       "column, or take a folder for each label");
    if (corpus.classes.size() < 2)
      throw InputError(paths[0] + ": at least 2 classes were expected, and every document is \"" +
                       corpus.classes.at(0) + "\"");
  }
  group_like_texts(corpus);
  return corpus;
}

void group_like_texts(Corpus& corpus) {
  std::map<std::string, int64_t> known;
  corpus.groups.clear();
  for (const auto& document : corpus.documents) {
    std::string key;
    for (const auto& sentence : document.sentences) {
      for (const auto& word : words_of(sentence)) key += word + " ";
    }
    if (key.empty()) key = "\n" + join(document.sentences, " ");  // marks alone
    const auto fresh = static_cast<int64_t>(known.size());
    corpus.groups.push_back(known.try_emplace(std::move(key), fresh).first->second);
  }
}

int64_t count_duplicates(const Corpus& corpus) {
  std::set<std::vector<std::string>> known;
  int64_t count = 0;
  for (const auto& document : corpus.documents)
    count += known.insert(document.sentences).second ? 0 : 1;
  return count;
}

void map_labels(Corpus& corpus, const std::vector<std::string>& classes) {
  std::map<std::string, int32_t> index;
  for (std::size_t i = 0; i < classes.size(); ++i) index[classes[i]] = static_cast<int32_t>(i);
  for (auto& document : corpus.documents) {
    if (document.label < 0) continue;
    const auto& name = corpus.classes[static_cast<std::size_t>(document.label)];
    const auto found = index.find(name);
    if (found == index.end())
      throw InputError(document.place + ": a label of the training data was expected (" +
                       join(classes, ", ") + "), and \"" + name + "\" came");
    document.label = found->second;
  }
  corpus.classes = classes;
}

Corpus subset(const Corpus& corpus, const std::vector<int64_t>& rows) {
  Corpus part;
  part.classes = corpus.classes;
  for (const auto row : rows) {
    part.documents.push_back(corpus.documents[static_cast<std::size_t>(row)]);
    part.groups.push_back(corpus.groups[static_cast<std::size_t>(row)]);
  }
  return part;
}

Corpus without_duplicates(const Corpus& corpus) {
  std::set<int64_t> seen;
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < corpus.size(); ++i) {
    if (seen.insert(corpus.groups[static_cast<std::size_t>(i)]).second) rows.push_back(i);
  }
  auto kept = subset(corpus, rows);
  kept.notes = corpus.notes;
  if (kept.size() < corpus.size())
    kept.notes.push_back(std::to_string(corpus.size() - kept.size()) +
                         " documents were left out, since they have the words of one before them");
  return kept;
}

std::string sentence_table(const Corpus& corpus) {
  std::string table = "document\tsentence\ttext\n";
  for (std::size_t d = 0; d < corpus.documents.size(); ++d) {
    const auto& sentences = corpus.documents[d].sentences;
    for (std::size_t s = 0; s < sentences.size(); ++s)
      table += std::to_string(d + 1) + "\t" + std::to_string(s + 1) + "\t" + sentences[s] + "\n";
  }
  return table;
}

std::string checksum(const Corpus& corpus) {
  uint64_t sum = kHashStart;
  for (const auto& document : corpus.documents) {
    for (const auto& sentence : document.sentences) sum = hash_of(sentence + "\n", sum);
    sum = hash_of("\n", sum);
  }
  return hexadecimal(sum);
}

}  // namespace regard::docgraph
