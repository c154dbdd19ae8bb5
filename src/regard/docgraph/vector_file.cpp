#include "regard/docgraph/vector_file.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/run/arrays.hpp"

namespace regard::docgraph {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

std::vector<float> floats_of(const run::Array& array, const std::string& place) {
  if (const auto* floats = std::get_if<std::vector<float>>(&array.values)) return *floats;
  if (const auto* doubles = std::get_if<std::vector<double>>(&array.values))
    return {doubles->begin(), doubles->end()};
  throw InputError(place + ": numbers of type F32 or F64 were expected, and whole numbers came");
}

}  // namespace

VectorFile read_vectors(const std::filesystem::path& path, const Corpus& corpus, int64_t width) {
  const auto file = run::load_arrays(path);
  const auto place = path.string();
  if (file.arrays.size() != 1)
    throw InputError(place + ": one array (sentences, width) was expected, and " +
                     std::to_string(file.arrays.size()) + " came");
  const auto& array = file.arrays.begin()->second;
  const auto rows = corpus.sentences();
  if (array.shape.size() != 2 || array.shape[0] != rows || array.shape[1] < 1)
    throw InputError(place + ": a row for each of the " + std::to_string(rows) +
                     " sentences was expected, in the order of `regard docgraph split`, and an "
                     "array " +
                     shape_text(array.shape) + " came");
  if (width > 0 && array.shape[1] != width)
    throw InputError(place + ": vectors of width " + std::to_string(width) +
                     ", as in training, were expected, and width " +
                     std::to_string(array.shape[1]) + " came");
  const auto said = file.metadata.find("sentences");
  if (said != file.metadata.end() && said->second != checksum(corpus))
    throw InputError(place + ": vectors of these sentences were expected (checksum " +
                     checksum(corpus) + "), and vectors of other sentences came (" + said->second +
                     ")");
  VectorFile vectors{array.shape[1], floats_of(array, place)};
  const auto bad = std::find_if(vectors.values.begin(), vectors.values.end(),
                                [](float v) { return !std::isfinite(v); });
  if (bad != vectors.values.end())
    throw InputError(place + ": finite numbers were expected, and row " +
                     std::to_string((bad - vectors.values.begin()) / vectors.width + 1) +
                     " has one that is not");
  return vectors;
}

}  // namespace regard::docgraph
