// The choice of a reader, plain text, and folders.
#include "regard/data/readers/reader.hpp"

#include <gtest/gtest.h>

#include "readers/helpers.hpp"
#include "regard/data/readers/text.hpp"

namespace regard::data {
namespace {

TEST(Reader, EveryReaderIsListedWithItsOptions) {
  std::vector<std::string> names;
  for (const auto& reader : readers()) names.push_back(reader.name);
  EXPECT_EQ(names, (std::vector<std::string>{"text", "table", "idx", "records", "directory",
                                             "listops", "pathfinder"}));
  EXPECT_EQ(readers()[1].options.front().name, "text");
  EXPECT_EQ(std::get<std::string>(readers()[1].options.front().value), "text");
}

TEST(Reader, GuessesFromNameAndContent) {
  TemporaryFolder folder;
  EXPECT_EQ(guess_reader(folder.write("a.TSV", "x")), "table");
  EXPECT_EQ(guess_reader(folder.write("a.csv.gz", "x")), "table");
  EXPECT_EQ(guess_reader(folder.write("a.txt.xz", "x")), "text");
  EXPECT_EQ(guess_reader(folder.write("a.bin", "x")), "records");
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
  EXPECT_EQ(input_error([&] { parse_text("", "t.txt", empty); }), "t.txt: the document is empty");
}

TEST(Text, LinesAreDocumentsOnStandardInput) {
  ExamplesBuilder builder;
  parse_lines("one\r\n\n two\nlast", "standard input", builder);
  const auto e = builder.finish();
  ASSERT_EQ(e.size(), 3);
  EXPECT_EQ(e.documents[0], "one");
  EXPECT_EQ(e.documents[2], "last");
  EXPECT_EQ(e.place(1), "standard input: line 3");
  ExamplesBuilder blank;
  parse_lines("\n\n", "standard input", blank);
  EXPECT_EQ(input_error([&] { blank.finish(); }), "standard input: there is no example in it");
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

TEST(Directory, Errors) {
  TemporaryFolder folder;
  const auto empty = folder.write("d/pos/none", "");
  EXPECT_EQ(input_error([&] { read_examples({folder / "d"}, {}); }),
            empty + ": the document is empty");
  folder.write("e/loose", "x");
  ReaderSpec spec;
  spec.reader = "directory";
  EXPECT_TRUE(
      contains(input_error([&] { read_examples({folder / "e"}, spec); }), "no folder with files"));
  EXPECT_EQ(read_examples({folder / "e"}, {}, Labels::kNone).size(), 1);
}

}  // namespace
}  // namespace regard::data
