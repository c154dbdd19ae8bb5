// Binary records of one size, as CIFAR has them: label bytes, then the pixels, plane by plane.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/data/readers/examples.hpp"

namespace regard::data {

struct RecordsSpec {
  std::vector<int64_t> shape;
  int64_t label_bytes = 1;
  int64_t label_byte = 1;
  int64_t skip = 0;
  void visit(Visitor& f) {
    f("shape", shape,
      "records: [height, width] or [channels, height, width] of the values, as stored");
    f("label_bytes", label_bytes, "records: bytes before the values");
    f("label_byte", label_byte,
      "records: which of these is the label, from 1 (CIFAR-100: 2, the fine one)");
    f("skip", skip, "records: bytes before the first record");
  }
};

enum class RecordLabels { kRead, kSkip };

/// Adds every record; InputError when the file is no whole number of records.
void parse_records(std::string_view content, const std::string& name, const RecordsSpec& spec,
                   RecordLabels labels, ExamplesBuilder& into);

}  // namespace regard::data
