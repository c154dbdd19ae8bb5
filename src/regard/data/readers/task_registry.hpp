// The entries of data/tasks. The definition is written by CMake from the files of that folder.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "regard/data/readers/task.hpp"

namespace regard::data {

/// (name, make_<name>) of every file in data/tasks, by name.
const std::vector<std::pair<std::string, std::unique_ptr<Task> (*)()>>& task_entries();

}  // namespace regard::data
