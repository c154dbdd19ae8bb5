#include "regard/data/readers/encoding.hpp"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "regard/base/error.hpp"

namespace regard::data {
namespace {

using nlohmann::json;

constexpr int64_t kLargestSide = int64_t{1} << 20;

int64_t whole(const json& object, const char* key, int64_t least, int64_t most) {
  const auto& item = object.at(key);
  const auto value = item.is_number_integer() ? item.get<int64_t>() : least - 1;
  if (value < least || value > most) {
    throw InputError(std::string("encoding: \"") + key + "\" is a whole number from " +
                     std::to_string(least) + " to " + std::to_string(most) + ", and " +
                     item.dump() + " came");
  }
  return value;
}

// T and C follow from the shape, so that they cannot contradict it.
void derive_image_sizes(Encoding& e) {
  const auto& s = e.shape;
  const auto& kind = e.image.image_tokens;
  const auto p = e.image.patch;
  e.vocabulary = 0;
  if (kind == "pixels") {
    e.max_length = s.height * s.width;
    e.channels = s.channels;
  } else if (kind == "rows") {
    e.max_length = s.height;
    e.channels = s.width * s.channels;
  } else if (kind == "levels") {
    e.max_length = s.size();
    e.channels = 0;
    e.vocabulary = 256;
  } else {
    if (p < 1 || p > kLargestSide || s.height % p != 0 || s.width % p != 0) {
      throw InputError("patch = " + std::to_string(p) + " does not divide images of " +
                       std::to_string(s.height) + " x " + std::to_string(s.width));
    }
    e.max_length = (s.height / p) * (s.width / p);
    e.channels = p * p * s.channels;
  }
}

json image_json(const Encoding& e) {
  return {{"image_tokens", e.image.image_tokens},
          {"patch", e.image.patch},
          {"normalise", e.image.normalise},
          {"shape", {e.shape.height, e.shape.width, e.shape.channels}},
          {"mean", e.mean},
          {"deviation", e.deviation}};
}

void read_image(Encoding& e, const json& object) {
  std::vector<std::pair<std::string, Value>> words = {
      {"image_tokens", object.at("image_tokens").get<std::string>()},
      {"normalise", object.at("normalise").get<std::string>()},
      {"patch", whole(object, "patch", 1, kLargestSide)}};
  assign([&](Visitor& f) { e.image.visit(f); }, words, "encoding");
  std::array<int64_t, 3> sides{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& item = object.at("shape").at(i);
    sides[i] = item.is_number_integer() ? item.get<int64_t>() : 0;
    if (sides[i] < 1 || sides[i] > kLargestSide)
      throw InputError("encoding: the image shape is no shape");
  }
  e.shape = {sides[0], sides[1], sides[2]};
  e.mean = object.at("mean").get<std::vector<double>>();
  e.deviation = object.at("deviation").get<std::vector<double>>();
  const auto channels = static_cast<std::size_t>(e.shape.channels);
  bool fits = e.mean.size() == channels && e.deviation.size() == channels;
  for (const auto d : e.deviation) fits = fits && std::isfinite(d) && d > 0;
  if (!fits) throw InputError("encoding: mean and deviation do not fit the channels");
  derive_image_sizes(e);
}

void read_node_features(Encoding& e, const json& object) {
  NodeFeatures features;
  features.columns = object.at("columns").get<std::vector<std::string>>();
  features.width = whole(object, "width", 1, int64_t{1} << 24);
  features.mean = object.at("mean").get<std::vector<double>>();
  features.deviation = object.at("deviation").get<std::vector<double>>();
  const auto width = static_cast<std::size_t>(features.width);
  bool fits =
      features.words() || (features.columns.size() == width && features.mean.size() == width &&
                           features.deviation.size() == width);
  for (const auto d : features.deviation) fits = fits && std::isfinite(d) && d > 0;
  if (!fits) throw InputError("encoding: the features of nodes do not fit their columns");
  e.channels = features.width;
  e.nodes = std::make_shared<const NodeFeatures>(std::move(features));
}

void check_frame(const Tokenizer& tokenizer) {
  for (const auto piece : {Special::kBegin, Special::kEnd}) {
    if (tokenizer.special(piece) >= 0) continue;
    throw InputError("encoding: texts in a frame need a tokenizer with pieces of begin and end");
  }
}

const Task& saved_task(const json& object) {
  const auto name = object.at("task").get<std::string>();
  // Before pairs were a task of their own, they were a classification with this mark.
  const bool pairs = name == "classification" && object.value("pairs", false);
  try {
    return find_task(pairs ? "pairs" : name);
  } catch (const InputError& error) {
    throw InputError(std::string("encoding: ") + error.what());
  }
}

}  // namespace

std::string Encoding::to_json() const {
  json object{{"task", task->name()}, {"max_length", max_length}, {"classes", classes}};
  if (nodes) {
    object["nodes"] = {{"columns", nodes->columns},
                       {"width", nodes->width},
                       {"mean", nodes->mean},
                       {"deviation", nodes->deviation}};
  } else if (is_image()) {
    object["image"] = image_json(*this);
  } else {
    object["tokenizer"] = json::parse(tokenizer->to_json());
    if (pairs) object["pairs"] = true;
    if (pad_to > 0) object["pad_to"] = pad_to;
    if (planted) object["planted"] = true;
    if (framed) object["framed"] = true;
  }
  return object.dump();
}

void set_ends(Encoding& e) {
  e.begin = e.tokenizer->begin();
  e.end = e.tokenizer->end();
  if (e.begin < 0) e.begin = static_cast<int32_t>(e.vocabulary++);
  if (e.end < 0) e.end = static_cast<int32_t>(e.vocabulary++);
}

Encoding encoding_from_json(std::string_view text) {
  try {
    const auto object = json::parse(text);
    Encoding e;
    e.task = &saved_task(object);
    e.classes = object.at("classes").get<std::vector<std::string>>();
    e.max_length = whole(object, "max_length", 1, int64_t{1} << 40);
    if (object.contains("nodes")) {
      read_node_features(e, object.at("nodes"));
    } else if (object.contains("image")) {
      read_image(e, object.at("image"));
    } else {
      e.tokenizer = tokenizer_from_json(object.at("tokenizer").dump());
      e.vocabulary = e.tokenizer->vocabulary();
      e.pairs = object.value("pairs", false);
      e.planted = object.value("planted", false);
      if (e.task->targets() == Targets::kText) set_ends(e);
      e.framed = object.value("framed", false);
      if (e.framed) check_frame(*e.tokenizer);
      if (object.contains("pad_to")) e.pad_to = whole(object, "pad_to", 1, e.max_length);
    }
    return e;
  } catch (const json::exception& error) {
    throw InputError(std::string("encoding: its JSON cannot be read: ") + error.what());
  }
}

void fit_images(Encoding& e, const Examples& training) {
  e.shape = training.shape;
  derive_image_sizes(e);
  const auto channels = static_cast<std::size_t>(e.shape.channels);
  e.mean.assign(channels, 0);
  e.deviation.assign(channels, 1);
  if (e.image.normalise == "none" || e.is_tokens()) return;
  // Whole numbers: the sums of up to 2^47 pixels are exact.
  std::vector<uint64_t> sum(channels), squares(channels);
  for (std::size_t i = 0; i < training.images.size(); i += channels) {
    for (std::size_t c = 0; c < channels; ++c) {
      const uint64_t value = training.images[i + c];
      sum[c] += value;
      squares[c] += value * value;
    }
  }
  const auto n = static_cast<double>(training.images.size() / channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = static_cast<double>(sum[c]) / n;
    const double variance = static_cast<double>(squares[c]) / n - mean * mean;
    e.mean[c] = mean / 255;
    // A channel of one value keeps its scale.
    if (variance > 1e-9) e.deviation[c] = std::sqrt(variance) / 255;
  }
}

}  // namespace regard::data
