#!/usr/bin/env python3
"""What the command refuses before it writes anything, and what a comparison says of runs that failed."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))
SMALL = ["--width", "16", "--layers", "1", "--heads", "2", "--threads", "1", "--steps", "3"]


def regard(*arguments, stdin=""):
    return subprocess.run([REGARD, *map(str, arguments)], input=stdin, capture_output=True, text=True, cwd=ROOT, timeout=300)


def seeds_of(table):
    """How many seeds each attention of a comparison has; a baseline has none."""
    return [row["seeds"] for row in json.loads(table) if row["seeds"] is not None]


class Refusals(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        self.table = self.dir / "reviews.tsv"
        rng = random.Random(1)
        rows = [f"the film was {rng.choice(words)}\t{label}" for _ in range(30) for words, label in ((["good", "fine"], "pos"), (["bad", "poor"], "neg"))]
        self.table.write_text("\n".join(["text\tlabel", *rows]) + "\n")
        self.data = ["--data", self.table, "--text", "text", "--label", "label", *SMALL]

    def tearDown(self):
        shutil.rmtree(self.dir)

    def refused(self, expected, *arguments, stdin=""):
        out = regard(*arguments, stdin=stdin)
        self.assertEqual(out.returncode, 2, out.stderr)
        self.assertIn(expected, out.stderr)

    def trained(self, *arguments):
        run = self.dir / "run"
        out = regard("train", *self.data, "--no-report", "--out", run, *arguments)
        self.assertEqual(out.returncode, 0, out.stderr)
        return run

    def test_numbers_out_of_range_leave_no_folder(self):
        for option, value in (("batch", 0), ("eval_batch", 0), ("loaders", -1), ("batch_tokens", -1)):
            self.refused(f"{option} of at least", "train", *self.data, "--set", f"data.{option}={value}", "--out", self.dir / "x")
        self.refused("label_smoothing in [0, 1)", "train", *self.data, "--set", "model.label_smoothing=2", "--out", self.dir / "x")
        compare = ["compare", *self.data, "--out", self.dir / "x"]
        self.refused("jobs of at least 0", *compare, "--attention", "softmax,off", "--jobs", -1)
        self.refused("1 came twice", *compare, "--attention", "softmax,off", "--seeds", "1,1")
        self.refused("width divisible by heads", *compare, "--attention", "softmax,off", "--heads", 3)
        self.refused("need a fold with pairwise scores", *compare, "--attention", "softmax,hrr", "--set", "model.positions=alibi")
        self.refused("pairs = 0 was expected, since text is made a token at a time", "train", "--data", self.table, "--task", "language_model", *SMALL,
                     "--set", "model.pairs=64", "--out", self.dir / "x")
        self.assertFalse((self.dir / "x").exists())

    def test_what_the_data_refuses_leaves_no_folder(self):
        short = self.dir / "short.txt"
        short.write_text("hello world, this is all there is.\n")
        self.refused("windows of max_length = 128 need at least 129", "train", "--data", short, *SMALL, "--out", self.dir / "x")
        self.refused("need at least 129", "compare", "--data", short, *SMALL, "--attention", "softmax,off", "--seeds", 1, "--out", self.dir / "x")
        self.assertFalse((self.dir / "x").exists())

    def test_a_folder_without_a_checkpoint_can_be_used_again(self):
        run = self.dir / "again"
        run.mkdir()
        for name in (".lock", "recipe.toml", "metrics.jsonl", "recipe.toml.tmp99"):
            (run / name).write_text('{"step": 7, "loss": 1}\n')
        out = regard("train", *self.data, "--no-report", "--out", run)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertNotIn('"step": 7', (run / "metrics.jsonl").read_text())
        self.refused("this folder is not empty", "train", *self.data, "--out", run)
        other = self.dir / "other"
        other.mkdir()
        (other / "letter.txt").write_text("mine")
        self.refused("this folder is not empty", "train", *self.data, "--out", other)
        self.assertEqual([p.name for p in other.iterdir()], ["letter.txt"], "a folder of others gets no file of ours")
        compared = self.dir / "compared"
        compared.mkdir()
        (compared / "recipe.toml").write_text("[train]\nlr = 1.0\n")
        compare = ["compare", *self.data, "--attention", "softmax,off", "--seeds", 1, "--out", compared]
        self.assertEqual(regard(*compare).returncode, 0, "no run of the other recipe came to a checkpoint")
        self.refused("another recipe", *compare, "--lr", 0.5)

    def test_numbers_are_decimal_finite_and_in_range(self):
        book = self.dir / "book.txt"
        book.write_text("the cat sat on the mat.\n" * 20)
        run = self.dir / "model"
        self.assertEqual(regard("train", "--data", book, *SMALL, "--max-length", 16, "--no-report", "--out", run).returncode, 0)
        for value in ("nan", "-nan", "inf", "1e400", "x"):
            self.refused("--temperature: a finite number was expected", "generate", run, "--prompt", "the", "--temperature", value)
        self.refused("a finite temperature of 0 or more", "generate", run, "--prompt", "the", "--temperature", -1)
        for value in ("99999999999999999999", "9223372036854775808", "0x10", "1e3", ""):
            self.refused("--seed: a whole number", "generate", run, "--prompt", "the", "--seed", value)
            self.refused("--seed: a whole number", "train", *self.data, "--seed", value)
        ten = regard("generate", run, "--prompt", "the", "--length", "010", "--seed", 1)
        self.assertEqual(len(ten.stdout), 3 + 10 + 1, "010 is ten")
        for key, value in (("train.lr", "nan"), ("train.lr", "inf"), ("model.dropout", "nan"), ("train.seconds", "inf")):
            self.refused(f'"{key.split(".")[1]}" is a finite number, and {value} came', "train", *self.data, "--set", f"{key}={value}",
                         "--out", self.dir / "x")
        self.assertFalse((self.dir / "x").exists())

    def test_weights_that_are_not_finite_are_refused_by_name(self):
        run = self.trained()
        file = run / "best.safetensors"
        data = bytearray(file.read_bytes())
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8:8 + size])
        name = next(n for n in header if n.startswith("model.") and header[n]["dtype"] == "F32")
        at = 8 + size + header[name]["data_offsets"][0]
        data[at:at + 4] = b"\x00\x00\xc0\x7f"  # NaN
        file.write_bytes(data)
        for command in (["predict", run, self.table, "--json"], ["eval", run, self.table]):
            self.refused(f'tensor "{name}" was expected to hold finite numbers, and 1 of its', *command)
            self.assertEqual(regard(*command).stdout, "")

    def test_parts_of_a_prompt_that_the_model_never_saw_are_named(self):
        book = self.dir / "book.txt"
        book.write_text("the cat sat on the mat.\n" * 20)
        for tokenizer, expected in (("character", 'characters that the training text never had, and the model reads them as unknown: "Z", "E", "B", "€"'),
                                    ("words", 'words that the training text never had, and the model reads them as unknown: "ZEB€"')):
            run = self.dir / tokenizer
            self.assertEqual(regard("train", "--data", book, *SMALL, "--max-length", 8, "--no-report", "--tokenizer", tokenizer, "--out", run).returncode, 0)
            out = regard("generate", run, "--prompt", "the ZEB€ the", "--length", 5)
            self.assertEqual(out.returncode, 0)
            self.assertIn(expected, out.stderr)
            self.assertNotIn("never had", regard("generate", run, "--prompt", "the cat", "--length", 5).stderr)

    def test_a_recipe_of_a_data_set_names_the_set_and_its_source(self):
        for command in ("train", "compare"):
            self.refused(f"{command}: data was expected, IMDb reviews", command, "recipes/lra/text.toml")
            self.refused("https://www.cs.toronto.edu/~kriz/cifar.html); give --data FILE", command, "recipes/lra/image.toml")
        self.refused("train: data was expected; give --data FILE", "train")

    def test_help_groups_the_commands(self):
        text = regard("--help").stdout
        groups = [line.rstrip(":") for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
        self.assertEqual([g for g in groups if g in ("Your data", "Generate", "Applications", "Tools")], ["Your data", "Generate", "Applications", "Tools"])
        self.assertNotIn("Subcommands", groups)

    def test_explain_checks_its_numbers(self):
        self.refused("--length: at least 1", "explain", "softmax", "--length", -3)
        self.refused("--kv-heads: a divisor", "explain", "softmax", "--heads", 3, "--kv-heads", 2)
        self.refused("auto, cpu or cuda was expected", "explain", "softmax", "--device", "tpu")

    def test_a_phrase_in_a_recipe_is_named_with_its_line(self):
        recipe = self.dir / "r.toml"
        for text in ('[attention]\nphrase = "sofmax"\n', '[attention]\nlayers = ["softmax", "sofmax"]\n', '[compare]\nattention = ["sofmax"]\n'):
            recipe.write_text(text)
            self.refused('line 2, [', "train", recipe, *self.data)
            self.refused('did you mean "softmax"?', "train", recipe, *self.data)

    def test_a_finished_run_is_not_taken_for_another(self):
        run = self.trained()
        again = ["train", *self.data, "--no-report", "--out", run, "--resume"]
        self.assertEqual(json.loads(regard(*again, "--json").stdout)["steps"], 3)
        self.refused("another recipe or seed", *again, "--seed", 2)
        self.refused("another recipe or seed", *again, "--width", 32)
        (run / "recipe.toml").write_text((run / "recipe.toml").read_text().replace('phrase = "softmax"', 'phrase = "linear"'))
        self.refused("it is a checkpoint of softmax", "eval", run, self.table)

    def test_longer_documents_are_cut_aloud(self):
        run = self.trained("--max-length", 4)
        out = regard("predict", run, stdin="one two three four five six\n")
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("1 of 1 are longer than the run's longest input, and cut at 4 tokens", out.stderr)

    def test_a_failed_run_of_a_comparison_ends_with_1(self):
        compare = ["compare", *self.data, "--attention", "softmax,off", "--seeds", 1, "--out", self.dir / "c", "--json"]
        self.assertEqual(regard(*compare).returncode, 0)
        run = self.dir / "c/off/seed1"
        (run / "result.json").unlink()
        (run / "last.safetensors").write_text("junk")
        out = regard(*compare)
        self.assertEqual(out.returncode, 1, out.stderr)
        self.assertIn("1 of 2 runs failed", out.stderr)
        self.assertEqual(seeds_of(out.stdout), [1, 0], "the table holds what did finish")

    def test_phrases_and_seeds_are_added_to_a_comparison(self):
        compare = ["compare", *self.data, "--out", self.dir / "c", "--json"]
        self.assertEqual(regard(*compare, "--attention", "softmax", "--seeds", 1).returncode, 0)
        out = regard(*compare, "--attention", "softmax,off", "--seeds", 2)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("1 of 4 runs are finished already", out.stderr)
        self.assertEqual(seeds_of(out.stdout), [2, 2])
        self.refused("another recipe", *compare, "--attention", "softmax", "--seeds", 1, "--lr", 0.5)

    def test_two_comparisons_in_one_folder(self):
        compare = [REGARD, "compare", *map(str, self.data), "--steps", "1000000", "--attention", "softmax,off", "--seeds", "1", "--out", str(self.dir / "c")]
        first = subprocess.Popen(compare, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not list((self.dir / "c").glob("*/seed1/metrics.jsonl")):
                self.assertIsNone(first.poll(), "the first comparison goes on")
                time.sleep(0.05)
            self.refused("another run is at work in this folder", *compare[1:])
        finally:
            first.terminate()
            self.assertEqual(first.wait(60), 143)


if __name__ == "__main__":
    if not pathlib.Path(REGARD).exists():
        print(f"skipped: {REGARD} is not built")
        sys.exit(77)
    unittest.main()
