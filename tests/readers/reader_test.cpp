// The choice of a reader, plain text, and folders.
#include "regard/data/readers/reader.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include "readers/helpers.hpp"
#include "regard/data/readers/text.hpp"

namespace regard::data {
namespace {

TEST(Reader, EveryReaderIsListedWithItsOptions) {
  std::vector<std::string> names;
  for (const auto& reader : readers()) names.push_back(reader.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"text", "table", "conll", "idx", "records", "directory",
                                      "listops", "pathfinder", "recall", "nodes"}));
  EXPECT_EQ(readers()[1].options.front().name, "text");
  EXPECT_EQ(std::get<std::string>(readers()[1].options.front().value), "text");
}

TEST(Reader, GuessesFromNameAndContent) {
  TemporaryFolder folder;
  EXPECT_EQ(guess_reader(folder.write("a.TSV", "x")), "table");
  EXPECT_EQ(guess_reader(folder.write("a.csv.gz", "x")), "table");
  EXPECT_EQ(guess_reader(folder.write("a.txt.xz", "x")), "text");
  EXPECT_EQ(guess_reader(folder.write("a.bin", "x")), "records");
  EXPECT_EQ(guess_reader(folder.write("a.jsonl.gz", "x")), "table");
  EXPECT_EQ(guess_reader(folder.write("README", "plain \xC3\xA4 text")), "text");
  EXPECT_EQ(guess_reader(folder.write("x", std::string("\0\0\x08\x01\0\0\0\x01z", 9))), "idx");
  EXPECT_EQ(guess_reader(folder.write("t.zip", packed({{"a.csv", "text,label\n"}}, "zip", "none"))),
            "table");
  folder.write("labels/pos/a", "x");
  EXPECT_EQ(guess_reader(folder / "labels"), "directory");
  EXPECT_TRUE(contains(input_error([&] { guess_reader(folder / "labels/pos"); }),
                       "this is a directory without folders"));
  const auto odd = folder.write("a.xyz", "\xFF\x00\xFE");
  EXPECT_TRUE(contains(input_error([&] { guess_reader(odd); }), "say reader ="));
  EXPECT_TRUE(
      contains(input_error([&] { guess_reader(folder / "gone"); }), "no such file or directory"));
}

TEST(Reader, ADirectoryWhereAFileIsMeant) {
  TemporaryFolder folder;
  folder.write("d/pos/a", "x");
  ReaderSpec spec;
  spec.reader = "table";
  EXPECT_EQ(input_error([&] { read_examples({folder / "d"}, spec); }),
            (folder / "d") + ": a file was expected (reader table), and this is a directory");
  spec.reader = "directory";
  const auto file = folder.write("f", "x");
  EXPECT_TRUE(contains(input_error([&] {
                         read_directory(file, {}, FolderLabels::kFolderName,
                                        *std::make_unique<ExamplesBuilder>());
                       }),
                       "this is a file"));
}

TEST(Reader, FilesOfTwoKindsAreRefused) {
  TemporaryFolder folder;
  const auto a = folder.write("a.txt", "x"), b = folder.write("b.tsv", "text\tlabel\n1\t2\n");
  EXPECT_TRUE(contains(input_error([&] { read_examples({a, b}, {}); }), "files of one kind"));
}

TEST(Reader, SeveralTablesShareTheirLabels) {
  TemporaryFolder folder;
  const auto a = folder.write("a.tsv", "text\tlabel\none\tx\n"),
             b = folder.write("b.tsv", "label\ttext\nw\ttwo\nx\tthree\n");
  const auto e = read_examples({a, b}, {});
  EXPECT_EQ(e.labels, (std::vector<int32_t>{1, 0, 1}));
  EXPECT_EQ(e.place(2), b + ": line 3");
}

TEST(Reader, TextOfAnyEncoding) {
  TemporaryFolder folder;
  const auto latin = folder.write("t.tsv", "text\tlabel\ncaf\xE9\tx\n");
  ReaderSpec spec;
  EXPECT_TRUE(
      contains(input_error([&] { read_examples({latin}, spec); }), "line 2: the byte 0xE9"));
  spec.encoding = "latin-1";
  EXPECT_EQ(read_examples({latin}, spec).documents[0], "caf\xC3\xA9");
  spec.encoding = "auto";
  spec.unmarked = Unmarked::kAnyBytes;
  EXPECT_EQ(read_examples({latin}, spec).documents[0], "caf\xE9") << "the tokenizer byte";
  const std::string mark = "\xFF\xFE";
  std::string wide = mark;
  for (const char c : std::string("text\tlabel\r\n\"a\tb\"\tx\r\n")) wide += {c, '\0'};
  const auto e = read_examples({folder.write("sheet.txt", wide)}, [] {
    ReaderSpec table;
    table.reader = "table";
    return table;
  }());
  EXPECT_EQ(e.documents[0], "a\tb") << "a spreadsheet quotes cells that hold a tab";
  EXPECT_TRUE(contains(e.notes[0], "read as UTF-16LE"));
}

TEST(Reader, NewDataOfATableIsATableWhateverItsName) {
  TemporaryFolder folder;
  ReaderSpec spec;
  spec.trained_on_table = true;
  const std::string rows = "id\ttext\n1\ta\n2\tb\n";
  for (const auto* name : {"new.dat", "new", "new.txt", "new.tab"}) {
    EXPECT_EQ(read_examples({folder.write(name, rows)}, spec, Labels::kNone).size(), 2) << name;
  }
  EXPECT_EQ(
      read_examples({folder.write("one.txt", "a letter\nof two lines\n")}, spec, Labels::kNone)
          .size(),
      1);
  EXPECT_TRUE(contains(input_error([&] {
                         read_examples({folder.write("other.dat", "a letter\n")}, spec,
                                       Labels::kNone);
                       }),
                       "no column \"text\""));
  spec.column_named = true;
  spec.reader = "table";
  EXPECT_TRUE(contains(
      input_error([&] { read_examples({folder / "one.txt"}, spec, Labels::kNone); }), "no column"));
}

