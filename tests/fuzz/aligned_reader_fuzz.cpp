// Any bytes as two files of aligned lines, cut in the middle, and line by line.
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/data/readers/aligned.hpp"

using namespace regard::data;

std::vector<std::string> fuzz_seeds() {
  return {"one\ntwo\neins\nzwei\n", "a\r\n\nb\tc\n", "one\n\neins"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const bool refuse : {true, false}) {
    try_to_read(data, size, [&](std::string_view bytes) {
      const auto half = bytes.size() / 2;
      ExamplesBuilder builder(refuse ? Empty::kAuto : Empty::kLeaveOut);
      parse_aligned({"source", bytes.substr(0, half)}, {"target", bytes.substr(half)}, refuse,
                    builder);
      const auto examples = builder.finish();
      for (int64_t i = 0; i < examples.size(); ++i) {
        // No line holds what ends one.
        for (const auto text : examples.texts(i)) {
          if (text.find('\n') != std::string_view::npos) std::abort();
        }
      }
    });
  }
  return 0;
}
