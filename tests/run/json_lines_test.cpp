#include "regard/run/json_lines.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "readers/helpers.hpp"
#include "regard/base/files.hpp"

namespace regard::run {
namespace {

const std::string kLines = "{\"step\":1}\n{\"step\":2,\"note\":\"a\"}\n{\"step\":3}\n";

TEST(JsonLines, AreCutBackToAMarkAndGoOn) {
  const data::TemporaryFolder folder;
  const auto path = folder.write("m.jsonl", kLines);
  {
    JsonLines lines(path, JsonLines::up_to("step", 2));
    lines.write("{\"step\":3,\"again\":true}");
    lines.sync();
  }
  EXPECT_EQ(read_file(path),
            "{\"step\":1}\n{\"step\":2,\"note\":\"a\"}\n{\"step\":3,\"again\":true}\n");
}

TEST(JsonLines, HalfALineAndWhatIsNoObjectEndWhatIsKept) {
  const data::TemporaryFolder folder;
  for (const std::string tail :
       {"{\"step\":4", "{\"step\":4}", "junk\n{\"step\":4}\n", "4\n", "{\"step\":\"4\"}\n", "\n"}) {
    const auto path = folder.write("m.jsonl", kLines + tail);
    const JsonLines lines(path, JsonLines::up_to("step", 9));
    EXPECT_EQ(read_file(path), kLines) << tail;
  }
}

TEST(JsonLines, LinesInTheMiddleMayBeDropped) {
  const data::TemporaryFolder folder;
  const auto path = folder.write("m.jsonl", kLines);
  const JsonLines lines(path, [](const nlohmann::json& line) {
    return line.contains("note") ? JsonLines::Cut::kDrop : JsonLines::Cut::kKeep;
  });
  EXPECT_EQ(read_file(path), "{\"step\":1}\n{\"step\":3}\n");
}

}  // namespace
}  // namespace regard::run
