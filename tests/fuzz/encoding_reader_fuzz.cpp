// Any bytes as the JSON of a tokenizer and of an encoding.
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/data/readers/encoding.hpp"

using namespace regard::data;

std::vector<std::string> fuzz_seeds() {
  return {
      R"({"name":"byte"})",
      R"({"name":"character","code_points":[10,32,97,228]})",
      R"({"name":"words","words":["the","cat"],"lower":true})",
      R"({"name":"icu_words","words":["the","cat"],"lower":true})",
      R"({"task":"classification","max_length":9,"classes":["a","b"],"tokenizer":{"name":"byte"}})",
      R"({"task":"classification","max_length":4,"classes":["0","1"],"image":{"image_tokens":"patches",)"
      R"("patch":2,"normalise":"standard","shape":[4,4,1],"mean":[0.5],"deviation":[0.25]}})"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try_to_read(data, size, [](std::string_view text) {
    const auto tokenizer = tokenizer_from_json(text);
    std::vector<int32_t> ids;
    tokenizer->encode("The cat sat", ids);
    for (const auto id : ids) {
      if (id < 0 || id >= tokenizer->vocabulary()) std::abort();
    }
    tokenizer->decode(ids);
  });
  return try_to_read(data, size, [](std::string_view text) {
    const auto encoding = encoding_from_json(text);
    if (encoding.max_length < 1 || (encoding.vocabulary > 0) == (encoding.channels > 0))
      std::abort();
    const auto again = encoding.to_json();
    if (encoding_from_json(again).to_json() != again) std::abort();
  });
}
