#include "regard/data/readers/examples.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"

namespace regard::data {
namespace {

bool is_whole_number(std::string_view text, int64_t& value) {
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && at == end;
}

std::string place_text(const std::string& file, const std::string& unit, int64_t row) {
  return row == 0 ? file : file + ": " + unit + " " + std::to_string(row);
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// Numbers by value, so that "10" comes behind "9"; everything else by bytes.
std::vector<int32_t> label_order(const std::vector<std::string>& names) {
  std::vector<int64_t> numbers(names.size());
  bool all = true;
  for (std::size_t i = 0; i < names.size(); ++i) all = all && is_whole_number(names[i], numbers[i]);
  std::vector<int32_t> order(names.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    if (all && numbers[i] != numbers[j]) return numbers[i] < numbers[j];
    return names[i] < names[j];
  });
  return order;
}

int64_t count_tokens(std::string_view sentence) {
  if (sentence.ends_with('\n')) sentence.remove_suffix(1);
  return 1 + std::count(sentence.begin(), sentence.end(), '\n');
}

// Where the tokens of each sentence begin among all, and the number of all; zeros for other
// documents.
std::vector<int64_t> token_begins(const Examples& examples) {
  std::vector<int64_t> begins(static_cast<std::size_t>(examples.size()) + 1, 0);
  if (!examples.sentences) return begins;
  for (int64_t i = 0; i < examples.size(); ++i) {
    begins[static_cast<std::size_t>(i) + 1] =
        begins[static_cast<std::size_t>(i)] + count_tokens(examples.documents[i]);
  }
  return begins;
}

}  // namespace

std::string Places::place(int64_t i) const {
  const auto& origin = origins[static_cast<std::size_t>(i)];
  return place_text(files[static_cast<std::size_t>(origin.file)], unit, origin.row);
}

std::array<std::string_view, 2> Examples::texts(int64_t i) const {
  if (cuts.empty()) return texts_of_pair(documents[i]);
  const auto cut = cuts[static_cast<std::size_t>(i)];
  return {documents[i].substr(0, cut), documents[i].substr(cut + 1)};
}

void map_labels(Examples& examples, const std::vector<std::string>& names) {
  std::vector<int32_t> to(examples.label_names.size(), -1);
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto found = std::find(names.begin(), names.end(), examples.label_names[i]);
    if (found != names.end()) to[i] = static_cast<int32_t>(found - names.begin());
  }
  const auto renumber = [&](int32_t& id, int64_t example) {
    if (id < 0) return;
    const auto label = static_cast<std::size_t>(id);
    if (to[label] < 0) {
      throw InputError(examples.place(example) + ": label \"" + examples.label_names[label] +
                       "\" does not occur in the training data" +
                       suggestion(examples.label_names[label], names));
    }
    id = to[label];
  };
  for (std::size_t i = 0; i < examples.labels.size(); ++i) {
    renumber(examples.labels[i], static_cast<int64_t>(i));
  }
  const auto begins = token_begins(examples);
  for (int64_t i = 0; i < examples.size() && !examples.token_labels.empty(); ++i) {
    for (auto t = begins[static_cast<std::size_t>(i)]; t < begins[static_cast<std::size_t>(i) + 1];
         ++t) {
      renumber(examples.token_labels[static_cast<std::size_t>(t)], i);
    }
  }
  examples.label_names = names;
}

std::array<std::string_view, 2> texts_of_pair(std::string_view document) {
  const auto tab = document.find('\t');
  if (tab == std::string_view::npos || document.find('\t', tab + 1) != std::string_view::npos) {
    throw InputError("two texts with one tab between them were expected, and there are " +
                     std::to_string(std::count(document.begin(), document.end(), '\t')) + " tabs");
  }
  const std::array texts{document.substr(0, tab), document.substr(tab + 1)};
  for (const auto text : texts) {
    if (is_blank(text)) {
      throw InputError("a text of the pair is empty");
    }
  }
  return texts;
}

