// regard generate-data: the synthetic tasks as files, for other programs and for people to look at.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "commands.hpp"
#include "flags.hpp"
#include "regard/base/clock.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/data/generators/listops.hpp"
#include "regard/data/generators/parallel.hpp"
#include "regard/data/generators/pathfinder.hpp"
#include "regard/data/generators/recall.hpp"

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
  add_number(*command, "--train", parts->train, "examples to train on")
      ->capture_default_str()
      ->check(count);
  add_number(*command, "--valid", parts->valid, "examples to validate on")
      ->capture_default_str()
      ->check(count);
  add_number(*command, "--test", parts->test, "examples to test on")
      ->capture_default_str()
      ->check(count);
  add_number(*command, "--seed", parts->seed, "keys every example: data_seed of a recipe")
      ->capture_default_str();
  return parts;
}

// Calls `write(name, first, count)` for the parts that are not empty; examples are numbered from 1
// through all of them.
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

// The first 64 images, eight in a row, as a PGM file.
void write_sheet(const fs::path& path, const data::Pathfinder& pathfinder, uint64_t seed) {
  constexpr int kRow = 8;
  const int side = pathfinder.side(), width = kRow * side;
  std::vector<uint8_t> sheet(static_cast<std::size_t>(width * width));
  data::for_each_example(kRow * kRow, 0, [&](int64_t i) {
    const auto image = pathfinder.image(seed, static_cast<uint64_t>(i) + 1);
    const auto left = i % kRow * side, top = i / kRow * side;
    for (int64_t y = 0; y < side; ++y) {
      std::copy_n(image.pixels.begin() + y * side, side, sheet.begin() + (top + y) * width + left);
    }
  });
  const auto head = "P5\n" + std::to_string(width) + " " + std::to_string(width) + "\n255\n";
  write_atomically(path, [&](const Sink& sink) {
    sink(head.data(), head.size());
    sink(sheet.data(), sheet.size());
  });
  std::printf("%s: the first %d images\n", path.c_str(), kRow * kRow);
}

void write_pathfinder(const Parts& parts, const data::PathfinderSpec& spec) {
  const data::Pathfinder pathfinder(spec);
  const auto seed = static_cast<uint64_t>(parts.seed);
  for_each_part(parts, [&](const char* name, int64_t first, int64_t count) {
    const auto path = fs::path(parts.out) / (std::string(name) + ".bin");
    const double began = seconds_now();
    write_atomically(path, [&](const Sink& sink) {
      in_order<data::PathfinderImage>(
          first, count, [&](uint64_t i) { return pathfinder.image(seed, i); },
          [&](const data::PathfinderImage& image) {
            const auto label = static_cast<uint8_t>(image.label);
            sink(&label, 1);
            sink(image.pixels.data(), image.pixels.size());
          });
    });
    say(path, count, began);
  });
  write_sheet(fs::path(parts.out) / "sheet.pgm", pathfinder, seed);
}

void add_pathfinder(CLI::App* command) {
  auto* pathfinder = command->add_subcommand(
      "pathfinder",
      "Pathfinder and Path-X of Long Range Arena: train.bin, valid.bin, test.bin (for the reader "
      "`records`: a label byte, then the pixels) and sheet.pgm to look at");
  auto parts = add_parts(pathfinder, {"", 160000, 20000, 20000});
  auto spec = std::make_shared<data::PathfinderSpec>();
  add_number(*pathfinder, "--side", spec->side, "32, or 128 for Path-X")->capture_default_str();
  add_number(*pathfinder, "--contour", spec->contour, "dashes of a long curve: 6, 9 or 14")
      ->capture_default_str();
  pathfinder->callback([=] { write_pathfinder(*parts, *spec); });
}

void add_listops(CLI::App* command) {
  auto* listops = command->add_subcommand(
      "listops",
      "ListOps of Long Range Arena: train.tsv, valid.tsv, test.tsv, columns Source and Target");
  auto parts = add_parts(listops, {"", 96000, 2000, 2000});
  auto spec = std::make_shared<data::ListOpsSpec>();
  add_number(*listops, "--depth", spec->depth, "greatest depth of a tree")->capture_default_str();
  add_number(*listops, "--arguments", spec->arguments, "most arguments of an operator")
      ->capture_default_str();
  add_number(*listops, "--shortest", spec->shortest, "trees are longer than this")
      ->capture_default_str();
  add_number(*listops, "--longest", spec->longest, "trees are shorter than this")
      ->capture_default_str();
  listops->callback([=] { write_listops(*parts, *spec); });
}

// A line for each token: the token, the place (from 0) that it should meet, and its label, each of
// the last two - where there is none; a blank line behind each sequence.
void write_recall(const Parts& parts, const data::RecallSpec& spec) {
  spec.check();
  for_each_part(parts, [&](const char* name, int64_t first, int64_t count) {
    const auto path = fs::path(parts.out) / (std::string(name) + ".tsv");
    const double began = seconds_now();
    write_atomically(path, [&](const Sink& sink) {
      in_order<std::string>(
          first, count,
          [&](uint64_t i) {
            const auto made = data::recall_sequence(spec, static_cast<uint64_t>(parts.seed), i);
            std::string lines;
            for (std::size_t t = 0; t < made.tokens.size(); ++t) {
              const auto place = made.planted[t];
              lines += made.tokens[t] + "\t" + (place < 0 ? "-" : std::to_string(place)) + "\t" +
                       (made.labels[t].empty() ? "-" : made.labels[t]) + "\n";
            }
            return lines + "\n";
          },
          [&](const std::string& text) { sink(text.data(), text.size()); });
    });
    say(path, count, began);
  });
}

void add_recall(CLI::App* command) {
  auto* recall = command->add_subcommand(
      "recall",
      "associative recall: train.tsv, valid.tsv, test.tsv with a token, the place that it should "
      "meet and its label in each line, and a blank line behind each sequence");
  auto parts = add_parts(recall, {"", 10000, 1000, 1000});
  auto spec = std::make_shared<data::RecallSpec>();
  add_number(*recall, "--length", spec->recall_length, "tokens of a sequence, a multiple of 4")
      ->capture_default_str();
  add_number(*recall, "--keys", spec->recall_keys, "keys to draw from (0: as many as tokens)")
      ->capture_default_str();
  add_number(*recall, "--values", spec->recall_values, "values to draw from")
      ->capture_default_str();
  recall->callback([=] { write_recall(*parts, *spec); });
}

}  // namespace

void add_generate_data(CLI::App& app) {
  auto* command = app.add_subcommand(
      "generate-data", "write a synthetic task to files: listops, pathfinder or recall");
  command->require_subcommand(1);
  command->footer(
      "A recipe needs no files: [data] reader = \"listops\" makes the same examples.\n"
      "Example: regard generate-data listops --out data/listops");

  add_listops(command);
  add_pathfinder(command);
  add_recall(command);
}

}  // namespace regard::cli
