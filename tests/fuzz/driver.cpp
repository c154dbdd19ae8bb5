// Runs a fuzz target without libFuzzer: mutates its seeds under a fixed random stream, so that a
// fault comes again with the same arguments.
//
//   <name>_fuzz [rounds] [first round]      mutate and run; default 20000 rounds
//   <name>_fuzz --write-seeds FOLDER        write the seeds as files, as libFuzzer's first corpus
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "regard/base/philox.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/// Well-formed inputs of the target, from which mutation starts; a target may leave it out.
__attribute__((weak)) std::vector<std::string> fuzz_seeds();

namespace {

std::vector<std::string> seeds() {
  std::vector<std::string> found;
  if (&fuzz_seeds != nullptr) found = fuzz_seeds();
  found.emplace_back();
  return found;
}

int write_seeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const std::string& seed : seeds())
    std::ofstream(folder / ("seed" + std::to_string(number++)), std::ios::binary) << seed;
  return 0;
}

}  // namespace

#ifdef REGARD_LIBFUZZER
/// libFuzzer has its own main; it calls this first.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc == 3 && std::string((*argv)[1]) == "--write-seeds") std::exit(write_seeds((*argv)[2]));
  return 0;
}
#else
/// There when the program is built with a sanitizer.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

/// Numbers at which parsers of lengths and offsets break.
constexpr uint64_t kEdges[] = {0,          1,          0x7f,       0x80,       0xff,
                               0x7fff,     0xffff,     0x7fffffff, 0x80000000, 0xffffffff,
                               1ull << 32, 1ull << 62, 1ull << 63, ~0ull};

void mutate_once(std::string& text, const std::vector<std::string>& all, regard::Random& random) {
  const size_t at = random.below(text.size() + 1);
  const size_t length = random.below(1 + random.below(32));
  switch (random.below(8)) {
    case 0:  // flip a bit
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
      break;
    case 1:  // set a byte
      if (at < text.size()) text[at] = static_cast<char>(random.below(256));
      break;
    case 2:  // remove a run
      text.erase(at, length);
      break;
    case 3:  // repeat a run
      text.insert(at, text.substr(at, length));
      break;
    case 4:  // cut off
      text.resize(at);
      break;
    case 5: {  // overwrite with an edge number, little or big end first
      const uint64_t edge = kEdges[random.below(std::size(kEdges))];
      const size_t width = size_t{1} << random.below(4);
      const bool big = random.below(2) == 1;
      for (size_t i = 0; i < width && at + i < text.size(); ++i)
        text[at + i] = static_cast<char>(edge >> (8 * (big ? width - 1 - i : i)));
      break;
    }
    case 6: {  // splice with another seed
      const std::string& other = all[random.below(all.size())];
      text = text.substr(0, at) + other.substr(random.below(other.size() + 1));
      break;
    }
    default: {  // insert a character that formats give a meaning
      const std::string meaning("\0\n\r\t\"'\\,;:{}[]()-+.eE0123456789\xef\xbb\xbf\xff\x1f\x8b",
                                37);
      text.insert(at, 1, meaning[random.below(meaning.size())]);
    }
  }
}

/// Said when the target dies, so that this round can be run alone.
int64_t current_round = 0;
void say_round() {
  std::fprintf(stderr, "died in round %lld\n", static_cast<long long>(current_round));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--write-seeds") return write_seeds(argv[2]);
  const int64_t rounds = argc > 1 ? std::atoll(argv[1]) : 20000;
  const int64_t first = argc > 2 ? std::atoll(argv[2]) : 0;
  if (&__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(say_round);
  std::set_terminate([] {
    say_round();
    std::abort();
  });
  const std::vector<std::string> all = seeds();
  const auto run = [](const std::string& text) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  };
  for (const std::string& seed : all) run(seed);
  for (int64_t round = first; round < first + rounds; ++round) {
    current_round = round;
    regard::Random random(1, regard::RandomStream::kTest, static_cast<uint64_t>(round));
    std::string text = all[random.below(all.size())];
    const uint64_t changes = 1 + random.below(6);
    for (uint64_t i = 0; i < changes; ++i) mutate_once(text, all, random);
    if (text.size() > (1u << 20)) text.resize(1u << 20);
    run(text);
  }
  std::printf("%lld rounds from %zu seeds\n", static_cast<long long>(rounds), all.size());
  return 0;
}
#endif
