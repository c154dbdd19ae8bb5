#include "regard/base/text.hpp"

#include <gtest/gtest.h>

namespace regard {
namespace {

TEST(Text, OneLineWithoutTabs) {
  EXPECT_EQ(on_one_line("plain caf\xE9 \xC3\xA9"), "plain caf\xE9 \xC3\xA9");
  EXPECT_EQ(on_one_line("a\tb\nc\rd\\e\a\x7F"), "a\\tb\\nc\\rd\\\\e\\x07\\x7F");
}

TEST(Text, NearestNameForgivesTwoSwappedLetters) {
  EXPECT_EQ(nearest("widht", {"width", "layers"}), "width");
  EXPECT_EQ(nearest("sofmax", {"softmax", "hrr"}), "softmax");
  EXPECT_EQ(nearest("zzzzzz", {"softmax", "hrr"}), "");
}

TEST(Text, SplitsOutsideBrackets) {
  EXPECT_EQ(split_outside_brackets("softmax,window(width=8,global=1), off", ','),
            (std::vector<std::string>{"softmax", "window(width=8,global=1)", "off"}));
  EXPECT_EQ(split_outside_brackets("", ','), std::vector<std::string>{""});
}

TEST(Text, SizesAndTimesForPeople) {
  EXPECT_EQ(human_bytes(512), "512 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_seconds(3.14), "3.1 s");
  EXPECT_EQ(human_seconds(200), "3 min 20 s");
  EXPECT_EQ(shortest(0.1), "0.1");
}

}  // namespace
}  // namespace regard