Examples subset(const Examples& examples, std::span<const int64_t> rows) {
  Examples part;
  part.form = examples.form;
  part.pairs = examples.pairs;
  part.shape = examples.shape;
  part.label_names = examples.label_names;
  part.sentences = examples.sentences;
  part.files = examples.files;
  part.unit = examples.unit;
  const auto pixels = examples.shape.size();
  const auto begins = token_begins(examples);
  for (const auto row : rows) {
    const auto i = static_cast<std::size_t>(row);
    if (examples.form == Examples::Form::kDocuments) {
      part.documents.add(examples.documents[row]);
      if (!examples.cuts.empty()) part.cuts.push_back(examples.cuts[i]);
    } else {
      const auto begin = examples.images.begin() + row * pixels;
      part.images.insert(part.images.end(), begin, begin + pixels);
    }
    if (!examples.labels.empty()) part.labels.push_back(examples.labels[i]);
    if (!examples.token_labels.empty()) {
      const auto first = examples.token_labels.begin();
      part.token_labels.insert(part.token_labels.end(), first + begins[i], first + begins[i + 1]);
    }
    if (!examples.planted.empty()) {
      const auto first = examples.planted.begin();
      part.planted.insert(part.planted.end(), first + begins[i], first + begins[i + 1]);
    }
    part.origins.push_back(examples.origins[i]);
  }
  return part;
}

Examples cut_sentences(const Examples& examples, int64_t longest) {
  Examples pieces = examples;
  pieces.documents = Documents();
  pieces.origins.clear();
  for (int64_t i = 0; i < examples.size(); ++i) {
    auto rest = examples.documents[i];
    if (!examples.planted.empty() && count_tokens(rest) > longest) {
      throw InputError(examples.place(i) + ": at most max_length = " + std::to_string(longest) +
                       " tokens were expected, since planted edges are not cut, and " +
                       std::to_string(count_tokens(rest)) + " came");
    }
    while (count_tokens(rest) > longest) {
      std::size_t end = 0;
      for (int64_t t = 0; t < longest; ++t) end = rest.find('\n', end) + 1;
      pieces.documents.add(rest.substr(0, end));
      pieces.origins.push_back(examples.origins[static_cast<std::size_t>(i)]);
      rest.remove_prefix(end);
    }
    pieces.documents.add(rest);
    pieces.origins.push_back(examples.origins[static_cast<std::size_t>(i)]);
  }
  return pieces;
}

void ExamplesBuilder::begin_file(const std::string& name) { examples_.files.push_back(name); }

std::string ExamplesBuilder::place(int64_t row) const {
  return place_text(examples_.files.back(), examples_.unit, row);
}

bool ExamplesBuilder::leave_out(int64_t row, const char* what) {
  constexpr std::size_t kShown = 3;
  if (empty_ == Empty::kRefuse) throw InputError(place(row) + ": " + what);
  ++left_out_;
  if (first_left_out_.size() < kShown) first_left_out_.push_back(place(row));
  return false;
}

bool ExamplesBuilder::add_document(std::string_view document, int64_t row) {
  examples_.form = Examples::Form::kDocuments;
  if (is_blank(document)) return leave_out(row, "the document is empty");
  examples_.origins.push_back({static_cast<int32_t>(examples_.files.size()) - 1, row});
  examples_.documents.add(document);
  return true;
}

bool ExamplesBuilder::add_pair(std::string_view first, std::string_view second, int64_t row) {
  if (is_blank(first) != is_blank(second)) {
    constexpr auto kHalf = "a text of the pair is empty";
    if (empty_ != Empty::kAuto) return leave_out(row, kHalf);
    throw InputError(place(row) + ": " + kHalf + " (--empty leave_out leaves such pairs out)");
  }
  std::string both(first);
  both += '\t';
  both += second;
  examples_.pairs = true;
  if (!add_document(both, row)) return false;
  examples_.cuts.push_back(first.size());
  return true;
}

