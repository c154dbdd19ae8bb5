"""Prints what scikit-learn gives for tests/baselines: its numbers stand there, with the version that this prints.

    python3 -m venv sklearn && sklearn/bin/pip install scikit-learn && sklearn/bin/python tests/baselines/reference.py
"""
import collections
import lzma
import pathlib

import numpy as np
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.multiclass import OneVsRestClassifier

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORDS = r"(?u)\b\w+(?:['.]\w+)*\b"  # the boundaries of Unicode for English: an apostrophe between letters ends no word
SMALL = ["the cat sat on the mat", "the dog sat", "A dog, a cat; and THE mat."]


def rows_of(matrix):
    return [np.array2string(np.sort(r[r > 0]), precision=12, separator=", ") for r in matrix.toarray()]


def speeches():
    """(label, text) of the eight who speak most often in the shipped text; every fifth row is for validation."""
    text = lzma.open(ROOT / "data/tinyshakespeare.txt.xz", "rt", encoding="utf-8").read()
    parts = [p.split("\n", 1) for p in text.split("\n\n") if "\n" in p]
    often = [name for name, _ in collections.Counter(p[0] for p in parts).most_common(8)]
    return [(often.index(p[0]), p[1]) for p in parts if p[0] in often]


def main():
    print("scikit-learn", sklearn.__version__)
    for sublinear in (False, True):
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=sublinear, token_pattern=r"(?u)\b\w+\b")
        print(sublinear, *rows_of(vectorizer.fit_transform(SMALL)), sep="\n")
        print("new", *rows_of(vectorizer.transform(["the cat and the zebra"])))
    rows = speeches()
    train = [r for i, r in enumerate(rows) if i % 5]
    valid = [r for i, r in enumerate(rows) if i % 5 == 0]
    for c, sublinear in ((4, False), (64, True)):
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=sublinear, token_pattern=WORDS)
        x = vectorizer.fit_transform([t for _, t in train])
        one = LogisticRegression(C=c, solver="liblinear", tol=1e-6, max_iter=1000)
        model = OneVsRestClassifier(one).fit(x, [y for y, _ in train])
        p = model.predict_proba(vectorizer.transform([t for _, t in valid]))
        labels = [y for y, _ in valid]
        print(f"C {c} sublinear {sublinear}: columns {x.shape[1]}, right {(p.argmax(1) == labels).sum()} of {len(valid)},"
              f" loss {log_loss(labels, p):.5f}, first row {np.round(p[0], 5).tolist()}")


main()
