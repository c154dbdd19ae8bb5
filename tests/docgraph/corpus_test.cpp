#include "regard/docgraph/corpus.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/docgraph/parts.hpp"
#include "regard/docgraph/planted.hpp"
#include "regard/docgraph/vector_file.hpp"
#include "regard/run/arrays.hpp"

namespace regard::docgraph {
namespace {
namespace fs = std::filesystem;

Corpus made(const std::vector<std::pair<std::string, int>>& texts) {
  Corpus corpus;
  corpus.classes = {"a", "b"};
  for (const auto& [text, label] : texts) {
    corpus.documents.push_back(document_of("x", text, Language::kEnglish));
    corpus.documents.back().label = label;
  }
  group_like_texts(corpus);
  return corpus;
}

TEST(Corpus, LikeTextsAreOneGroupAndEqualOnesDuplicates) {
  const auto corpus = made({{"The cat sat. It slept.", 0},
                            {"The cat sat.  It slept.", 0},
                            {"the CAT sat it slept", 1},
                            {"Another text.", 1},
                            {"!!!", 1}});
  EXPECT_EQ(corpus.groups, (std::vector<int64_t>{0, 0, 0, 1, 2}));
  EXPECT_EQ(count_duplicates(corpus), 1);
  EXPECT_EQ(without_duplicates(corpus).size(), 3);
  EXPECT_EQ(corpus.documents[4].sentences.size(), 1U);
}

TEST(Corpus, PartsHoldEachDocumentOnceAndLikeTextsTogether) {
  std::vector<std::pair<std::string, int>> texts;
  for (int i = 0; i < 60; ++i) {
    const auto word = "word" + std::to_string(i / 2) + (i % 4 < 2 ? "" : " more");
    texts.emplace_back(word + ".", i / 2 % 2);
    if (i % 5 == 0) texts.emplace_back(word + " .", i / 2 % 2);
  }
  const auto corpus = made(texts);
  for (const auto& parts :
       {split_parts(corpus, {.valid = .2, .test = .3}, 4), fold_parts(corpus, 2, 1, .2, 4)}) {
    std::map<int64_t, std::set<int>> where;
    std::set<int64_t> all;
    int part = 0;
    for (const auto* rows : {&parts.train, &parts.valid, &parts.test}) {
      EXPECT_FALSE(rows->empty());
      for (const auto row : *rows) {
        EXPECT_TRUE(all.insert(row).second);
        where[corpus.groups[static_cast<std::size_t>(row)]].insert(part);
      }
      ++part;
    }
    EXPECT_EQ(static_cast<int64_t>(all.size()), corpus.size());
    for (const auto& [group, parts_of_it] : where) EXPECT_EQ(parts_of_it.size(), 1U);
  }
  const auto first = fold_parts(corpus, 2, 0, .2, 4).test,
             second = fold_parts(corpus, 2, 1, .2, 4).test;
  EXPECT_EQ(static_cast<int64_t>(first.size() + second.size()), corpus.size());
}

TEST(Corpus, ReadsATableAndRefusesOneClass) {
  const auto folder = fs::temp_directory_path() / "regard_docgraph_corpus";
  fs::create_directories(folder);
  write_atomically(folder / "t.tsv", "text\tlabel\nA cat. A dog.\tx\nA bird.\ty\n");
  const auto corpus =
      read_corpus({(folder / "t.tsv").string()}, {}, Language::kEnglish, data::Labels::kRead);
  EXPECT_EQ(corpus.sentences(), 3);
  EXPECT_EQ(corpus.labels(), (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(sentence_table(corpus),
            "document\tsentence\ttext\n1\t1\tA cat.\n1\t2\tA dog.\n2\t1\tA bird.\n");
  write_atomically(folder / "one.tsv", "text\tlabel\nA cat.\tx\nA bird.\tx\n");
  EXPECT_THROW(
      read_corpus({(folder / "one.tsv").string()}, {}, Language::kEnglish, data::Labels::kRead),
      InputError);
  fs::remove_all(folder);
}

class VectorFiles : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder); }
  void TearDown() override { fs::remove_all(folder); }
  std::string refusal(const run::Arrays& arrays, const run::Metadata& metadata = {},
                      int64_t width = 0) {
    run::save_arrays(folder / "v.safetensors", arrays, metadata);
    try {
      read_vectors(folder / "v.safetensors", corpus, width);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  fs::path folder = fs::temp_directory_path() / "regard_docgraph_vectors";
  Corpus corpus = made({{"A cat. A dog.", 0}, {"A bird.", 1}});
};

TEST_F(VectorFiles, AreTakenWithARowForEachSentence) {
  EXPECT_EQ(refusal({{"v", run::array(std::vector<float>{1, 2, 3, 4, 5, 6}, {3, 2})}},
                    {{"sentences", checksum(corpus)}}, 2),
            "");
  const auto read = read_vectors(folder / "v.safetensors", corpus, 0);
  EXPECT_EQ(read.width, 2);
  EXPECT_EQ(read.values[5], 6);
  EXPECT_EQ(refusal({{"v", run::array(std::vector<double>{1, 2, 3}, {3, 1})}}), "");
}

TEST_F(VectorFiles, AreRefusedInASentence) {
  const auto three = run::array(std::vector<float>{1, 2, 3}, {3, 1});
  EXPECT_NE(refusal({{"v", run::array(std::vector<float>{1, 2}, {2, 1})}}).find("a row for each"),
            std::string::npos);
  EXPECT_NE(refusal({{"v", three}}, {}, 4).find("width 4"), std::string::npos);
  EXPECT_NE(refusal({{"v", three}}, {{"sentences", "0"}}).find("other sentences"),
            std::string::npos);
  EXPECT_NE(refusal({{"v", run::array(std::vector<float>{1, NAN, 3}, {3, 1})}}).find("row 2"),
            std::string::npos);
  EXPECT_NE(refusal({{"v", run::array(std::vector<int64_t>{1, 2, 3}, {3, 1})}}).find("F32"),
            std::string::npos);
  EXPECT_NE(refusal({{"v", three}, {"w", three}}).find("one array"), std::string::npos);
}

TEST(Planted, TheLabelStandsInALinkAndInNoCount) {
  for (const char* task : {"lookup", "xor"}) {
    PlantedSpec spec;
    spec.task = task;
    spec.documents = 400;
    for (const int64_t n : {6, 9, 10, 20}) {
      spec.sentences = n;
      const auto corpus = planted_corpus(spec);
      int64_t second = 0;
      for (const auto& document : corpus.documents) {
        ASSERT_EQ(static_cast<int64_t>(document.sentences.size()), n);
        int64_t amber = 0, blue = 0;
        for (const auto& sentence : document.sentences) {
          amber += sentence.find(" amber") != std::string::npos ? 1 : 0;
          blue += sentence.find(" blue") != std::string::npos ? 1 : 0;
        }
        EXPECT_EQ(amber, blue);
        const auto [a, b] = document.planted[0];
        const auto& first = document.sentences[static_cast<std::size_t>(a)];
        const auto& other = document.sentences[static_cast<std::size_t>(b)];
        const auto attribute = [](const std::string& s) {
          return s.substr(s.rfind(' ') + 1, s.size() - s.rfind(' ') - 2);
        };
        if (spec.task == "lookup") {
          EXPECT_EQ(corpus.classes[static_cast<std::size_t>(document.label)], attribute(other));
          EXPECT_EQ(first.substr(0, 8), "Where is");
        } else {
          EXPECT_EQ(document.label, attribute(first) == attribute(other) ? 1 : 0);
        }
        // What the sentence boundaries find is what was written.
        EXPECT_EQ(sentences_of(document.text, Language::kEnglish), document.sentences);
        second += document.label;
      }
      EXPECT_NEAR(static_cast<double>(second) / 400, .5, .08);
    }
  }
}

TEST(Planted, ABbcCorpusHas2125DistinctTexts) {
  const auto path = fs::path(REGARD_SOURCE_DIR) / "../shared/data/docs/bbc_news.tsv.gz";
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not there";
  data::ReaderSpec reader;
  reader.table.header = "no";
  reader.table.label = "1";
  reader.table.text = "3";
  auto corpus = read_corpus({path.string()}, reader, Language::kEnglish, data::Labels::kRead);
  EXPECT_EQ(corpus.size(), 2225);
  for (auto& document : corpus.documents) {
    for (auto at = document.text.find("Â£"); at != std::string::npos; at = document.text.find("Â£"))
      document.text.replace(at, 4, "£");
    document.sentences = sentences_of(document.text, Language::kEnglish);
  }
  group_like_texts(corpus);
  EXPECT_EQ(corpus.size() - count_duplicates(corpus), 2125);
  EXPECT_EQ(without_duplicates(corpus).size(), 2122);
}

}  // namespace
}  // namespace regard::docgraph
