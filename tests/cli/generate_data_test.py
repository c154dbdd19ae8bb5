#!/usr/bin/env python3
"""Generated data: the files of `generate-data`, checked by programs of their own, and recipes that make the same examples."""
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))
OPERATORS = {"[MIN": min, "[MAX": max, "[MED": lambda v: int(statistics.median(v)), "[SM": lambda v: sum(v) % 10}


def regard(*arguments):
    return subprocess.run([REGARD, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT, timeout=300)


def value(tokens):
    """The value of a ListOps expression given as an iterator of its tokens without parentheses."""
    token = next(tokens)
    if token not in OPERATORS:
        return token if token == "]" else int(token)
    arguments = []
    while (argument := value(tokens)) != "]":
        arguments.append(argument)
    return OPERATORS[token](arguments)


class GenerateData(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())

    def tearDown(self):
        shutil.rmtree(self.dir)

    def test_listops_has_right_answers_and_no_tree_twice(self):
        out = regard("generate-data", "listops", "--out", self.dir, "--train", 300, "--valid", 20, "--test", 20, "--seed", 7)
        self.assertEqual(out.returncode, 0, out.stderr)
        rows = []
        for name, count in (("train", 300), ("valid", 20), ("test", 20)):
            lines = (self.dir / f"{name}.tsv").read_text().splitlines()
            self.assertEqual(lines[0], "Source\tTarget")
            self.assertEqual(len(lines), count + 1)
            rows += [line.split("\t") for line in lines[1:]]
        self.assertEqual(len({source for source, _ in rows}), 340)
        self.assertEqual({target for _, target in rows}, set("0123456789"))
        for source, target in rows:
            tokens = [t for t in source.split() if t not in "()"]
            self.assertTrue(500 < len(tokens) < 2000)
            self.assertEqual(value(iter(tokens)), int(target))
            self.assertEqual(source.count("("), source.count(")"))

    def test_recall_plants_the_place_that_holds_the_answer(self):
        out = regard("generate-data", "recall", "--out", self.dir, "--train", 50, "--valid", 5, "--test", 0, "--length", 16)
        self.assertEqual(out.returncode, 0, out.stderr)
        sequences = (self.dir / "train.tsv").read_text().strip().split("\n\n")
        self.assertEqual(len(sequences), 50)
        for sequence in sequences:
            rows = [line.split("\t") for line in sequence.splitlines()]
            self.assertEqual(len(rows), 16)
            asked = [row for row in rows if row[2] != "-"]
            self.assertEqual(len(asked), 4)
            for _, place, label in asked:
                self.assertEqual(rows[int(place)][0], label)
        self.assertEqual(regard("generate-data", "recall", "--out", self.dir, "--length", 15).returncode, 2)

    def test_listops_file_and_reader_train_alike(self):
        """The same examples as a file and as ranges give the same weights, hence the same losses."""
        regard("generate-data", "listops", "--out", self.dir, "--train", 40, "--valid", 10, "--test", 0)
        self.assertFalse((self.dir / "test.tsv").exists())
        small = ["--width", "16", "--layers", "1", "--heads", "2", "--threads", "1", "--no-report", "--steps", "4", "--batch", "4",
                 "--max-length", "600", "--attention", "mean"]
        files = regard("train", "--data", self.dir / "train.tsv", "--valid", self.dir / "valid.tsv", "--text", "Source", "--label", "Target",
                       "--tokenizer", "listops", "--out", self.dir / "a", *small)
        made = regard("train", "--set", "data.reader=listops", "--data", "1-40", "--valid", "41-50", "--out", self.dir / "b", *small)
        self.assertEqual(files.returncode, 0, files.stderr)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn("vocabulary 16", made.stderr)
        self.assertEqual(files.stdout.split(";")[0], made.stdout.split(";")[0])
        score = regard("eval", self.dir / "b", "41-50", "--json")
        self.assertEqual(score.returncode, 0, score.stderr)
        self.assertIn('"n":10', score.stdout)

    def test_pathfinder_files_and_reader_are_the_same(self):
        out = regard("generate-data", "pathfinder", "--out", self.dir, "--train", 60, "--valid", 20, "--test", 0, "--contour", 9)
        self.assertEqual(out.returncode, 0, out.stderr)
        data = (self.dir / "train.bin").read_bytes()
        self.assertEqual(len(data), 60 * 1025)
        self.assertEqual({data[i * 1025] for i in range(60)}, {0, 1})
        sheet = (self.dir / "sheet.pgm").read_bytes()
        self.assertTrue(sheet.startswith(b"P5\n256 256\n255\n"))
        self.assertEqual(sheet[-65536:][:32], data[1:33])
        small = ["--width", "16", "--layers", "1", "--heads", "2", "--threads", "1", "--no-report", "--steps", "3", "--batch", "4",
                 "--set", "data.image_tokens=levels", "--attention", "mean"]
        files = regard("train", "--data", self.dir / "train.bin", "--valid", self.dir / "valid.bin", "--set", "data.reader=records",
                       "--set", "data.shape=[32,32]", "--out", self.dir / "a", *small)
        made = regard("train", "--set", "data.reader=pathfinder", "--set", "data.contour=9", "--data", "1-60", "--valid", "61-80",
                      "--out", self.dir / "b", *small)
        self.assertEqual(files.returncode, 0, files.stderr)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(files.stdout.split(";")[0], made.stdout.split(";")[0])

    def test_mistakes_are_sentences(self):
        out = regard("train", "--set", "data.reader=listops", "--data", "all", "--out", self.dir / "x")
        self.assertEqual(out.returncode, 2)
        self.assertIn("all: a range of examples such as 1-96000 was expected", out.stderr)
        out = regard("generate-data", "listops", "--out", self.dir, "--arguments", 1)
        self.assertEqual(out.returncode, 2)
        self.assertIn("arguments from 2 to 1000", out.stderr)


if __name__ == "__main__":
    unittest.main()
