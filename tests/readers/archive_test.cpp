#include "regard/data/readers/archive.hpp"

#include <gtest/gtest.h>

#include "readers/helpers.hpp"

namespace regard::data {
namespace {

TEST(Archive, PlainFileIsOneMember) {
  TemporaryFolder folder;
  const auto path = folder.write("a.txt", "hello\n");
  const auto members = open_members(path);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].bytes, "hello\n");
  EXPECT_EQ(members[0].name, path);
}

class Compressed : public testing::TestWithParam<const char*> {};

TEST_P(Compressed, ReadsBack) {
  const auto text = long_text();
  const auto members = unpack(packed({{"data", text}}, "raw", GetParam()), "a.txt.gz");
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].bytes, text);
  EXPECT_EQ(members[0].path, "a.txt");
}

TEST_P(Compressed, EveryTruncationIsAnError) {
  const auto whole = packed({{"data", long_text()}}, "raw", GetParam());
  for (const std::size_t keep : {whole.size() / 10, whole.size() / 2, whole.size() - 9,
                                 whole.size() - 4, whole.size() - 1}) {
    const auto error = input_error([&] { unpack(whole.substr(0, keep), "cut.gz"); });
    EXPECT_TRUE(contains(error, "cut.gz: the file is truncated or corrupt")) << keep << error;
  }
}

TEST_P(Compressed, AFlippedByteIsAnError) {
  const auto whole = packed({{"data", long_text()}}, "raw", GetParam());
  for (std::size_t at = whole.size() / 8; at < whole.size(); at += whole.size() / 8) {
    auto bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    const auto error = input_error([&] { unpack(bad, "bad.gz"); });
    EXPECT_TRUE(contains(error, "bad.gz: the file is truncated or corrupt")) << at << error;
  }
}

TEST_P(Compressed, TarInside) {
  const auto members =
      unpack(packed({{"d/one.txt", "1"}, {"d/two.txt", "22"}}, "ustar", GetParam()), "a.tar.gz");
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[1].path, "d/two.txt");
  EXPECT_EQ(members[1].bytes, "22");
  EXPECT_EQ(members[1].name, "a.tar.gz:d/two.txt");
}

INSTANTIATE_TEST_SUITE_P(Filters, Compressed, testing::Values("gzip", "xz", "bzip2"));

TEST(Archive, GzipOfSeveralMembersIsJoined) {
  const auto two = packed({{"data", "first "}}, "raw", "gzip") +
                   packed({{"data", "second, longer"}}, "raw", "gzip");
  EXPECT_EQ(unpack(two, "a.gz").front().bytes, "first second, longer");
}

TEST(Archive, ZipMembersAndTheirChecksums) {
  auto zip = packed({{"a.tsv", "text\tlabel\n"}, {"b/c.txt", "xyz"}}, "zip", "none");
  const auto members = unpack(zip, "two.zip");
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[1].bytes, "xyz");
  auto flipped = zip;
  const auto at = flipped.find("text\tlabel");
  if (at != std::string::npos) {
    flipped[at] = 'T';
  } else {
    // Deflated: the first byte behind the 30 bytes of the header, the name and its extra field.
    flipped[38] = static_cast<char>(flipped[38] ^ 0x40);
  }
  EXPECT_TRUE(contains(input_error([&] { unpack(flipped, "two.zip"); }), "truncated or corrupt"));
  const auto error = input_error([&] { unpack(zip.substr(0, 40), "two.zip"); });
  EXPECT_TRUE(contains(error, "two.zip: the file is truncated or corrupt")) << error;
}

TEST(Archive, OneMemberByName) {
  TemporaryFolder folder;
  const auto path =
      folder.write("two.zip", packed({{"a.tsv", "A"}, {"b.tsv", "B"}}, "zip", "none"));
  EXPECT_EQ(open_single(path + ":b.tsv").bytes, "B");
  EXPECT_TRUE(contains(input_error([&] { open_single(path + ":c.tsv"); }), "no member \"c.tsv\""));
  EXPECT_TRUE(contains(input_error([&] { open_single(path); }), "holds 2 (a.tsv, b.tsv)"));
}

TEST(Archive, MissingFileAndDirectory) {
  TemporaryFolder folder;
  EXPECT_TRUE(contains(input_error([&] { open_members(folder / "none.txt"); }), "no such file"));
  EXPECT_TRUE(contains(input_error([&] { open_members(folder / ""); }), "this is a directory"));
}

TEST(Archive, UnpackedSizeIsBounded) {
  const auto bomb = packed({{"data", std::string(100000, 'a')}}, "raw", "gzip");
  EXPECT_TRUE(contains(input_error([&] { unpack(bomb, "bomb.gz", 1000); }), "larger than"));
  const auto zip =
      packed({{"a", std::string(900, 'a')}, {"b", std::string(900, 'b')}}, "zip", "none");
  EXPECT_TRUE(contains(input_error([&] { unpack(zip, "bomb.zip", 1000); }), "larger than"));
}

TEST(Archive, ExtensionsLookBelowTheCompression) {
  EXPECT_EQ(extension("a/Reviews.TSV.gz"), "tsv");
  EXPECT_EQ(extension("a.tar.xz"), "tar");
  EXPECT_EQ(extension("none"), "");
  EXPECT_EQ(without_compression("a.b.zst"), "a.b");
}

}  // namespace
}  // namespace regard::data
