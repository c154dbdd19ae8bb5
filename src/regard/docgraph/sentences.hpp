// A text as sentences: ICU's sentence boundaries (UAX 29), and a pass that joins what they cut
// behind initials, abbreviations and German ordinals.
//
//   "Mr. Smith met Dr. Lee on Jan. 5. The U.S. Army said so."    2 sentences
//   "Dr. Müller kam am 3. Oktober."                              1 sentence
//
// Single line ends are blanks, since texts are wrapped there; an empty line ends a sentence. A
// sentence has no blanks around it, and one blank between words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regard::docgraph {

enum class Language { kEnglish, kGerman };

/// InputError for another word than "en" and "de".
Language language_of(std::string_view name);

/// InputError when the text is no UTF-8. A text of blanks has no sentence.
std::vector<std::string> sentences_of(std::string_view text, Language language);

/// The same without the joining pass.
std::vector<std::string> plain_sentences_of(std::string_view text, Language language);

}  // namespace regard::docgraph
