#include "regard/lab/answers.hpp"

#include <ATen/ops/argmax.h>

#include <algorithm>
#include <set>

#include "regard/base/files.hpp"
#include "regard/base/json.hpp"

namespace regard::lab {
namespace fs = std::filesystem;

Answers answers(models::Model& model, const data::Dataset& dataset, const data::Encoding& encoding,
                int64_t rows) {
  const torch::NoGradGuard guard;
  if (model.is_training()) model.eval();
  const auto device = model.parameters().front().device();
  const auto stream = dataset.sweep(rows);
  Answers all;
  all.right.assign(static_cast<std::size_t>(dataset.size()), '0');
  std::set<int64_t> given, labels;
  for (int64_t step = 0; step < stream->steps_per_epoch(); ++step) {
    const auto batch = stream->batch(step).to(device);
    const auto answer = model.logits(batch).argmax(1).cpu(), target = batch.targets.cpu();
    const auto examples = stream->examples(step);
    for (std::size_t i = 0; i < examples.size(); ++i) {
      const auto a = answer.const_data_ptr<int64_t>()[i], t = target.const_data_ptr<int64_t>()[i];
      given.insert(a);
      labels.insert(t);
      if (a == t) all.right[static_cast<std::size_t>(examples[i])] = '1';
    }
  }
  if (given.size() == 1 && labels.size() > 1)
    all.one_answer = encoding.classes[static_cast<std::size_t>(*given.begin())];
  return all;
}

void write_right(const fs::path& folder, const Right& right) {
  const Json json = {{"valid_right", right.valid}, {"test_right", right.test}};
  write_atomically(folder / "answers.json", json.dump(2) + "\n");
}

Right read_right(const fs::path& folder) {
  const auto path = folder / "answers.json";
  if (!fs::exists(path)) return {};
  const auto json = Json::parse(read_file(path), nullptr, false);
  if (!json.is_object()) return {};
  return {json.value("valid_right", ""), json.value("test_right", "")};
}

}  // namespace regard::lab
