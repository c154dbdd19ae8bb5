"""Writes tests/tokenizers/wordpiece_numbers.hpp: what the package tokenizers gives for the strings of wordpiece_test.cpp.

    REGARD_WRITE_STRINGS=strings.json build/bin/test_tokenizers --gtest_filter='BertWords.AreThose*'
    python3 -m venv peer && peer/bin/pip install tokenizers==0.23.3
    peer/bin/python tests/tokenizers/wordpiece_reference.py strings.json > tests/tokenizers/wordpiece_numbers.hpp
"""
import json
import sys

import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + sorted(set(
    "a b c e n x un ##aff ##able the play ##ing ##s [ ] # ( ) . , ' ! ? ; - _ ~ $ cls mask sep ##a ##b ##c ##n 中 文 "
    "\u03c3\u03b1\u03c3 i ##stan istan ##bul \u0131 \u00df 1 ##2 ##3 \u2014 \u20ac \u0378 ##\u0378 \u1100 ##\u1161 k".split(" ")))
LINES = ["unaffable playing the plays", "[MASK] [CLS][SEP] ##a #a", "ΣΑΣ σας", "İstanbul ıstanbul", "a\u0000b\u00adc \ufeffx",
         "中文x\u4e00", "a\u0378 \u0378", "a" * 100, "a" * 101, "a" * 99 + " " + "b" * 102 + " c", "\u00e9\u0301\u0303n ñ",
         "\U0002b820\U0002b920", "don't! (a-b_c) $1,23~", "a\u2014b\u20ac", "\uac00 \u1100\u1161", "\u212a K k", "\u1e9e",
         " \u00a0\u3000\u2028 ", "", "\ue000a\U000f0000b", "x\u200bx\u200dx", "ABC\u0085abc\x0babc", "\ufffda"]


def fnv(words, value):
    for word in words:
        for byte in word.encode() + b"\xff":
            value = (value ^ byte) * 1099511628211 % 2**64
    return (value ^ 0xFE) * 1099511628211 % 2**64


def literal(text):
    return '"' + "".join(f"\\{byte:03o}" if byte < 32 or byte > 126 or chr(byte) in '"\\?' else chr(byte)
                         for byte in text.encode()) + '"'


def main():
    clean, split = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    strings = json.load(open(sys.argv[1], encoding="utf-8"))
    hashes = []
    for block in range(0, len(strings), 1000):
        value = 1469598103934665603
        for text in strings[block:block + 1000]:
            value = fnv([word for word, _ in split.pre_tokenize_str(clean.normalize_str(text))], value)
        hashes.append(value)
    model = models.WordPiece({piece: i for i, piece in enumerate(PIECES)}, unk_token="[UNK]", max_input_chars_per_word=100)
    peer = Tokenizer(model)
    peer.normalizer, peer.pre_tokenizer = clean, split
    print(f"// Written by wordpiece_reference.py with tokenizers {tokenizers.__version__}; do not edit.")
    print("// clang-format off\n#pragma once\n\n#include <array>\n#include <cstdint>\n#include <string>\n#include <utility>\n"
          "#include <vector>\n\nnamespace regard::data {\n")
    print(f"inline constexpr std::array<uint64_t, {len(hashes)}> kBlockHashes = {{")
    for i in range(0, len(hashes), 4):
        print("    " + " ".join(f"{h}u," for h in hashes[i:i + 4]))
    print("};\n\ninline const std::string kHostileVocabulary =")
    for piece in PIECES:
        print(f"    {literal(piece)} \"\\n\"")
    print("    ;\n\ninline const std::vector<std::pair<std::string, std::vector<int32_t>>> kHostileLines = {")
    for line in LINES:
        size = len(line.encode())
        print(f"    {{std::string({literal(line)}, {size}),\n     {{{', '.join(map(str, peer.encode(line).ids))}}}}},")
    print("};\n\n}  // namespace regard::data")


if __name__ == "__main__":
    main()
