// Headers that lie: each is refused with its reason, none is read beyond the file.
#include "regard/run/safetensors_header.hpp"

#include <gtest/gtest.h>

#include "regard/base/error.hpp"

namespace regard::run {
namespace {

std::string refusal(const std::string& json, uint64_t data_bytes) {
  try {
    parse_header(json, data_bytes, "file");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

std::string entry(const std::string& name, const std::string& shape, const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets +
         "}";
}

TEST(SafetensorsHeader, ReadsWhatItWrites) {
  SafetensorsHeader header;
  header.metadata = {{"b", "2"}, {"a", "line\nbreak"}};
  header.tensors = {{"z", "F32", {2, 3}, 0, 0},
                    {"y", "BOOL", {5}, 0, 0},
                    {"x", "I64", {}, 0, 0},
                    {"w", "F64", {0}, 0, 0}};
  const std::string text = format_header(header);
  ASSERT_EQ(text.size() % 8, 0u);
  const uint64_t length = parse_length(text, text.size() + 37, "file");
  ASSERT_EQ(length + kLengthBytes, text.size());
  const auto came = parse_header(text.substr(8), 37, "file");
  EXPECT_EQ(came.metadata, header.metadata);
  ASSERT_EQ(came.tensors.size(), 4u);
  EXPECT_EQ(came.tensors[0].name, "w");
  EXPECT_EQ(came.tensors[1].name, "x");
  EXPECT_EQ(came.tensors[2].begin, 8u);
  EXPECT_EQ(came.tensors[2].shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(came.tensors[3].end, 37u);
}

TEST(SafetensorsHeader, RefusesWhatIsWrong) {
  const struct {
    std::string json, reason;
    uint64_t data_bytes = 8;
  } cases[] = {
      {"", "does not start with {"},
      {"[]", "does not start with {"},
      {"{", "not valid JSON"},
      {"{} x", "not valid JSON"},
      {"{\"\xff\":1}", "not valid JSON"},
      {std::string(100000, '{'), "JSON"},
      {"{\"a\":" + std::string(5000, '[') + std::string(5000, ']') + "}", "nested too deeply"},
      {"{\"a\":1}", "must be an object"},
      {"{\"a\":{}}", "no word \"dtype\""},
      {R"({"a":{"dtype":"F99","shape":[],"data_offsets":[0,8]}})", "\"F99\" is not known"},
      {R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", "no list \"shape\""},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", "no pair"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})", "unknown key"},
      {"{" + entry("a", "[-2]", "[0,8]") + "}", "whole number"},
      {"{" + entry("a", "[2.0]", "[0,8]") + "}", "whole number"},
      {"{" + entry("a", "[18446744073709551615]", "[0,8]") + "}", "too large"},
      {"{" + entry("a", "[4294967296,4294967296]", "[0,8]") + "}", "overflows"},
      {"{" + entry("a", "[0,4294967296,4294967296]", "[0,0]") + "}", "overflows"},
      {"{" + entry("a", "[4611686018427387905]", "[0,4]") + "}", "overflows"},
      {"{" + entry("a", "[3]", "[0,8]") + "}", "12 bytes by its shape"},
      {"{" + entry("a", "[2]", "[8,0]") + "}", "ends before it begins"},
      {"{" + entry("a", "[2]", "[0,8]") + "," + entry("b", "[1]", "[4,8]") + "}", "overlaps"},
      {"{" + entry("a", "[1]", "[4,8]") + "}", "leaves a gap"},
      {"{" + entry("a", "[1]", "[0,4]") + "}", "4 bytes after the last tensor"},
      {"{" + entry("a", "[4]", "[0,16]") + "}", "truncated"},
      {"{" + entry("a", "[2]", "[0,8]") + "," + entry("a", "[2]", "[0,8]") + "}", "appears twice"},
      {R"({"__metadata__":[]})", "must be an object"},
      {R"({"__metadata__":{"a":1}})", "must be a word"},
  };
  for (const auto& c : cases) {
    const auto text = refusal(c.json, c.data_bytes);
    EXPECT_NE(text.find(c.reason), std::string::npos) << c.json.substr(0, 80) << "\n  " << text;
    EXPECT_TRUE(text.starts_with("file: ")) << text;
  }
}

TEST(SafetensorsHeader, RefusesLengthsBeyondTheFile) {
  const auto length = [](uint64_t n) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(n >> (8 * i));
    return bytes;
  };
  EXPECT_EQ(parse_length(length(92), 100, "file"), 92u);
  EXPECT_THROW(parse_length(length(93), 100, "file"), InputError);
  EXPECT_THROW(parse_length(length(~0ull), 100, "file"), InputError);
  EXPECT_THROW(parse_length(length(kMaxHeaderBytes + 1), ~0ull, "file"), InputError);
  EXPECT_THROW(parse_length("1234567", 7, "file"), InputError);
}

}  // namespace
}  // namespace regard::run
