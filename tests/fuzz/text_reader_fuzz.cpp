// Any bytes as plain text, as lines, and through every tokenizer and back.
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/data/readers/text.hpp"
#include "regard/data/readers/tokenizer.hpp"

using namespace regard::data;

std::vector<std::string> fuzz_seeds() {
  return {"First Citizen:\nBefore we proceed\n",
          "\xEF\xBB\xBFgr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\r\n\r\nB",
          "\xFF\xFE"
          "a"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try_to_read(data, size, [](std::string_view bytes) {
    ExamplesBuilder builder;
    parse_lines(bytes, "lines", builder);
    check_examples(builder.finish());
  });
  for (const auto* name : {"byte", "character", "words", "icu_words"}) {
    try_to_read(data, size, [&](std::string_view bytes) {
      ExamplesBuilder builder;
      parse_text(bytes, "text", builder);
      const auto examples = builder.finish();
      check_examples(examples);
      TokenizerSpec spec;
      spec.tokenizer = name;
      const auto tokenizer = make_tokenizer(spec, examples);
      std::vector<int32_t> ids;
      tokenizer->encode(examples.documents[0], ids);
      const auto text = tokenizer->decode(ids);
      // Bytes and characters of the training text come back as they were; words lose case and
      // blanks.
      if (!spec.tokenizer.ends_with("words") && text != examples.documents[0]) std::abort();
      if (tokenizer_from_json(tokenizer->to_json())->vocabulary() != tokenizer->vocabulary()) {
        std::abort();
      }
    });
  }
  return 0;
}
