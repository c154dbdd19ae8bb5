// What a trained classifier answers to each example of its validation and test part.
#pragma once

#include <filesystem>
#include <string>

#include "regard/lab/session.hpp"

namespace regard::lab {

/// Which examples of a part were answered rightly: '1' or '0' for each, in the order of the data.
struct Right {
  std::string valid, test;  // test: empty without test data
};

struct Answers {
  std::string right;       // '1' or '0' for each example, in the order of the data
  std::string one_answer;  // the label that every example gets, or "" when there are several
};

/// Answers of a classifier to labelled data; the model is put into evaluation mode.
Answers answers(models::Model& model, const data::Dataset& dataset, const data::Encoding& encoding,
                int64_t rows);

/// answers.json of a run folder; a part that was not answered is empty.
void write_right(const std::filesystem::path& folder, const Right& right);
Right read_right(const std::filesystem::path& folder);

}  // namespace regard::lab
