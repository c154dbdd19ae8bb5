#!/usr/bin/env python3
"""Translations without a model, for docs/translation.md: the source itself, and the target of the training sentence that is nearest by TF-IDF.

    bench/translation_controls.py TRAIN_SOURCE TRAIN_TARGET TEST_SOURCE OUT        writes OUT.copy and OUT.nearest; then `regard score OUT.nearest REFERENCE`

Weights are those of scikit-learn's TfidfVectorizer: count times ln((1 + n) / (1 + df)) + 1, rows of length 1, words in small letters; the first of equals is taken.
"""
import collections
import gzip
import math
import re
import sys


def lines(path):
    with (gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")) as file:
        return file.read().removesuffix("\n").split("\n")


def words(line):
    return re.findall(r"\w+", line.lower())


def main(train_source, train_target, test_source, out):
    sources, targets, test = lines(train_source), lines(train_target), lines(test_source)
    counts = [collections.Counter(words(line)) for line in sources]
    documents = collections.Counter(word for row in counts for word in row)
    weight = {word: math.log((1 + len(sources)) / (1 + df)) + 1 for word, df in documents.items()}

    def unit(row):
        values = {word: number * weight[word] for word, number in row.items() if word in weight}
        norm = math.sqrt(sum(v * v for v in values.values())) or 1
        return {word: v / norm for word, v in values.items()}

    index = collections.defaultdict(list)
    for i, row in enumerate(counts):
        for word, value in unit(row).items():
            index[word].append((i, value))
    with open(out + ".nearest", "w", encoding="utf-8") as nearest:
        for line in test:
            similarity = collections.defaultdict(float)
            for word, value in unit(collections.Counter(words(line))).items():
                for i, other in index[word]:
                    similarity[i] += value * other
            best = min(similarity, key=lambda i: (-similarity[i], i)) if similarity else 0
            nearest.write(targets[best] + "\n")
    with open(out + ".copy", "w", encoding="utf-8") as copy:
        copy.writelines(line + "\n" for line in test)


if __name__ == "__main__":
    main(*sys.argv[1:])
