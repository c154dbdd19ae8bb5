// Any bytes through byte order marks, ICU's converters and ICU's guess: UTF-8 comes out, or a
// sentence.
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/charset.hpp"

using namespace regard::data;

std::vector<std::string> fuzz_seeds() {
  using namespace std::string_literals;
  return {"\xFF\xFEt\0e\0x\0t\0"s,         "\xFE\xFF\0t\0e\xD8\x3D\xDE\x00"s,
          "\xFF\xFE\0\0t\0\0\0"s,          "\xEF\xBB\xBFgr\xC3\xBC\xC3\x9F",
          "caf\xE9 cr\xE8me\nl'\xE9t\xE9", "\x1B$B\x46\x7C\x1B(B"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const auto* encoding :
       {"auto", "utf-8", "utf-16", "utf-7", "windows-1252", "shift_jis", "iso-2022-jp"}) {
    try_to_read(data, size, [&](std::string_view bytes) {
      const auto decoded = decode(std::string(bytes), "f", {encoding});
      if (!regard::is_utf8(decoded.text)) std::abort();
    });
  }
  return 0;
}
