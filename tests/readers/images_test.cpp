// IDX and binary records.
#include <gtest/gtest.h>

#include "readers/helpers.hpp"
#include "regard/data/readers/idx.hpp"
#include "regard/data/readers/reader.hpp"
#include "regard/data/readers/records.hpp"

namespace regard::data {
namespace {

std::string idx(const std::vector<uint32_t>& shape, const std::string& values, char type = 8) {
  std::string bytes = {0, 0, type, static_cast<char>(shape.size())};
  for (const auto size : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xFF);
  }
  return bytes + values;
}

TEST(Idx, ImagesWithLabelsBeside) {
  TemporaryFolder folder;
  const auto images = folder.write("x-images-idx3-ubyte.gz",
                                   packed({{"d", idx({2, 1, 3}, "abcdef")}}, "raw", "gzip"));
  folder.write("x-labels-idx1-ubyte.gz", packed({{"d", idx({2}, "\x09\x02")}}, "raw", "gzip"));
  EXPECT_EQ(guess_reader(images), "idx");
  const auto e = read_examples({images}, {});
  ASSERT_EQ(e.size(), 2);
  EXPECT_TRUE(e.shape == (ImageShape{1, 3, 1}));
  EXPECT_EQ(e.images, (std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}));
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"2", "9"}));
  EXPECT_EQ(e.labels, (std::vector<int32_t>{1, 0}));
  EXPECT_FALSE(read_examples({images}, {}, Labels::kNone).labelled());
}

TEST(Idx, LabelsAreNoImages) {
  TemporaryFolder folder;
  const auto labels = folder.write("l-idx1-ubyte", idx({2}, "ab"));
  EXPECT_TRUE(contains(input_error([&] { read_examples({labels}, {}); }), "these are labels"));
}

TEST(Idx, Errors) {
  const auto error = [](const std::string& bytes) {
    return input_error([&] { parse_idx(bytes, "f"); });
  };
  EXPECT_TRUE(contains(error("PNG!"), "f: not an IDX file"));
  EXPECT_TRUE(contains(error(""), "f: not an IDX file"));
  EXPECT_TRUE(contains(error(idx({1}, "aaaa", 0x0D)), "values of type 13"));
  EXPECT_EQ(error(idx({2, 2, 2}, "abcdefg")), "f: the header says 2 x 2 x 2, and 7 values follow");
  EXPECT_EQ(error(idx({2, 2, 2}, "abcdefghi")),
            "f: the header says 2 x 2 x 2, and 9 values follow");
  EXPECT_EQ(error(idx({3, 0}, "")), "f: the array is empty (3 x 0)");
  EXPECT_TRUE(contains(error(idx({2, 2}, "").substr(0, 9)), "ends inside its IDX header"));
  EXPECT_TRUE(
      contains(error(idx({0x80000000u, 0x80000000u, 0x80000000u, 8}, "a")), "1 values follow"));
}

TEST(Idx, CountsOfImagesAndLabelsAgree) {
  ExamplesBuilder builder;
  const auto images = idx({2, 1, 1}, "ab"), labels = idx({3}, "abc");
  EXPECT_EQ(input_error([&] {
              parse_idx_pair({images, "i", labels, "l"}, builder);
            }),
            "l: 2 labels were expected (i), and the array is 3");
}

TEST(Idx, FashionMnist) {
  const std::string path = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the package dataset-fashion-mnist is absent";
  const auto e = read_examples({path}, {});
  EXPECT_EQ(e.size(), 10000);
  EXPECT_TRUE(e.shape == (ImageShape{28, 28, 1}));
  EXPECT_EQ(e.label_names.size(), 10u);
  EXPECT_EQ(e.label_names[static_cast<std::size_t>(e.labels[0])], "9");
}

RecordsSpec records(std::vector<int64_t> shape) {
  RecordsSpec spec;
  spec.shape = std::move(shape);
  return spec;
}

Examples parse_images(const std::string& bytes, const RecordsSpec& spec) {
  ExamplesBuilder builder;
  parse_records(bytes, "r.bin", spec, RecordLabels::kRead, builder);
  return builder.finish();
}

TEST(Records, GreyImages) {
  const auto e = parse_images(
      "\x03"
      "abcd\x01"
      "efgh",
      records({2, 2}));
  ASSERT_EQ(e.size(), 2);
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"1", "3"}));
  EXPECT_EQ(e.labels, (std::vector<int32_t>{1, 0}));
  EXPECT_EQ(e.images[4], 'e');
  EXPECT_EQ(e.place(1), "r.bin: record 2");
}

TEST(Records, PlanesBecomeChannels) {
  const auto e = parse_images("\x01rRgGbB", records({3, 1, 2}));
  EXPECT_TRUE(e.shape == (ImageShape{1, 2, 3}));
  EXPECT_EQ(std::string(e.images.begin(), e.images.end()), "rgbRGB");
}

TEST(Records, SecondLabelByteAndHeader) {
  auto spec = records({1, 1});
  spec.label_bytes = 2;
  spec.label_byte = 2;
  spec.skip = 3;
  const auto e = parse_images(std::string("HDR\x01\x07z\x02\x08y"), spec);
  EXPECT_EQ(e.label_names, (std::vector<std::string>{"7", "8"}));
}

TEST(Records, Errors) {
  const auto error = [](const std::string& bytes, const RecordsSpec& spec) {
    return input_error([&] { parse_images(bytes, spec); });
  };
  EXPECT_EQ(
      error("abc", records({2, 2})),
      "r.bin: records of 5 bytes (1 before 4 values) were expected, and the file has 3 bytes");
  EXPECT_TRUE(contains(error("", records({2, 2})), "the file has 0 bytes"));
  EXPECT_TRUE(contains(error("abc", {}), "shape = [height, width]"));
  EXPECT_TRUE(contains(error("abc", records({2, -2})), "-2 came"));
  auto spec = records({1, 1});
  spec.label_byte = 2;
  EXPECT_TRUE(
      contains(error("ab", spec), "label_byte lies between 1 and label_bytes, 1, and 2 came"));
}

TEST(Records, CifarGrey) {
  const std::string path = REGARD_SOURCE_DIR "/../shared/data/images/cifar10_gray_test.bin.xz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  ReaderSpec spec;
  spec.records.shape = {32, 32};
  const auto e = read_examples({path}, spec);
  EXPECT_EQ(e.size(), 10000);
  EXPECT_EQ(e.label_names.size(), 10u);
}

}  // namespace
}  // namespace regard::data
