// Any bytes as a TSV or CSV, with and without a header.
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/data/readers/table.hpp"

using namespace regard::data;

std::vector<std::string> fuzz_seeds() {
  return {"text\tlabel\ngood\tpos\nbad\tneg\n", "label,text\r\nx,\"a, \"\"b\"\"\r\nc\"\r\ny,d\r\n",
          "\xEF\xBB\xBFtext,label\n\"q\",1\n", "neg\t0_3\tbad film\npos\t1_9\tgood film\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  TableSpec numbers;
  numbers.text = "3";
  numbers.label = "1";
  for (const auto& spec : {TableSpec{}, numbers}) {
    for (const auto* name : {"f.tsv", "f.csv", "f"}) {
      try_to_read(data, size, [&](std::string_view bytes) {
        ExamplesBuilder builder;
        parse_table(bytes, name, spec, builder);
        check_examples(builder.finish());
      });
    }
  }
  return 0;
}
