// Options with a name, a type, a default and one line of help, declared once in the struct that
// uses them.
//
//   struct Spec {
//     int64_t width = 256;
//     void visit(Visitor& f) { f("width", width, "keys with |i - j| < width may meet"); }
//   };
//
// One `visit` serves reading (recipe, phrase, flag), printing (`regard list`, `regard show`) and
// the canonical form of a phrase. A default exists in one place: the member's initialiser.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace regard {

using Value = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>,
                           std::vector<std::string>, std::vector<double>>;

using Choices = std::vector<std::string>;

class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void operator()(std::string_view name, bool& value, std::string_view doc) = 0;
  virtual void operator()(std::string_view name, int64_t& value, std::string_view doc) = 0;
  virtual void operator()(std::string_view name, double& value, std::string_view doc) = 0;
  virtual void operator()(std::string_view name, std::vector<int64_t>& value,
                          std::string_view doc) = 0;
  virtual void operator()(std::string_view name, std::vector<double>& value,
                          std::string_view doc) = 0;
  virtual void operator()(std::string_view name, std::vector<std::string>& value,
                          std::string_view doc) = 0;
  /// A word; with `choices` non-empty, one of these.
  virtual void operator()(std::string_view name, std::string& value, std::string_view doc,
                          const Choices& choices = {}) = 0;
};

/// Anything with `visit(Visitor&)`, type-erased.
using Visit = std::function<void(Visitor&)>;

struct Field {
  std::string name, type, doc;
  Value value;
  Choices choices;
};

/// All fields in declared order with their present values.
std::vector<Field> fields(const Visit& visit);

/// Sets the fields named in `given`; throws InputError with `where`, the nearest name, or the type
/// expected.
/// A whole number is taken for a real one, one value for a list of one; NaN and infinity are
/// refused.
void assign(const Visit& visit, const std::vector<std::pair<std::string, Value>>& given,
            std::string_view where);

/// As in a phrase: `8`, `0.5`, `true`, `conj`, `[1, 2]`, `[0.5, 1]`.
Value parse_value(std::string_view text);
std::string to_text(const Value& value);
std::string type_name(const Value& value);

}  // namespace regard
