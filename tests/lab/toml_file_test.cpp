// Values of any bytes through a recipe file and back.
#include "regard/run/toml.hpp"

#include <gtest/gtest.h>

#include "readers/helpers.hpp"
#include "regard/base/utf8.hpp"
#include "regard/lab/recipe.hpp"

namespace regard::lab {
namespace {

using data::TemporaryFolder;
using run::read_toml;
using run::toml_text;

TEST(TomlFile, WordsOfAnyBytesComeBack) {
  TemporaryFolder folder;
  const std::vector<std::string> words = {"caf\xE9",      "a\"b\\c\n\t\x7F\a", "gr\xC3\xBC\xC3\x9F",
                                          "\xEE\xBE\x80", "\xED\xA0\x80\xFF",  " ' # "};
  const auto line = "word = " + toml_text(words[0]) + "\nwords = " + toml_text(words) + "\n";
  EXPECT_TRUE(is_utf8(line));
  const auto read = read_toml(folder.write("r.toml", line));
  ASSERT_EQ(read.children.size(), 2u);
  for (const auto& entry : read.children) {
    if (entry.key == "word") {
      EXPECT_EQ(std::get<std::string>(entry.value), words[0]);
    } else {
      EXPECT_EQ(std::get<std::vector<std::string>>(entry.value), words);
    }
  }
}

TEST(Recipe, NamedColumnsMeanATable) {
  Recipe recipe;
  recipe.data.train = {"a.tsv", "b.csv.gz"};
  read_named_columns(recipe, "--text");
  EXPECT_EQ(recipe.data.reader.reader, "auto") << "the names say so";
  recipe.data.test = {"c.dat"};
  read_named_columns(recipe, "");
  EXPECT_EQ(recipe.data.reader.reader, "auto") << "no column is named";
  read_named_columns(recipe, "--text");
  EXPECT_EQ(recipe.data.reader.reader, "table");
  recipe.data.reader.reader = "auto";
  recipe.data.reader.table.label = "class";
  read_named_columns(recipe, "");
  EXPECT_EQ(recipe.data.reader.reader, "table");
  recipe.data.reader.reader = "idx";
  read_named_columns(recipe, "");
  EXPECT_EQ(data::input_error([&] { read_named_columns(recipe, "--label"); }),
            "--label names a column of a table, and the recipe says reader = \"idx\"");
}

TEST(Recipe, OptionsThatCameLaterLeaveTheIdentityAtTheirDefaults) {
  Recipe recipe;
  const auto plain = recipe.identity();
  EXPECT_EQ(plain.find("encoding"), std::string::npos);
  EXPECT_EQ(plain.find("empty"), std::string::npos);
  recipe.data.reader.encoding = "latin-1";
  EXPECT_NE(recipe.identity(), plain);
}

}  // namespace
}  // namespace regard::lab
