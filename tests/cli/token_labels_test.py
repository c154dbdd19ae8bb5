"""A label for each token, from flags alone: train, eval and predict on a CoNLL file."""
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

COMMAND = os.environ["REGARD_COMMAND"]


def sentences(count, seed):
    """Names are spans: a title begins one, and what follows up to a verb belongs to it."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        rows = []
        for _ in range(draw.randint(1, 2)):
            kind = draw.choice(["PER", "LOC"])
            rows.append(("Dr" if kind == "PER" else "Port", "B-" + kind))
            rows += [(draw.choice("abcdefgh"), "I-" + kind) for _ in range(draw.randint(0, 2))]
            rows.append((draw.choice(["sees", "leaves"]), "O"))
            rows += [(draw.choice("abcdefgh"), "O") for _ in range(draw.randint(0, 2))]
        made.append(rows)
    return made


def text(rows, columns=lambda token, label: f"{token}\tX\t{label}"):
    return "\n".join("".join(columns(*row) + "\n" for row in sentence) for sentence in rows)


def regard(*arguments, stdin=None):
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, input=stdin, timeout=300)
    return done.returncode, done.stdout, done.stderr


class TokenLabels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        (cls.folder / "tagged.tsv").write_text("-DOCSTART- X O\n\n" + text(sentences(300, 1)))
        cls.test = sentences(40, 2)
        (cls.folder / "test.tsv").write_text(text(cls.test))
        cls.run_folder = cls.folder / "run"
        cls.code, cls.out, cls.err = regard(
            "train", "--data", cls.folder / "tagged.tsv", "--task", "token_labels", "--test", cls.folder / "test.tsv",
            "--attention", "window(width=4)", "--width", 32, "--heads", 2, "--layers", 1, "--steps", 300, "--lr", "5e-3", "--out", cls.run_folder, "--threads", 1,
            "--set", "train.best=f1", "--set", "train.min_delta=0.001")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_it_trains_from_flags_alone(self):
        self.assertEqual(self.code, 0, self.err)
        self.assertIn("sequence_labeller", self.err)
        self.assertIn("30 of 300 training examples (10 %, split_seed 0) are held out", self.err)
        result = json.loads((self.run_folder / "result.json").read_text())
        self.assertEqual(result["task"], "token_labels")
        self.assertGreater(result["test_f1"], 0.9)
        self.assertGreater(result["valid_f1"], 0.9)
        self.assertIn("f1", self.out)
        metrics = [json.loads(line) for line in (self.run_folder / "metrics.jsonl").read_text().splitlines()]
        self.assertTrue(all("valid_f1" in line for line in metrics if "valid_loss" in line))
        self.assertIn("validation f1", (self.run_folder / "report.html").read_text())

    def test_predict_writes_the_form_that_it_reads(self):
        bare = text(self.test, lambda token, label: token)
        for name, arguments in (("a file", [self.folder / "test.tsv"]), ("standard input", [])):
            code, out, err = regard("predict", self.run_folder, *arguments, stdin=bare)
            self.assertEqual(code, 0, err)
            came = [[tuple(line.split("\t")) for line in block.splitlines()] for block in out.strip().split("\n\n")]
            self.assertEqual([[token for token, _ in s] for s in came], [[token for token, _ in s] for s in self.test], name)
            pairs = [(a, b) for s, t in zip(came, self.test) for (_, a), (_, b) in zip(s, t)]
            self.assertGreater(sum(a == b for a, b in pairs) / len(pairs), 0.95, name)

    def test_each_token_of_a_long_sentence_has_a_label(self):
        long = "".join(f"{token}\n" for token in ["Dr", "a", "sees"] * 40)
        code, out, err = regard("predict", self.run_folder, stdin=long)
        self.assertEqual(code, 0, err)
        self.assertEqual([line.split("\t")[0] for line in out.splitlines()], long.split() + [""])

    def test_json_and_eval(self):
        code, out, err = regard("predict", self.run_folder, "--json", stdin="Dr\na\nsees\n")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["tokens"], ["Dr", "a", "sees"])
        self.assertEqual(len(json.loads(out)["labels"]), 3)
        code, out, err = regard("eval", self.run_folder, self.folder / "test.tsv", "--json")
        self.assertEqual(code, 0, err)
        self.assertGreater(json.loads(out)["f1"], 0.9)

    def test_what_is_refused(self):
        for arguments, sentence in (
                (["--task", "token_label"], "one of auto, classification, language_model, masked_language_model, nodes, pairs, token_labels"),
                (["--task", "token_labels", "--tokenizer", "byte"], "has a label for each word, so words was expected"),
                (["--task", "token_labels", "--model", "encoder_classifier"], 'which needs "sequence_labeller"'),
                (["--task", "token_labels", "--set", "train.best=bleu"], "best is f1 or accuracy or loss for this task")):
            code, _, err = regard("train", "--data", self.folder / "tagged.tsv", "--out", self.folder / "no", "--steps", 2, *arguments)
            self.assertEqual(code, 2, err)
            self.assertIn(sentence, err)


if __name__ == "__main__":
    unittest.main()
