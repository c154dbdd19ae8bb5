#!/usr/bin/env python3
"""The command as a user meets it: training, resuming, predicting, and every mistake in one sentence."""
import json
import lzma
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))
SMALL = ["--width", "16", "--layers", "1", "--heads", "2", "--threads", "1", "--no-report", "--set", "data.max_length=32"]


def regard(*arguments, stdin=""):
    return subprocess.run([REGARD, *map(str, arguments)], input=stdin, capture_output=True, text=True, cwd=ROOT, timeout=300)


class Command(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        text = lzma.open(ROOT / "data/tinyshakespeare.txt.xz", "rt").read()
        self.book = self.dir / "book.txt"
        self.book.write_text(text[:100000])
        rng = random.Random(1)
        rows = ["text\tlabel"]
        for i in range(300):
            word, label = rng.choice([("good fine lovely", "pos"), ("bad poor awful", "neg")])
            rows.append(" ".join(rng.choices(word.split() + ["the", "film", "was"], k=8)) + f" {word.split()[0]}\t{label}")
        self.table = self.dir / "reviews.tsv"
        self.table.write_text("\n".join(rows) + "\n")

    def tearDown(self):
        shutil.rmtree(self.dir)

    def refused(self, expected, *arguments, stdin=""):
        out = regard(*arguments, stdin=stdin)
        self.assertEqual(out.returncode, 2, out.stderr)
        self.assertIn(expected, out.stderr)
        for word in ("terminate", "std::", "c10::", "Traceback", "torch::"):
            self.assertNotIn(word, out.stderr)
        return out

    def test_language_model_learns_and_generates(self):
        """The loss falls below what `off` can reach: a bigram model of this text has about 2.45 nats."""
        run = self.dir / "lm"
        out = regard("train", "--data", ROOT / "data/tinyshakespeare.txt.xz", "--out", run, "--steps", 400, "--width", 64, "--layers", 2,
                     "--lr", "3e-3", "--set", "data.max_length=64", "--set", "model.dropout=0", "--set", "model.tie=false", "--threads", 1,
                     "--no-report", "--attention", "window(width=8)")
        self.assertEqual(out.returncode, 0, out.stderr)
        result = json.loads((run / "result.json").read_text())
        self.assertLess(result["valid_loss"], 2.25)
        a = regard("generate", run, "--prompt", "The ", "--length", 100, "--seed", 1)
        b = regard("generate", run, "--prompt", "The ", "--length", 100, "--seed", 1)
        self.assertRegex(a.stderr, "100 tokens in .*, [0-9]+ tokens/s; cache [0-9.]+ [KM]?i?B")
        self.assertEqual(a.returncode, 0, a.stderr)
        self.assertEqual(a.stdout, b.stdout)
        self.assertEqual(len(a.stdout), 105)

    def test_classifier_predicts(self):
        run = self.dir / "mine"
        out = regard("train", "--data", self.table, "--text", "text", "--label", "label", "--attention", "hrr", "--out", run, "--steps", 100, *SMALL)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("held out", out.stderr)
        score = json.loads(regard("eval", run, self.table, "--json").stdout.splitlines()[-1])
        self.assertGreater(score["accuracy"], 0.95)
        self.assertEqual(score["n"], 300)
        rows = regard("predict", run, "-", "--json", stdin="a good lovely film\nan awful film\n").stdout.splitlines()
        self.assertEqual([json.loads(r)["label"] for r in rows], ["pos", "neg"])
        self.refused("this one has the task classification; use `regard predict`", "generate", run)
        again = regard("train", self.dir / "mine/recipe.toml", "--out", run, "--resume", "--no-report", "--attention", "hrr")
        self.assertEqual(again.returncode, 0, again.stderr)

    def test_padded_as_the_released_code_of_hrrformer(self):
        """One length for every batch and a mean over the padding: a text has its label whatever is read beside it."""
        run = self.dir / "padded"
        arguments = ["--data", self.table, "--test", self.table, "--text", "text", "--label", "label", "--attention", "hrr(mode=paper)", "--pad-to", 24,
                     "--set", "model.pooling=mean_padded", "--checkpoint-every", 10, "--steps", 100, *SMALL, "--set", "data.max_length=24"]
        out = regard("train", *arguments, "--out", run)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("at most 24, padded to 24", out.stderr)
        recipe = (run / "recipe.toml").read_text()
        self.assertIn("pad_to = 24", recipe)
        self.assertIn('pooling = "mean_padded"', recipe)
        self.assertGreater(json.loads((run / "result.json").read_text())["test_accuracy"], 0.9)
        texts = ["a good lovely film", "an awful film", "the film was bad poor awful the was film was was poor bad"]
        together = regard("predict", run, "-", "--json", stdin="\n".join(texts) + "\n").stdout.splitlines()
        for text, row in zip(texts, together):
            alone = json.loads(regard("predict", run, "-", "--json", stdin=text + "\n").stdout)
            for label, p in json.loads(row)["probabilities"].items():
                self.assertAlmostEqual(alone["probabilities"][label], p, places=5)
        child = subprocess.Popen([REGARD, "train", *map(str, arguments), "--out", str(self.dir / "killed")], cwd=ROOT,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (self.dir / "killed/last.safetensors").exists() and child.poll() is None:
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        self.assertEqual(regard("train", *arguments, "--out", self.dir / "killed", "--resume").returncode, 0)
        self.assertEqual((run / "last.safetensors").read_bytes(), (self.dir / "killed/last.safetensors").read_bytes())
        self.refused("pad_to of at most max_length = 24 was expected, and 25 came", "train", *arguments, "--out", self.dir / "x", "--pad-to", 25)
        self.refused("at most pad_to = 5 tokens were expected", "train", *arguments, "--out", self.dir / "x", "--pad-to", 5)

    def test_predict_streams_a_file_of_any_size(self):
        """The label comes from bytes behind the model's longest input; memory is printed."""
        rng = random.Random(3)
        for label, letters in (("low", range(0, 120)), ("high", range(60, 256))):
            (self.dir / "d" / label).mkdir(parents=True)
            for i in range(40):
                (self.dir / "d" / label / str(i)).write_bytes(bytes(rng.choices(letters, k=500)))
        for positions, passes in (("rotary", 3), ("none", 1)):
            run = self.dir / positions
            out = regard("train", "--data", self.dir / "d", "--attention", "hrr", "--out", run, "--steps", 40, "--lr", "1e-2", "--width", 16,
                         "--layers", 1, "--heads", 2, "--threads", 1, "--no-report", "--max-length", 256, "--set", f"model.positions={positions}")
            self.assertEqual(out.returncode, 0, out.stderr)
            big = self.dir / "big"
            big.write_bytes(bytes(rng.choices(range(60, 256), k=256)) + bytes(rng.choices(range(0, 120), k=100000)))
            out = regard("predict", run, big, "--stream", "--chunk", 10000, "--json")
            self.assertEqual(out.returncode, 0, out.stderr)
            self.assertEqual(json.loads(out.stdout)["label"], "low")
            self.assertIn(f"in {passes} passes", out.stderr)
            self.assertIn("peak memory", out.stderr)
            self.assertEqual(json.loads(regard("predict", run, big, "--json").stdout)["label"], "high")

    def test_pairs_of_texts(self):
        """Two texts, one label: whether they are about the same thing, which neither text tells alone."""
        rng = random.Random(2)
        rows = []
        for i in range(400):
            first, second = rng.choice(["bird", "fish"]), rng.choice(["bird", "fish"])
            texts = [" ".join(rng.sample(["the", "a", "old", "small", word], 5)) for word in (first, second)]
            rows.append("\t".join([str(int(first == second)), f"x{i}", f"y{i}", *texts]))
        for name, part in (("train", rows[:320]), ("eval", rows[320:360]), ("test", rows[360:])):
            (self.dir / f"{name}.tsv").write_text("\n".join(part) + "\n")
        run = self.dir / "pairs"
        out = regard("train", "--data", self.dir / "train.tsv", "--valid", self.dir / "eval.tsv", "--test", self.dir / "test.tsv",
                     "--label", 1, "--text", 4, "--text2", 5, "--attention", "softmax", "--out", run, "--steps", 150, "--lr", "5e-3", *SMALL)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("pair_classifier", out.stderr)
        self.assertGreater(json.loads((run / "result.json").read_text())["test_accuracy"], 0.95)
        rows = regard("predict", run, "-", stdin="the old bird\ta small bird\nthe old bird\ta small fish\n").stdout.splitlines()
        self.assertEqual([row.split("\t")[1] for row in rows], ["1", "0"])
        self.refused("two texts with one tab between them were expected", "predict", run, "-", stdin="the old bird\n")

    def test_compare_continues_and_repeats_nothing(self):
        arguments = ["compare", "--data", self.book, "--attention", "softmax,hrr,off", "--seeds", "1,2", "--steps", 20, "--out", self.dir / "c",
                     "--width", 16, "--layers", 1, "--heads", 2, "--set", "data.max_length=32", "--json"]
        first = regard(*arguments)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual({row["phrase"] for row in json.loads(first.stdout)}, {"softmax", "hrr", "off"})
        page = (self.dir / "c/report.html").read_text()
        self.assertIn("softmax", page)
        stamp = (self.dir / "c/hrr/seed2/best.safetensors").stat().st_mtime_ns
        shutil.rmtree(self.dir / "c/off/seed1")
        second = regard(*arguments)
        self.assertIn("5 of 6 runs are finished already", second.stderr)
        self.assertEqual((self.dir / "c/hrr/seed2/best.safetensors").stat().st_mtime_ns, stamp)
        self.refused("another recipe", *[20 if a == 20 else a for a in arguments[:-1]], "--lr", "0.01")
        self.refused("mean the same", "compare", "--data", self.book, "--attention", "softmax,causal", "--out", self.dir / "d")

    def test_a_bag_of_words_stands_beside_texts(self):
        """Labels follow single words: logistic regression on counts finds them all, and the report says what attention adds to that."""
        common = ["--data", self.table, "--text", "text", "--label", "label", "--test", self.table, "--steps", 30, *SMALL[:-3], "--set", "data.max_length=32"]
        out = regard("compare", "--attention", "softmax,off", "--seeds", 2, "--out", self.dir / "c", *common)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("bag of words", out.stdout.splitlines()[1])
        self.assertIn("test examples, 2 seeds pooled)", out.stdout)
        page = (self.dir / "c/report.html").read_text()
        self.assertIn("bag of words", page)
        rows = {row["phrase"]: row for row in json.loads(regard("compare", self.dir / "c/recipe.toml", "--out", self.dir / "c", "--json").stdout)}
        self.assertEqual(set(rows), {"softmax", "off", "bag of words"})
        self.assertEqual(rows["bag of words"]["valid_accuracy"], 100)
        self.assertGreater(rows["bag of words"]["seconds"], 0)
        without = regard("compare", "--attention", "softmax,off", "--seeds", 1, "--out", self.dir / "d", "--baseline", "off", *common)
        self.assertNotIn("bag of words", without.stdout)
        out = regard("train", "--out", self.dir / "t", *common, "--no-report")
        self.assertRegex(out.stdout, "bag of words: validation loss .* accuracy 100.00 %; test loss .*C ")
        book = regard("train", "--data", self.book, "--steps", 2, "--out", self.dir / "lm", *SMALL)
        self.assertNotIn("bag of words", book.stdout)

    def test_a_model_that_answers_all_alike_is_told(self):
        rows = ["text\tlabel"] + [f"word{i % 7} again\t{'rare' if i % 5 == 0 else 'often'}" for i in range(100)]
        (self.dir / "alike.tsv").write_text("\n".join(rows) + "\n")
        out = regard("train", "--data", self.dir / "alike.tsv", "--text", "text", "--label", "label", "--steps", 3, "--lr", 1e-5, "--out", self.dir / "a", *SMALL)
        self.assertEqual(out.returncode, 0, out.stderr)
        result = json.loads((self.dir / "a/result.json").read_text())
        self.assertEqual(result["one_answer"] != "", "to every validation example" in out.stderr)
        self.assertIn(result["one_answer"], ("often", "rare"))
        self.assertIn(f'the model answers "{result["one_answer"]}" to every validation example', out.stderr)

    def test_defaults_follow_the_size_of_a_table_and_yield_to_what_is_named(self):
        out = regard("train", "--data", self.table, "--text", "text", "--label", "label", "--out", self.dir / "d", "--threads", 1, "--no-report")
        self.assertEqual(out.returncode, 0, out.stderr)
        recipe = (self.dir / "d/recipe.toml").read_text()
        self.assertRegex(recipe, "(?m)^word_dropout = 0[.][1-9]")
        epochs = float(re.search(r"(?m)^epochs = ([0-9.]+)", recipe)[1])
        rows = len(self.table.read_text().splitlines()) - 1
        self.assertGreaterEqual(epochs * rows / 32, 500, "few rows get at least 500 steps of 32")
        out = regard("train", "--data", self.table, "--text", "text", "--label", "label", "--out", self.dir / "n", "--steps", 2, "--set", "model.dropout=0",
                     *SMALL)
        recipe = (self.dir / "n/recipe.toml").read_text()
        for line in ("dropout = 0.0", "steps = 2", "epochs = 0.0", "width = 16"):
            self.assertRegex(recipe, f"(?m)^{line.replace('.', '[.]')}$")
        out = regard("train", "--data", self.book, "--steps", 1, "--out", self.dir / "lm", *SMALL)
        self.assertRegex((self.dir / "lm/recipe.toml").read_text(), "(?m)^dropout = 0[.]0$")
        self.assertNotIn("attention_dropout", out.stderr)
        out = regard("train", "--data", self.book, "--steps", 1, "--set", "model.attention_dropout=0.1", "--out", self.dir / "weights", *SMALL)
        self.assertRegex(out.stderr, "attention_dropout: training runs the reference .* take up to [0-9.]+ [KMG]iB")

    def test_killed_run_resumes_to_the_same_weights(self):
        arguments = ["--data", self.book, "--steps", 300, "--checkpoint-every", 20, "--attention", "hrr", *SMALL, "--set", "model.dropout=0.1"]
        whole = regard("train", *arguments, "--out", self.dir / "whole")
        self.assertEqual(whole.returncode, 0, whole.stderr)
        rng = random.Random(5)
        for _ in range(3):
            child = subprocess.Popen([REGARD, "train", *map(str, arguments), "--out", str(self.dir / "killed"), "--resume"], cwd=ROOT,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.8 + rng.random())
            child.send_signal(signal.SIGKILL)
            child.wait()
        last = regard("train", *arguments, "--out", self.dir / "killed", "--resume")
        self.assertEqual(last.returncode, 0, last.stderr)
        self.assertEqual((self.dir / "whole/last.safetensors").read_bytes(), (self.dir / "killed/last.safetensors").read_bytes())

    def test_sigterm_saves_and_says_so(self):
        child = subprocess.Popen([REGARD, "train", "--data", str(self.book), "--steps", "100000", *SMALL, "--out", str(self.dir / "t")], cwd=ROOT,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while not (self.dir / "t/metrics.jsonl").exists() or not (self.dir / "t/metrics.jsonl").read_text():
            time.sleep(0.1)
        child.send_signal(signal.SIGTERM)
        _, errors = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 143)
        self.assertIn("the state is saved", errors)
        self.assertTrue((self.dir / "t/last.safetensors").exists())

    def test_folders_of_files_and_one_file(self):
        for label, byte in (("ones", b"\x01"), ("twos", b"\x02")):
            (self.dir / "bytes" / label).mkdir(parents=True)
            for i in range(40):
                (self.dir / "bytes" / label / f"{i}.bin").write_bytes(byte * (50 + i) + b"\x00\xff")
        run = self.dir / "bytes_run"
        out = regard("train", "--data", self.dir / "bytes", "--attention", "hrr", "--steps", 60, "--steps", 80, "--out", run, *SMALL)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertEqual(json.loads((run / "result.json").read_text())["steps"], 80, "the last of a repeated flag counts")
        one = regard("predict", run, self.dir / "bytes/twos/7.bin", "--json")
        self.assertEqual(json.loads(one.stdout)["label"], "twos", one.stderr)
        self.assertEqual(len(regard("predict", run, self.dir / "bytes/ones", "--json").stdout.splitlines()), 40)

    def test_budgets(self):
        base = ["compare", "--data", self.book, "--attention", "softmax,off", "--seeds", 1, "--width", 16, "--layers", 1, "--heads", 2, "--json"]
        rows = json.loads(regard(*base, "--budget", "parameters", "--steps", 10, "--out", self.dir / "p").stdout)
        counts = [row["parameters"] for row in rows]
        self.assertLess(max(counts) - min(counts), 33, "a step of the feed-forward's width is 33 parameters")
        rows = json.loads(regard(*base, "--budget", "seconds", "--set", "train.seconds=1", "--out", self.dir / "s").stdout)
        for row in rows:
            self.assertAlmostEqual(row["seconds"], 1, delta=0.5)

    def test_full_disk_and_diverging_loss(self):
        full = subprocess.run(["bash", "-c", 'ulimit -f 60; exec "$@"', "-", REGARD, "train", "--data", str(self.book), "--steps", "20", "--out",
                               str(self.dir / "full"), "--width", "64", "--threads", "1", "--no-report"], cwd=ROOT, capture_output=True, text=True)
        self.assertEqual(full.returncode, 1, full.stderr)
        self.assertIn("cannot be written: File too large", full.stderr)
        self.assertEqual([p.name for p in (self.dir / "full").glob("*safetensors*")], [])
        wild = regard("train", "--data", self.book, "--steps", 200, "--lr", "1e30", "--set", "train.clip=0", "--set", "train.warmup=0",
                      "--out", self.dir / "wild", *SMALL)
        self.assertEqual(wild.returncode, 1, wild.stderr)
        self.assertRegex(wild.stderr, r"not finite at step \d+ .*first layer")

    def test_mistakes_are_one_sentence(self):
        recipe = self.dir / "r.toml"
        recipe.write_text("[model]\nwidht = 3\n")
        self.refused('line 2, [model]: unknown option "widht"; did you mean "width"?', "train", recipe)
        recipe.write_text('[model]\nwidth = "x"\n')
        self.refused('option "width" is a whole number, and a word x came', "train", recipe)
        recipe.write_text("[modle]\n")
        self.refused('unknown table [modle]; did you mean "model"?', "train", recipe)
        recipe.write_text("[model\n")
        self.refused("no TOML", "train", recipe)
        self.refused('did you mean "softmax"?', "train", "--data", self.book, "--attention", "sofmax", "--out", self.dir / "x")
        self.refused("no such file", "train", "--data", self.dir / "none.txt", "--out", self.dir / "x")
        self.refused('unknown command "trian"; did you mean "train"?', "trian")
        self.refused("--wdith", "train", "--wdith", 3)
        self.refused("data was expected", "train")
        self.refused("width divisible by heads", "train", "--data", self.book, "--width", 30, "--heads", 4, "--out", self.dir / "x")
        self.refused("need a fold with pairwise scores", "train", "--data", self.book, "--attention", "hrr", "--set", "model.positions=alibi",
                     "--out", self.dir / "x")
        cut = self.dir / "cut.txt.xz"
        cut.write_bytes((ROOT / "data/tinyshakespeare.txt.xz").read_bytes()[:5000])
        self.refused("truncated or corrupt", "train", "--data", cut, "--out", self.dir / "x")
        self.refused("no such run folder", "eval", self.dir / "nothing", self.book)
        self.refused("device cuda", "train", "--data", self.book, "--device", "cuda", "--out", self.dir / "x") if "no:" in regard(
            "doctor").stdout else None
        unseen = self.dir / "unseen.tsv"
        unseen.write_text("text\tlabel\ngood\tstrange\nbad\tneg\n")
        self.refused("strange", "train", "--data", self.table, "--valid", unseen, "--text", "text", "--label", "label", "--out", self.dir / "x", *SMALL)
        self.assertFalse((self.dir / "x").exists(), "a mistake leaves no half-written folder")
        self.refused("did you mean", "train", "--data", self.table, "--text", "txt", "--label", "label", "--out", self.dir / "x")

    def test_explain_list_show_doctor(self):
        gpu = json.loads(regard("explain", "hrr", "--device", "cuda", "--dtype", "bf16", "--json").stdout)
        self.assertIn("it runs on CPUs", gpu["kernels"][0]["why"], "a GPU is asked, here or not")
        self.assertTrue(any(row["chosen"] for row in gpu["kernels"]))
        self.assertEqual([f["name"] for f in gpu["fusions"] if f["chosen"]], ["hrr_basis"])
        self.assertTrue({"add_norm", "gelu_mlp", "adamw", "cuda_graph", "bind_linear"} <= {k["name"] for k in gpu["step"]})
        self.assertTrue(all(k["can"] or k["why"] for k in gpu["step"]), "each no has its reason")
        out = json.loads(regard("explain", "window(width=8)+hrr", "--causal", "--json").stdout)
        self.assertEqual([k["name"] for k in out["kernels"] if k["chosen"]], ["folded"])
        self.assertIn("the graph is a window", [k["why"] for k in out["kernels"] if k["name"] == "highway"][0])
        names = {e["name"] for e in json.loads(regard("list", "folds", "--json").stdout)}
        self.assertTrue({"softmax", "hrr", "linear", "mean", "off"} <= names)
        self.assertIn("batch = 32", regard("show", "recipes/demo.toml").stdout)
        paper = json.loads(regard("explain", "hrr(mode=paper)", "--ragged", "--json").stdout)
        self.assertEqual([k["name"] for k in paper["kernels"] if k["chosen"]], ["highway"])
        doctor = json.loads(regard("doctor", "--json").stdout)
        self.assertIn("PyTorch", doctor)
        self.assertRegex(doctor["allocator"], "^(tcmalloc|C library)")
        for command in ("train", "compare", "eval", "predict", "generate", "report", "list", "show", "explain", "doctor", "bench"):
            self.assertEqual(regard(command, "--help").returncode, 0)


if __name__ == "__main__":
    if not pathlib.Path(REGARD).exists():
        print(f"skipped: {REGARD} is not built")
        sys.exit(77)
    unittest.main()
