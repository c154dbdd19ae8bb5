#include "regard/attention/phrase.hpp"

#include <map>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::attention {
namespace {

using Options = std::vector<std::pair<std::string, Value>>;

struct Term {
  std::string name;
  Options options;
};

[[noreturn]] void fail(std::string_view phrase, const std::string& what) {
  throw InputError("phrase \"" + std::string(phrase) + "\": " + what);
}

Term parse_term(const std::string& text, std::string_view phrase) {
  Term term;
  const auto open = text.find('(');
  term.name = trim(text.substr(0, open));
  if (term.name.empty())
    fail(phrase, "a name was expected before " + (text.empty() ? "the end" : "\"" + text + "\""));
  if (open == std::string::npos) return term;
  if (text.back() != ')')
    fail(phrase, "the bracket of \"" + term.name + "\" is not closed by \")\"");
  const auto inner = trim(std::string_view(text).substr(open + 1, text.size() - open - 2));
  if (inner.empty()) return term;
  for (const auto& part : split_outside_brackets(inner, ',')) {
    const auto equals = part.find('=');
    if (equals == std::string::npos) {
      fail(phrase, "option key=value was expected in \"" + term.name + "(...)\", and \"" + part +
                       "\" came");
    }
    const auto key = trim(part.substr(0, equals));
    for (const auto& before : term.options) {
      if (before.first == key) fail(phrase, "option \"" + key + "\" came twice");
    }
    term.options.emplace_back(key, parse_value(part.substr(equals + 1)));
  }
  return term;
}

template <class T>
const Entry<T>* find(const std::vector<Entry<T>>& entries, const std::string& name) {
  for (const auto& entry : entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

template <class T>
Visit visit_of(T& object) {
  return [&object](Visitor& f) { object.visit(f); };
}

template <class T>
std::shared_ptr<T> make(const Entry<T>& entry, const Options& options, std::string_view phrase) {
  std::shared_ptr<T> object = entry.make();
  const std::string where = "phrase \"" + std::string(phrase) + "\", " + entry.name;
  assign(visit_of(*object), options, where);
  try {
    object->check();
  } catch (const InputError& error) {
    throw InputError(where + ": " + error.what());
  }
  return object;
}

// name(key=value, ...) with the keys that differ from a fresh entry.
template <class T>
std::string canonical_term(const Entry<T>& entry, T& object) {
  const std::shared_ptr<T> fresh = entry.make();
  const auto mine = fields(visit_of(object));
  const auto defaults = fields(visit_of(*fresh));
  std::vector<std::string> options;
  for (std::size_t i = 0; i < mine.size(); ++i) {
    if (mine[i].value != defaults[i].value)
      options.push_back(mine[i].name + "=" + to_text(mine[i].value));
  }
  return entry.name + (options.empty() ? "" : "(" + join(options, ",") + ")");
}

std::string compose(const std::string& projection, const std::string& graph,
                    const std::string& fold) {
  std::vector<std::string> terms;
  if (projection != "separate") terms.push_back(projection);
  if (graph != "full") terms.push_back(graph);
  if (fold != "softmax" || terms.empty()) terms.push_back(fold);
  return join(terms, "+");
}

// `causal` is `full` in a causal call, and the right half of a band is never seen.
std::string causal_graph_term(const Graph& graph, const std::string& canonical) {
  const auto facts = graph.facts(true);
  if (facts.plain()) return "full";
  const auto* window = facts.window();
  if (!window) return canonical;
  std::string term = "window(width=" + std::to_string(window->left + 1);
  if (window->global > 0) term += ",global=" + std::to_string(window->global);
  return term + ")";
}

}  // namespace

Phrase parse_phrase(std::string_view text) {
  Phrase phrase;
  const Entry<Projection>* projection = find(all_projections(), phrase.projection_name);
  const Entry<Graph>* graph = find(all_graphs(), phrase.graph_name);
  const Entry<Fold>* fold = find(all_folds(), phrase.fold_name);
  std::map<std::string, Term> chosen;  // by axis

  for (const auto& part : split_outside_brackets(text, '+')) {
    const auto term = parse_term(part, text);
    std::string axis;
    if (const auto* p = find(all_projections(), term.name)) {
      projection = p;
      axis = "projection";
    } else if (const auto* g = find(all_graphs(), term.name)) {
      graph = g;
      axis = "graph";
    } else if (const auto* f = find(all_folds(), term.name)) {
      fold = f;
      axis = "fold";
    } else {
      std::vector<std::string> known;
      for (const auto& e : all_projections()) known.push_back(e.name);
      for (const auto& e : all_graphs()) known.push_back(e.name);
      for (const auto& e : all_folds()) known.push_back(e.name);
      fail(text, "unknown name \"" + term.name + "\"" + suggestion(term.name, known));
    }
    if (const auto before = chosen.find(axis); before != chosen.end()) {
      fail(text, "one " + axis + " was expected, and \"" + before->second.name + "\" and \"" +
                     term.name + "\" came");
    }
    chosen[axis] = term;
  }

  auto p = make(*projection, chosen["projection"].options, text);
  const auto g = make(*graph, chosen["graph"].options, text);
  const auto f = make(*fold, chosen["fold"].options, text);
  if (!f->uses().q && !f->uses().k && p->values_are_separate()) {
    projection = find(all_projections(), "separate");
    p = make(*projection, {}, text);
  }
  phrase.projection_name = projection->name;
  phrase.graph_name = graph->name;
  phrase.fold_name = fold->name;
  const auto projection_term = canonical_term(*projection, *p);
  const auto fold_term = canonical_term(*fold, *f);
  const auto graph_term = canonical_term(*graph, *g);
  phrase.canonical = compose(projection_term, graph_term, fold_term);
  phrase.causal_meaning = compose(projection_term, causal_graph_term(*g, graph_term), fold_term);
  phrase.projection = p;
  phrase.graph = g;
  phrase.fold = f;
  check_meaning(phrase, false);
  return phrase;
}

void check_meaning(const Phrase& phrase, bool causal) {
  auto why = phrase.graph->refusal(causal);
  if (why.empty()) why = phrase.fold->refusal(phrase.graph->facts(causal));
  if (why.empty() && phrase.graph->needs_scores() && !phrase.fold->has_scores()) {
    why = phrase.graph_name + " learns from pairwise scores, and " + phrase.fold_name +
          " has none; take random";
  }
  if (!why.empty()) throw InputError("phrase \"" + phrase.canonical + "\": " + why);
}

void check_meaning_across(const Phrase& phrase) {
  const auto graph = phrase.graph->facts(false).across();
  auto why = graph.refusal();
  if (why.empty()) why = phrase.fold->refusal(graph);
  if (!why.empty()) {
    throw InputError("phrase \"" + phrase.canonical + "\" in cross attention: " + why);
  }
}

}  // namespace regard::attention