TEST(Reader, APipeIsReadOnceOrRefused) {
  TemporaryFolder folder;
  const auto pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(contains(input_error([&] { guess_reader(pipe); }), "this is no regular file"));
}

TEST(Text, KeepsBytesAndDropsTheMark) {
  ExamplesBuilder builder;
  parse_text(
      "\xEF\xBB\xBF"
      "a\r\nb\n",
      "t.txt", builder);
  const auto e = builder.finish();
  EXPECT_EQ(e.documents[0], "a\r\nb\n");
  EXPECT_EQ(e.place(0), "t.txt");
  ExamplesBuilder empty;
  parse_text("", "t.txt", empty);
  EXPECT_EQ(input_error([&] { empty.finish(); }), "t.txt: the document is empty");
}

TEST(Text, LinesAreDocumentsOnStandardInput) {
  ExamplesBuilder builder;
  parse_lines("one\r\n\n two\nlast", "standard input", builder);
  const auto e = builder.finish();
  ASSERT_EQ(e.size(), 3);
  EXPECT_EQ(e.documents[0], "one");
  EXPECT_EQ(e.documents[2], "last");
  EXPECT_EQ(e.place(1), "standard input: line 3");
  EXPECT_EQ(e.notes.size(), 1u) << "the blank line is counted";
  ExamplesBuilder blank;
  parse_lines("\n\n", "standard input", blank);
  EXPECT_EQ(input_error([&] { blank.finish(); }),
            "standard input: there is no example in it; all 2 documents are empty");
  ExamplesBuilder returns;
  parse_lines("one\rtwo\r", "standard input", returns);
  EXPECT_EQ(returns.finish().documents[1], "two");
}

TEST(Directory, FoldersAreLabelsAndFilesAreBytes) {
  TemporaryFolder folder;
  folder.write("d/elf/deep/a.so", std::string("\x7F"
                                              "ELF\0\1",
                                              6));
  folder.write("d/elf/b", "bbb");
  folder.write("d/pe/c.exe", "MZ\xFF");
  folder.write("d/README", "about");
  folder.write("d/elf/.hidden", "h");
  DirectorySpec spec;
  spec.max_bytes = 5;
  ExamplesBuilder builder;
  read_directory(folder / "d", spec, FolderLabels::kFolderName, builder);
  const auto e = builder.finish();
  ASSERT_EQ(e.size(), 3);
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"elf", "pe"}));
  EXPECT_EQ(e.documents[1], std::string_view("\x7F"
                                             "ELF\0",
                                             5));
  EXPECT_EQ(e.place(0), folder / "d/elf/b");
  ASSERT_EQ(e.notes.size(), 2u);
  EXPECT_TRUE(contains(e.notes[0], "1 hidden files"));
  EXPECT_TRUE(contains(e.notes[1], "README"));
}

TEST(Directory, ArchivesOfFolders) {
  TemporaryFolder folder;
  const auto tar = folder.write(
      "d.tar.gz", packed({{"root/pos/1", "good"}, {"root/neg/2", "bad"}}, "ustar", "gzip"));
  EXPECT_EQ(guess_reader(tar), "directory");
  const auto e = read_examples({tar}, {});
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"neg", "pos"}));
  EXPECT_EQ(e.place(0), tar + ":root/pos/1");
}

TEST(Directory, WhatIsLeftOutIsNamed) {
  TemporaryFolder folder;
  for (const auto* name : {"d/neg/1", "d/neg/2", "d/pos/1"}) folder.write(name, name);
  const auto none = folder.write("d/pos/none", "");
  std::filesystem::create_directories(folder / "d/adware/sub");
  std::filesystem::create_symlink("/nowhere/gone", folder / "d/pos/broken");
  ASSERT_EQ(::mkfifo((folder / "d/pos/pipe").c_str(), 0600), 0);
  const auto e = read_examples({folder / "d"}, {});
  EXPECT_EQ(e.size(), 3);
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"neg", "pos"}));
  ASSERT_EQ(e.notes.size(), 3u);
  EXPECT_TRUE(contains(e.notes[0], "pos/broken (a broken link)"));
  EXPECT_TRUE(contains(e.notes[0], "pos/pipe (a pipe)"));
  EXPECT_EQ(e.notes[1],
            (folder / "d") + ": the label folder \"adware\" holds no document, so it is no label");
  EXPECT_TRUE(contains(e.notes[2], "1 empty document is left out: " + none));
  ReaderSpec refusing;
  refusing.empty = "refuse";
  EXPECT_EQ(input_error([&] { read_examples({folder / "d"}, refusing); }),
            none + ": the document is empty");
}

TEST(Directory, NamesMayHoldAnyBytes) {
  TemporaryFolder folder;
  const auto file = folder.write("d/caf\xE9/a\tb\n\xFF", "x");
  folder.write("d/tea/1", "y");
  const auto e = read_examples({folder / "d"}, {});
  EXPECT_EQ(e.place(0), file);
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"caf\\xE9", "tea"}));
}

TEST(Directory, Errors) {
  TemporaryFolder folder;
  folder.write("e/loose", "x");
  ReaderSpec spec;
  spec.reader = "directory";
  EXPECT_TRUE(
      contains(input_error([&] { read_examples({folder / "e"}, spec); }), "no folder with files"));
  EXPECT_EQ(read_examples({folder / "e"}, {}, Labels::kNone).size(), 1);
}

}  // namespace
}  // namespace regard::data
