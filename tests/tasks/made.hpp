// Examples for the tests of tasks.
#pragma once

#include <string>

#include "regard/base/error.hpp"
#include "regard/data/readers/task.hpp"

namespace regard::data {

/// Two documents, with a label each where `labelled`.
inline Examples documents(bool labelled) {
  ExamplesBuilder into;
  into.begin_file("made.tsv");
  for (const char* label : {"no", "yes"}) {
    into.add_document("a text", 1);
    if (labelled) into.add_label(label);
  }
  return into.finish();
}

inline Examples text_pairs() {
  ExamplesBuilder into;
  into.begin_file("made.tsv");
  into.add_pair("one", "two", 1);
  into.add_label("yes");
  return into.finish();
}

/// The name of the task that is chosen, or the error.
inline std::string chosen(const std::string& name, const Examples& examples) {
  try {
    return choose_task(name, examples).name();
  } catch (const InputError& error) {
    return error.what();
  }
}

}  // namespace regard::data
