// Any bytes as a compressed file or an archive, at most 1 MiB unpacked.
#include <cstdio>
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/data/readers/archive.hpp"

using namespace regard::data;
using namespace std::string_literals;

std::vector<std::string> fuzz_seeds() {
  auto tar = "a.txt"s + std::string(95, '\0') +
             "0000644\0000000000\0000000000\00000000000005\00000000000000\000"s;
  // The checksum of a tar header is the sum of its bytes with the field itself as blanks.
  tar.resize(148, '\0');
  auto tail = "0"s + std::string(100, '\0') + "ustar\00000"s;
  tail.resize(512 - 156, '\0');
  unsigned sum = 8 * ' ';
  for (const char c : tar + tail) sum += static_cast<unsigned char>(c);
  char field[9];
  std::snprintf(field, sizeof field, "%06o", sum);
  tar += std::string(field, 6) + "\0 "s + tail + "hello"s + std::string(507 + 1024, '\0');
  return {"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0"s,
          "PK\x03\x04\x0a\0\0\0\0\0\0\0!\0\x86\xa6\x10\x36\x05\0\0\0\x05\0\0\0\x05\0\0\0a.txthello"
          "PK\x01\x02\x14\x03\x0a\0\0\0\0\0\0\0!"
          "\0\x86\xa6\x10\x36\x05\0\0\0\x05\0\0\0\x05\0\0\0\0\0\0\0\0"
          "\0\0\0\xa4\x81\0\0\0\0a.txtPK\x05\x06\0\0\0\0\x01\0\x01\0\x33\0\0\0\x28\0\0\0\0\0"s,
          tar,
          "\xfd\x37zXZ\0\0\x04\xe6\xd6\xb4\x46"s,
          "BZh9"s,
          "\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello"s,
          "plain text\n"s};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return try_to_read(data, size, [](std::string_view bytes) {
    for (const auto* name : {"fuzz.gz", "fuzz.tar"}) {
      if (unpack(std::string(bytes), name, 1 << 20).empty()) std::abort();
    }
  });
}
