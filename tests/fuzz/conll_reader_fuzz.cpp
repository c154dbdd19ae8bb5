// Any bytes as sentences with labels, without them, and in pieces.
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/data/readers/conll.hpp"
#include "regard/data/readers/tokenizer.hpp"

using namespace regard::data;

std::vector<std::string> fuzz_seeds() {
  return {"EU NNP B-ORG\nrejects VBZ O\n\nPeter NNP B-PER\n",
          "-DOCSTART- O\n\na\tb c\r\n \r\n\xC3\xBC\tO", "one\n\ntwo\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const auto labels : {TokenLabels::kRead, TokenLabels::kSkip}) {
    try_to_read(data, size, [&](std::string_view bytes) {
      ExamplesBuilder builder;
      parse_conll(bytes, "tagged", labels, builder);
      const auto examples = builder.finish();
      check_examples(examples);
      const auto pieces = cut_sentences(examples, 2);
      TokenizerSpec spec;
      spec.tokenizer = "words";
      const auto tokenizer = make_tokenizer(spec, pieces);
      std::vector<int32_t> ids;
      for (int64_t i = 0; i < pieces.size(); ++i) tokenizer->encode(pieces.documents[i], ids);
      // Each token is one word, so that each has its label.
      if (examples.labelled() && ids.size() != examples.token_labels.size()) std::abort();
      if (examples.labelled() != (labels == TokenLabels::kRead)) std::abort();
    });
  }
  return 0;
}
