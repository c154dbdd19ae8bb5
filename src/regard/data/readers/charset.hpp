// Text in any encoding as UTF-8: byte order marks, ICU's converters, and ICU's guess for a text
// that is no UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace regard::data {

/// What text without a byte order mark has to be where no encoding is named: UTF-8, or anything
/// (the tokenizer byte).
enum class Unmarked { kUtf8, kAnyBytes };

struct Charset {
  std::string encoding = "auto";  // or a name that ICU knows: utf-16, latin-1, windows-1252, ...
  Unmarked unmarked = Unmarked::kUtf8;
};

struct Decoded {
  std::string text;  // UTF-8 without its mark (any bytes with Unmarked::kAnyBytes)
  std::string from;  // the encoding that was converted from; "" where the bytes are as they were
  bool guessed = false;  // `from` follows from the bytes, not from `encoding`
};

/// With "auto" the byte order mark decides, else the text is UTF-8. InputError with file and line
/// for bytes that are none (and the encoding that ICU takes them for), for bytes that the named
/// encoding does not have, and for an unknown name.
Decoded decode(std::string content, const std::string& name, const Charset& charset);

/// "t.tsv: read as UTF-16LE, as its byte order mark says"; "" where nothing was guessed.
std::string decoded_sentence(const Decoded& decoded, const std::string& name);

/// "UTF-16LE" or "UTF-16BE" for text of mostly Latin letters in UTF-16 without a mark, else "".
std::string utf16_without_mark(std::string_view content);

}  // namespace regard::data
