#!/usr/bin/env python3
"""What arrives on standard output: all of it, or exit code 1 with a sentence; and what a closed descriptor may not do."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))
SMALL = ["--width", "16", "--layers", "1", "--heads", "2", "--threads", "1", "--no-report", "--steps", "10"]


def regard(*arguments, **options):
    options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, "stdout": subprocess.PIPE, **options}
    return subprocess.run([REGARD, *map(str, arguments)], text=True, cwd=ROOT, timeout=120, **options)


class Output(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        self.table = self.dir / "t.tsv"
        rows = [f"the film {i % 5} was {word}\t{label}" for i in range(20) for word, label in (("good", "pos"), ("bad", "neg"))]
        self.table.write_text("\n".join(["text\tlabel", *rows]) + "\n")
        self.book = self.dir / "book.txt"
        self.book.write_text("the cat sat on the mat and ran to the sea.\n" * 40)

    def tearDown(self):
        shutil.rmtree(self.dir)

    def train(self, name, *data, **options):
        out = regard("train", *data, *SMALL, "--out", self.dir / name, **options)
        self.assertEqual(out.returncode, 0, out.stderr)
        return self.dir / name

    def test_a_full_device_ends_every_command_with_1(self):
        run = self.train("run", "--data", self.table, "--text", "text", "--label", "label")
        model = self.train("model", "--data", self.book, "--max-length", 16)
        cells = self.dir / "cells.csv"
        cells.write_text("cell,cycle,capacity_ah\n" + "".join(f"a,{i},{1.1 - 0.0001 * i ** 1.3}\n" for i in range(1, 61)))
        commands = [["predict", run, self.table], ["predict", run, self.table, "--json"], ["eval", run, self.table], ["eval", run, self.table, "--json"],
                    ["generate", model, "--prompt", "the", "--length", 20], ["generate", model, "--prompt", "the", "--length", 20, "--json"],
                    ["list"], ["list", "options"], ["list", "--json"], ["show"], ["explain", "softmax"], ["explain", "hrr", "--json"], ["doctor"],
                    ["report", run], ["--help"], ["train", "--help"], ["--version"],
                    ["train", "--data", self.book, "--max-length", 16, *SMALL, "--out", self.dir / "more"]]
        if "yes" in [line.split()[-1] for line in regard("doctor").stdout.splitlines() if line.startswith("battery")]:
            commands += [["battery", "fit", cells, "--nominal", 1.1], ["battery", "fit", cells, "--nominal", 1.1, "--json"]]
        for command in commands:
            with open("/dev/full", "w") as full:
                out = regard(*command, stdout=full)
            self.assertEqual(out.returncode, 1, (command, out.stderr))
            self.assertIn("regard: standard output: not all could be written", out.stderr, command)
        endless = regard("generate", model, "--prompt", "the", "--length", 10 ** 12, stdout=open("/dev/full", "w"))
        self.assertEqual(endless.returncode, 1, "text that goes nowhere is not made")

    def test_closed_descriptors_get_no_file_of_the_run(self):
        run = self.dir / "closed"
        done = subprocess.run(["bash", "-c", 'exec "$@" <&- >&- 2>&-', "-", REGARD, "train", "--data", str(self.book), "--max-length", "16", *SMALL,
                               "--out", str(run)], cwd=ROOT, timeout=120)
        self.assertEqual(done.returncode, 0)
        json.loads((run / "result.json").read_text())
        for line in (run / "metrics.jsonl").read_text().splitlines():
            json.loads(line)

    def test_a_reader_that_goes_away_leaves_no_trace(self):
        out = subprocess.run(["bash", "-c", '"$0" list --json | head -c 10; exit ${PIPESTATUS[0]}', REGARD], cwd=ROOT, capture_output=True, text=True)
        self.assertNotIn("terminate", out.stderr)
        self.assertIn(out.returncode, (0, 1, 141))


if __name__ == "__main__":
    if not pathlib.Path(REGARD).exists():
        print(f"skipped: {REGARD} is not built")
        sys.exit(77)
    unittest.main()
