// Any bytes as a table, with and without a header, as one text or pairs, and as JSON lines.
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/data/readers/table.hpp"

using namespace regard::data;

std::vector<std::string> fuzz_seeds() {
  return {"text\tlabel\ngood\tpos\nbad\tneg\n",
          "label,text\r\nx,\"a, \"\"b\"\"\r\nc\"\r\ny,d\r\n",
          "\xEF\xBB\xBFtext,label\n\"q\",1\n",
          "neg\t0_3\tbad film\npos\t1_9\tgood film\n",
          "sep=;\r\ntext;label\r\n\"a;b\";x\r\n;y\r\n",
          "\"\";\"text\";\"label\"\n\"1\";\"a\nb\";\"x\"\n",
          "text\tlabel\ra\tx\rb\ty\r",
          "{\"text\": \"a\\tb\", \"label\": 1}\n{\"text\": null, \"label\": \"x\"}\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  TableSpec numbers;
  numbers.text = "3";
  numbers.label = "1";
  TableSpec pairs, alone;
  pairs.text2 = "label";
  pairs.label = "";
  alone.label = "";
  alone.label_in_training = "label";
  for (const auto& spec : {TableSpec{}, numbers, pairs, alone}) {
    for (const auto* name : {"f.tsv", "f.csv", "f", "f.jsonl"}) {
      try_to_read(data, size, [&](std::string_view bytes) {
        ExamplesBuilder builder(Empty::kLeaveOut);
        parse_table(bytes, name, spec, builder);
        const auto examples = builder.finish();
        check_examples(examples);
        for (int64_t i = 0; examples.pairs && i < examples.size(); ++i) {
          if (examples.texts(i)[0].empty() || examples.texts(i)[1].empty()) std::abort();
        }
      });
    }
  }
  return 0;
}
