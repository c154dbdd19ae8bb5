#include "regard/data/readers/noise.hpp"

#include <vector>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/base/spec.hpp"
#include "regard/base/utf8.hpp"

namespace regard::data {
namespace {

bool is_kept(std::string_view c) { return c == "\n" || c == "\t" || c == "\r"; }

std::vector<std::string_view> characters_of(std::string_view text) {
  std::vector<std::string_view> all;
  while (!text.empty()) {
    const auto from = text;
    // What is no UTF-8 counts as a character a byte.
    if (take_code_point(text) < 0) text.remove_prefix(1);
    all.push_back(from.substr(0, from.size() - text.size()));
  }
  return all;
}

std::string without_words(std::string_view text, double rate, Random& random) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  std::string kept;
  std::string_view first;
  bool any = false;
  while (!text.empty()) {
    const auto begin = text.find_first_not_of(kBlanks);
    kept += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const auto word = text.substr(0, text.find_first_of(kBlanks));
    if (first.empty()) first = word;
    if (random.uniform() >= rate) {
      kept += word;
      any = true;
    }
    text.remove_prefix(word.size());
  }
  if (!any) kept += first;  // an empty text would be no example
  return kept;
}

}  // namespace

Noise parse_noise(const std::string& text, uint64_t seed) {
  const auto equals = text.find('=');
  const auto name = text.substr(0, equals);
  Noise noise{.seed = seed};
  if (name == "swap") noise.kind = Noise::Kind::kSwap;
  if (name == "drop") noise.kind = Noise::Kind::kDrop;
  if (name == "insert") noise.kind = Noise::Kind::kInsert;
  if (name == "word-drop") noise.kind = Noise::Kind::kWordDrop;
  bool good = noise.kind != Noise::Kind::kNone && equals != std::string::npos;
  if (good) {
    const auto value = parse_value(text.substr(equals + 1));
    const auto* real = std::get_if<double>(&value);
    const auto* whole = std::get_if<int64_t>(&value);
    good = real != nullptr || whole != nullptr;
    if (good) noise.rate = real != nullptr ? *real : static_cast<double>(*whole);
    good = good && noise.rate >= 0 && noise.rate <= 1;
  }
  if (good) return noise;
  throw InputError(
      "--noise: swap, drop, insert or word-drop with a rate from 0 to 1 was expected, such as "
      "swap=0.1, and \"" +
      text + "\" came");
}

std::string noisy(std::string_view text, const Noise& noise, uint64_t example) {
  if (noise.kind == Noise::Kind::kNone || noise.rate == 0) return std::string(text);
  Random random(noise.seed, RandomStream::kNoise, example);
  if (noise.kind == Noise::Kind::kWordDrop) return without_words(text, noise.rate, random);
  auto all = characters_of(text);
  std::string out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool hit = random.uniform() < noise.rate && !is_kept(all[i]);
    const bool next = i + 1 < all.size() && !is_kept(all[i + 1]);
    if (hit && noise.kind == Noise::Kind::kSwap && next) {
      out += all[i + 1];
      out += all[i++];
      continue;
    }
    if (hit && noise.kind == Noise::Kind::kDrop) continue;
    out += all[i];
    if (hit && noise.kind == Noise::Kind::kInsert) {
      out += static_cast<char>('a' + random.below(26));
    }
  }
  return out.find_first_not_of(" \t\r\n") == std::string::npos ? std::string(text) : out;
}

Examples with_noise(Examples examples, const Noise& noise) {
  if (noise.kind == Noise::Kind::kNone) return examples;
  if (examples.form != Examples::Form::kDocuments || examples.sentences) {
    throw InputError("--noise: texts were expected, and this run reads " +
                     std::string(examples.sentences ? "sentences of tokens" : "images"));
  }
  Documents changed;
  for (int64_t i = 0; i < examples.size(); ++i) {
    const auto example = static_cast<uint64_t>(i);
    if (!examples.pairs) {
      changed.add(noisy(examples.documents[i], noise, example));
      continue;
    }
    const auto [first, second] = examples.texts(i);
    const auto one = noisy(first, noise, 2 * example), two = noisy(second, noise, 2 * example + 1);
    if (!examples.cuts.empty()) examples.cuts[static_cast<std::size_t>(i)] = one.size();
    changed.add(one + "\t" + two);
  }
  examples.documents = std::move(changed);
  return examples;
}

}  // namespace regard::data
