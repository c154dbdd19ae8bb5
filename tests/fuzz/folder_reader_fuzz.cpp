// Any names of archive members as label folders: names are the lines of the input.
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/data/readers/directory.hpp"

using namespace regard::data;

std::vector<std::string> fuzz_seeds() {
  return {"root/pos/1.txt\nroot/neg/2.txt", "a/b\n.hidden/c\nloose", "../../x/y\n/abs/z\n./n/m",
          "a\nb"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const auto labels : {FolderLabels::kFolderName, FolderLabels::kNone}) {
    try_to_read(data, size, [&](std::string_view bytes) {
      std::vector<Member> members;
      while (!bytes.empty() && members.size() < 64) {
        const auto name = std::string(bytes.substr(0, bytes.find('\n')));
        bytes.remove_prefix(std::min(bytes.size(), name.size() + 1));
        members.push_back({"fuzz.zip:" + name, name, "content"});
      }
      ExamplesBuilder builder;
      parse_member_folders(std::move(members), "fuzz.zip", {}, labels, builder);
      check_examples(builder.finish());
    });
  }
  return 0;
}
