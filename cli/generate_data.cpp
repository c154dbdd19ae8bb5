// regard generate-data: the synthetic tasks as files, for other programs and for people to look at.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "commands.hpp"
#include "regard/base/clock.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/data/generators/listops.hpp"
#include "regard/data/generators/parallel.hpp"

namespace regard::cli {
namespace {
namespace fs = std::filesystem;

struct Parts {
  std::string out;
  int64_t train = 0, valid = 0, test = 0, seed = 1;
};

std::shared_ptr<Parts> add_parts(CLI::App* command, Parts defaults) {
  auto parts = std::make_shared<Parts>(std::move(defaults));
  command->add_option("--out", parts->out, "folder of the files")->required();
  const auto count = CLI::Range(int64_t{0}, int64_t{1} << 40);
  command->add_option("--train", parts->train, "examples to train on")
      ->capture_default_str()
      ->check(count);
  command->add_option("--valid", parts->valid, "examples to validate on")
      ->capture_default_str()
      ->check(count);
  command->add_option("--test", parts->test, "examples to test on")
      ->capture_default_str()
      ->check(count);
  command->add_option("--seed", parts->seed, "keys every example: data_seed of a recipe")
      ->capture_default_str();
  return parts;
}

// Calls `write(name, first, count)` for the parts that are not empty; examples are numbered from 1 through all of them.
template <class F>
void for_each_part(const Parts& parts, F&& write) {
  make_directory(parts.out);
  int64_t first = 1;
  for (const auto& [name, count] :
       {std::pair{"train", parts.train}, {"valid", parts.valid}, {"test", parts.test}}) {
    if (count > 0) write(name, first, count);
    first += count;
  }
}

// Blocks of examples are made by all cores and written in order.
template <class T, class Make, class Put>
void in_order(int64_t first, int64_t count, Make&& make, Put&& put) {
  constexpr int64_t kBlock = 4096;
  std::vector<T> made;
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    made.resize(static_cast<std::size_t>(std::min(kBlock, count - begin)));
    data::for_each_example(static_cast<int64_t>(made.size()), 0, [&](int64_t i) {
      made[static_cast<std::size_t>(i)] = make(static_cast<uint64_t>(first + begin + i));
    });
    for (const auto& item : made) put(item);
  }
}

void say(const fs::path& path, int64_t count, double began) {
  std::printf("%s: %lld examples, %s\n", path.c_str(), static_cast<long long>(count),
              human_seconds(seconds_now() - began).c_str());
}

void write_listops(const Parts& parts, const data::ListOpsSpec& spec) {
  spec.check();
  for_each_part(parts, [&](const char* name, int64_t first, int64_t count) {
    const auto path = fs::path(parts.out) / (std::string(name) + ".tsv");
    const double began = seconds_now();
    write_atomically(path, [&](const Sink& sink) {
      const auto put = [&](const std::string& text) { sink(text.data(), text.size()); };
      put("Source\tTarget\n");
      in_order<std::string>(
          first, count,
          [&](uint64_t i) {
            const auto codes = data::listops_tree(spec, static_cast<uint64_t>(parts.seed), i);
            return data::listops_bracketed(codes) + "\t" +
                   std::to_string(data::listops_value(codes)) + "\n";
          },
          put);
    });
    say(path, count, began);
  });
}

}  // namespace

void add_generate_data(CLI::App& app) {
  auto* command = app.add_subcommand("generate-data", "write a synthetic task to files: listops");
  command->require_subcommand(1);
  command->footer(
      "A recipe needs no files: [data] reader = \"listops\" makes the same examples.\n"
      "Example: regard generate-data listops --out data/listops");

  auto* listops = command->add_subcommand(
      "listops",
      "ListOps of Long Range Arena: train.tsv, valid.tsv, test.tsv, columns Source and Target");
  auto parts = add_parts(listops, {"", 96000, 2000, 2000});
  auto spec = std::make_shared<data::ListOpsSpec>();
  listops->add_option("--depth", spec->depth, "greatest depth of a tree")->capture_default_str();
  listops->add_option("--arguments", spec->arguments, "most arguments of an operator")
      ->capture_default_str();
  listops->add_option("--shortest", spec->shortest, "trees are longer than this")
      ->capture_default_str();
  listops->add_option("--longest", spec->longest, "trees are shorter than this")
      ->capture_default_str();
  listops->callback([=] { write_listops(*parts, *spec); });
}

}  // namespace regard::cli
