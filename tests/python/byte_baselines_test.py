#!/usr/bin/env python3
"""The baselines of raw bytes learn what they can, and only that: counts by the histogram, a pattern by the gated convolution."""
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Baselines(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        self.rng = random.Random(1)

    def tearDown(self):
        shutil.rmtree(self.dir)

    def fill(self, make, counts=(("train", 60), ("valid", 30), ("test", 40))):
        for part, count in counts:
            for label in ("a", "b"):
                folder = self.dir / part / label
                folder.mkdir(parents=True)
                for i in range(count):
                    (folder / str(i)).write_bytes(make(label))

    def scores(self, *arguments):
        done = subprocess.run([sys.executable, ROOT / "bench/byte_baselines.py", self.dir, "--length", "2048", "--json", *arguments],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        for row in rows:
            self.assertTrue(row["low"] - 1e-9 <= row["accuracy"] <= row["high"] + 1e-9)
        return {(row["model"], row["part"]): row["accuracy"] for row in rows}

    def test_counts(self):
        """Letters of other frequency, in any order, and shorter than the length."""
        self.fill(lambda label: bytes(self.rng.choices(range(256), weights=[1 + (i < 128) * (0.2 if label == "a" else 0) for i in range(256)], k=2000)))
        scores = self.scores("--models", "histogram")
        self.assertGreater(scores["histogram", "test"], 0.85)

    def test_order(self):
        """Both labels have the same counts: every byte value eight times, in order or shuffled."""
        def make(label):
            data = list(range(256)) * 8
            if label == "b":
                self.rng.shuffle(data)
            return bytes(data)
        self.fill(make)
        scores = self.scores("--epochs", "6")
        self.assertEqual(scores["histogram", "test"], 0.5)
        self.assertGreater(scores["gated", "test"], 0.95)

    def test_mistakes_are_sentences(self):
        done = subprocess.run([sys.executable, ROOT / "bench/byte_baselines.py", self.dir], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("a folder for each label was expected", done.stderr)


if __name__ == "__main__":
    unittest.main()
