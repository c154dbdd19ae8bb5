#include "regard/docgraph/abbreviations.hpp"

#include <unicode/uchar.h>

#include <set>
#include <string>

#include "regard/base/utf8.hpp"

namespace regard::docgraph {
namespace {
using Words = std::set<std::string_view>;

// A name or a word of its own follows: the sentence goes on.
const Words kEnglishBeforeAll = {"mr",   "mrs", "ms",   "messrs", "dr",   "prof", "st",   "mt",
                                 "rev",  "hon", "gen",  "col",    "maj",  "capt", "cpt",  "lt",
                                 "cmdr", "sgt", "cpl",  "sen",    "rep",  "gov",  "pres", "supt",
                                 "e.g",  "i.e", "viz",  "vs",     "v",    "cf",   "ft",   "sr",
                                 "insp", "adm", "brig", "amb",    "atty", "mlle", "mme",  "al"};
const Words kGermanBeforeAll = {"dr",   "prof", "hr",   "hrn", "frl",  "fr",   "st",    "dipl",
                                "ing",  "bzw",  "vgl",  "ggf", "evtl", "inkl", "zzgl",  "geb",
                                "hrsg", "sog",  "bspw", "d.h", "z.b",  "u.a",  "i.d.r", "mag",
                                "max",  "min",  "gem",  "lt",  "insb", "exkl"};
const Words kEnglishBeforeNumbers = {"jan",  "feb", "mar", "apr",  "jun",  "jul",  "aug",    "sep",
                                     "sept", "oct", "nov", "dec",  "no",   "nos",  "fig",    "figs",
                                     "eq",   "eqs", "sec", "sect", "ch",   "chap", "vol",    "vols",
                                     "p",    "pp",  "art", "ref",  "refs", "ca",   "approx", "c",
                                     "tel",  "ex",  "par", "para", "tab",  "est",  "op"};
const Words kGermanBeforeNumbers = {"jan", "feb",  "apr", "jun",  "jul",   "aug",    "sep", "sept",
                                    "okt", "nov",  "dez", "nr",   "nrn",   "str",    "bd",  "abs",
                                    "art", "s",    "abb", "tab",  "kap",   "ca",     "tel", "ziff",
                                    "anm", "aufl", "jg",  "bspw", "zirka", "abschn", "rn",  "p"};
// What a German ordinal counts.
const Words kCounted = {
    "januar",   "februar",     "märz",         "april",         "mai",       "juni",
    "juli",     "august",      "september",    "oktober",       "november",  "dezember",
    "jänner",   "jahrhundert", "jahrhunderts", "jahr",          "jahrestag", "klasse",
    "stock",    "mal",         "platz",        "quartal",       "runde",     "liga",
    "tag",      "woche",       "monat",        "auflage",       "kapitel",   "semester",
    "minute",   "geburtstag",  "weltkrieg",    "bezirk",        "etage",     "rang",
    "spieltag", "halbjahr",    "hand",         "senat",         "staffel",   "teil",
    "armee",    "bundesliga",  "lebensjahr",   "internationale"};
// Words that often begin an English sentence, behind "U.S." for instance.
const Words kStarts = {"the",   "a",    "an",    "this",    "that",   "these", "those", "he",
                       "she",   "it",   "they",  "we",      "you",    "i",     "in",    "on",
                       "at",    "but",  "and",   "so",      "if",     "as",    "for",   "from",
                       "with",  "when", "while", "after",   "before", "his",   "her",   "its",
                       "their", "our",  "there", "however", "no",     "not",   "what",  "who",
                       "why",   "how",  "by",    "mr",      "one"};

std::string lower(std::string_view word) {
  std::string out;
  while (!word.empty()) {
    const auto c = take_code_point(word);
    if (c < 0) break;
    append_utf8(out, u_tolower(c));
  }
  return out;
}

bool is_alnum(int32_t c) { return u_isalnum(c) != 0; }

/// The word at the end without what opens it ("(", quotes) and its last full stop; "" without one.
std::string_view last_word(std::string_view text) {
  if (!text.ends_with('.')) return {};
  text.remove_suffix(1);
  const auto blank = text.find_last_of(' ');
  if (blank != text.npos) text.remove_prefix(blank + 1);
  while (!text.empty()) {
    auto rest = text;
    if (is_alnum(take_code_point(rest))) break;
    text = rest;
  }
  return text;
}

/// The letters and digits that `text` begins with, behind quotes and brackets.
std::string_view first_word(std::string_view text) {
  while (!text.empty()) {
    auto rest = text;
    if (is_alnum(take_code_point(rest))) break;
    text = rest;
  }
  auto rest = text;
  while (!rest.empty()) {
    auto behind = rest;
    if (!is_alnum(take_code_point(behind))) break;
    rest = behind;
  }
  return text.substr(0, text.size() - rest.size());
}

/// How many letters with full stops between them the word is ("U.S" 2, "A" 1); 0: it is none.
int initials(std::string_view word) {
  int count = 0;
  while (!word.empty()) {
    if (u_isalpha(take_code_point(word)) == 0) return 0;
    ++count;
    if (word.empty()) break;
    if (word.front() != '.') return 0;
    word.remove_prefix(1);
  }
  return count;
}

bool is_number(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == word.npos;
}

}  // namespace

bool goes_on(std::string_view before, std::string_view after, Language language) {
  const auto word = last_word(before);
  const auto next = first_word(after);
  if (word.empty() || next.empty()) return false;
  const bool german = language == Language::kGerman;
  const auto low = lower(word), low_next = lower(next);
  const bool digit = next.front() >= '0' && next.front() <= '9';
  if (is_number(word)) return german && word.size() <= 3 && kCounted.contains(low_next);
  if ((german ? kGermanBeforeAll : kEnglishBeforeAll).contains(low)) return true;
  if (digit && (german ? kGermanBeforeNumbers : kEnglishBeforeNumbers).contains(low)) return true;
  const int letters = initials(word);
  // "So did I. He left." ends; "A. Jones" goes on.
  if (letters == 1) return word != "I" && !kStarts.contains(low_next);
  return letters >= 2 && !kStarts.contains(low_next);
}

}  // namespace regard::docgraph
