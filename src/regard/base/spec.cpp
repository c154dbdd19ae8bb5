#include "regard/base/spec.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/none.hpp"
#include "regard/base/text.hpp"

namespace regard {
namespace {

class Describe final : public Visitor {
 public:
  std::vector<Field> found;
  void operator()(std::string_view n, bool& v, std::string_view d) override { add(n, d, v); }
  void operator()(std::string_view n, int64_t& v, std::string_view d) override { add(n, d, v); }
  void operator()(std::string_view n, double& v, std::string_view d) override { add(n, d, v); }
  void operator()(std::string_view n, std::vector<int64_t>& v, std::string_view d) override {
    add(n, d, v);
  }
  void operator()(std::string_view n, std::vector<double>& v, std::string_view d) override {
    add(n, d, v);
  }
  void operator()(std::string_view n, std::vector<std::string>& v, std::string_view d) override {
    add(n, d, v);
  }
  void operator()(std::string_view n, std::string& v, std::string_view d,
                  const Choices& choices) override {
    add(n, d, v, choices);
  }

 private:
  void add(std::string_view name, std::string_view doc, Value value, Choices choices = {}) {
    found.push_back({std::string(name), type_name(value), std::string(doc), std::move(value),
                     std::move(choices)});
  }
};

// Sets one field from one value, with the conversions that lose nothing (int to float, word to
// list).
class Set final : public Visitor {
 public:
  Set(const std::string& key, const Value& value, std::string_view where)
      : key_(key), value_(value), where_(where) {}
  bool done = false;

  void operator()(std::string_view n, bool& v, std::string_view) override { exact(n, v); }
  void operator()(std::string_view n, int64_t& v, std::string_view) override { exact(n, v); }
  void operator()(std::string_view n, double& v, std::string_view) override {
    if (n != key_) return;
    if (const auto* whole = std::get_if<int64_t>(&value_)) {
      v = static_cast<double>(*whole);
      done = true;
    } else {
      exact(n, v);
      check_finite({v}, "a finite number");
    }
  }
  void operator()(std::string_view n, std::vector<int64_t>& v, std::string_view) override {
    if (n != key_) return;
    if (const auto* one = std::get_if<int64_t>(&value_)) {
      v = {*one};
      done = true;
    } else {
      exact(n, v);
    }
  }
  void operator()(std::string_view n, std::vector<double>& v, std::string_view) override {
    if (n != key_) return;
    if (const auto* one = std::get_if<int64_t>(&value_)) {
      v = {static_cast<double>(*one)};
    } else if (const auto* real = std::get_if<double>(&value_)) {
      v = {*real};
    } else if (const auto* whole = std::get_if<std::vector<int64_t>>(&value_)) {
      v.assign(whole->begin(), whole->end());
    } else {
      exact(n, v);
    }
    check_finite(v, "a list of finite numbers");
    done = true;
  }
  void operator()(std::string_view n, std::vector<std::string>& v, std::string_view) override {
    if (n != key_) return;
    if (const auto* one = std::get_if<std::string>(&value_)) {
      v = {*one};
      done = true;
    } else if (const auto* whole = std::get_if<std::vector<int64_t>>(&value_);
               whole && whole->empty()) {
      v.clear();
      done = true;
    } else {
      exact(n, v);
    }
  }
  void operator()(std::string_view n, std::string& v, std::string_view,
                  const Choices& choices) override {
    if (n != key_) return;
    exact(n, v);
    if (!choices.empty() && std::find(choices.begin(), choices.end(), v) == choices.end()) {
      auto known = choices;
      std::replace(known.begin(), known.end(), std::string(), std::string("\"\""));
      throw InputError(std::string(where_) + ": option \"" + key_ + "\" is one of " +
                       join(known, ", ") + ", and \"" + v + "\" came");
    }
  }

 private:
  template <class T>
  void exact(std::string_view name, T& target) {
    if (name != key_) return;
    if (const auto* given = std::get_if<T>(&value_)) {
      target = *given;
      done = true;
      return;
    }
    throw InputError(std::string(where_) + ": option \"" + key_ + "\" is " + type_name(Value(T{})) +
                     ", and " + type_name(value_) + " " + to_text(value_) + " came");
  }
  void check_finite(const std::vector<double>& values, const char* expected) const {
    if (std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
      return;
    throw InputError(std::string(where_) + ": option \"" + key_ + "\" is " + expected + ", and " +
                     to_text(value_) + " came");
  }
  const std::string& key_;
  const Value& value_;
  std::string_view where_;
};

}  // namespace

std::vector<Field> fields(const Visit& visit) {
  Describe describe;
  visit(describe);
  return std::move(describe.found);
}

void assign(const Visit& visit, const std::vector<std::pair<std::string, Value>>& given,
            std::string_view where) {
  for (const auto& [key, value] : given) {
    Set set(key, value, where);
    visit(set);
    if (set.done) continue;
    std::vector<std::string> known;
    for (const auto& field : fields(visit)) known.push_back(field.name);
    throw InputError(std::string(where) + ": unknown option \"" + key + "\"" +
                     suggestion(key, known));
  }
}

Value parse_value(std::string_view raw) {
  const std::string text = trim(raw);
  if (text == "true") return true;
  if (text == "false") return false;
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    const auto inner = trim(std::string_view(text).substr(1, text.size() - 2));
    std::vector<int64_t> whole;
    std::vector<double> reals;
    std::vector<std::string> words;
    if (!inner.empty()) words = split_outside_brackets(inner, ',');
    for (auto& word : words) {
      const auto item = parse_value(word);
      if (const auto* number = std::get_if<int64_t>(&item)) {
        whole.push_back(*number);
        reals.push_back(static_cast<double>(*number));
      }
      if (const auto* real = std::get_if<double>(&item)) reals.push_back(*real);
      if (const auto* name = std::get_if<std::string>(&item)) word = *name;
    }
    if (whole.size() == words.size()) return whole;
    if (reals.size() == words.size()) return reals;
    return words;
  }
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  int64_t whole = 0;
  const auto* end = text.data() + text.size();
  if (auto [at, error] = std::from_chars(text.data(), end, whole);
      error == std::errc() && at == end) {
    return whole;
  }
  double real = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, real);
      error == std::errc() && at == end) {
    return real;
  }
  return text;
}

std::string to_text(const Value& value) {
  struct Print {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return v == kNone ? "none" : std::to_string(v); }
    std::string operator()(double v) const { return shortest(v); }
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(const std::vector<int64_t>& v) const {
      std::vector<std::string> parts;
      for (const auto item : v) parts.push_back(std::to_string(item));
      return "[" + join(parts, ", ") + "]";
    }
    std::string operator()(const std::vector<double>& v) const {
      std::vector<std::string> parts;
      for (const auto item : v) parts.push_back(shortest(item));
      return "[" + join(parts, ", ") + "]";
    }
    std::string operator()(const std::vector<std::string>& v) const {
      return "[" + join(v, ", ") + "]";
    }
  };
  return std::visit(Print{}, value);
}

std::string type_name(const Value& value) {
  static const char* const names[] = {
      "true or false",           "a whole number",  "a number",         "a word",
      "a list of whole numbers", "a list of words", "a list of numbers"};
  return names[value.index()];
}

}  // namespace regard