void ExamplesBuilder::reserve_images(int64_t count, const ImageShape& shape) {
  examples_.images.reserve(examples_.images.size() +
                           static_cast<std::size_t>(count * shape.size()));
}

void ExamplesBuilder::add_image(std::span<const uint8_t> pixels, const ImageShape& shape,
                                int64_t row) {
  examples_.form = Examples::Form::kImages;
  examples_.origins.push_back({static_cast<int32_t>(examples_.files.size()) - 1, row});
  if (size() > 1 && !(shape == examples_.shape)) {
    const auto text = [](const ImageShape& s) {
      return std::to_string(s.height) + " x " + std::to_string(s.width) + " x " +
             std::to_string(s.channels);
    };
    throw InputError(examples_.place(size() - 1) + ": the image is " + text(shape) +
                     ", and those before it are " + text(examples_.shape));
  }
  examples_.shape = shape;
  examples_.images.insert(examples_.images.end(), pixels.begin(), pixels.end());
}

void ExamplesBuilder::add_sentence(std::span<const std::string> tokens,
                                   std::span<const std::string> labels, int64_t row) {
  add_document(join({tokens.begin(), tokens.end()}, "\n"), row);
  examples_.sentences = true;
  for (const auto& label : labels) {
    examples_.token_labels.push_back(label.empty() ? -1 : label_id(label));
  }
}

void ExamplesBuilder::add_planted(std::span<const int32_t> places) {
  examples_.planted.insert(examples_.planted.end(), places.begin(), places.end());
}

void ExamplesBuilder::add_label(std::string_view label) {
  examples_.labels.push_back(label_id(label));
}

int32_t ExamplesBuilder::label_id(std::string_view label) {
  if (label.empty()) throw InputError(examples_.place(size() - 1) + ": the label is empty");
  auto found = label_ids_.find(label);
  if (found == label_ids_.end()) {
    if (!is_utf8(label)) throw InputError(examples_.place(size() - 1) + ": the label is no UTF-8");
    found = label_ids_.emplace(std::string(label), static_cast<int32_t>(label_ids_.size())).first;
    examples_.label_names.emplace_back(label);
  }
  return found->second;
}

std::string ExamplesBuilder::left_out() const {
  const auto more = left_out_ - static_cast<int64_t>(first_left_out_.size());
  const bool one = left_out_ == 1;
  return std::to_string(left_out_) + (one ? " empty document is" : " empty documents are") +
         " left out: " + join(first_left_out_, "; ") +
         (more > 0 ? " and " + std::to_string(more) + " more" : "") +
         " (--empty refuse stops there)";
}

Examples ExamplesBuilder::finish() {
  const auto all = join(examples_.files, ", ");
  if (examples_.size() == 0 && left_out_ == 1) {
    throw InputError(first_left_out_.front() + ": the document is empty");
  }
  if (examples_.size() == 0) {
    throw InputError(
        all + ": there is no example in it" +
        (left_out_ > 0 ? "; all " + std::to_string(left_out_) + " documents are empty" : ""));
  }
  if (left_out_ > 0) note(left_out());
  if (!examples_.labels.empty() && examples_.labels.size() != examples_.origins.size()) {
    throw InputError(all + ": " + std::to_string(examples_.labels.size()) + " labels for " +
                     std::to_string(examples_.size()) + " examples");
  }
  const auto order = label_order(examples_.label_names);
  std::vector<int32_t> rank(order.size());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < order.size(); ++i) {
    rank[static_cast<std::size_t>(order[i])] = static_cast<int32_t>(i);
    names.push_back(examples_.label_names[static_cast<std::size_t>(order[i])]);
  }
  for (auto* labels : {&examples_.labels, &examples_.token_labels}) {
    for (auto& label : *labels) {
      if (label >= 0) label = rank[static_cast<std::size_t>(label)];
    }
  }
  examples_.label_names = std::move(names);
  return std::move(examples_);
}

}  // namespace regard::data
