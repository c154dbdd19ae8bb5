#!/usr/bin/env python3
"""regard chain as a user meets it: the six commands on files that are written here, JSON, resuming, mistakes in one sentence."""
import csv
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))
THREE = ".6,.3,.25\n.25,.45,.35\n.15,.25,.40\n"  # columns


class Chain(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())

    def tearDown(self):
        shutil.rmtree(self.dir)

    def regard(self, *arguments, command="chain"):
        return subprocess.run([REGARD, command, *map(str, arguments)], capture_output=True, text=True, cwd=self.dir, timeout=240)

    def done(self, *arguments, command="chain"):
        out = self.regard(*arguments, command=command)
        self.assertEqual(out.returncode, 0, out.stderr)
        return out

    def write(self, name, text):
        (self.dir / name).write_text(text)
        return name

    def refused(self, expected, *arguments):
        out = self.regard(*arguments)
        self.assertEqual(out.returncode, 2, out.stderr)
        self.assertIn(expected, out.stderr)
        self.assertEqual((out.stdout, len(out.stderr.splitlines())), ("", 1), out.stderr)
        self.assertFalse((self.dir / "runs").exists())

    def test_check(self):
        lines = [json.loads(line) for line in self.done("check", "--prompts", 300, "--json").stdout.splitlines()]
        self.assertEqual([line["width"] for line in lines], [6, 12])
        for line in lines:
            self.assertLess(line["largest"], 1e-12)
            self.assertEqual(sum(line["histogram"]), 300)
        self.assertIn("differ by at most", self.done("check", "--prompts", 50).stdout)

    def test_learn_as_an_experiment(self):
        out = self.done("learn", "--prompts", "2000,8000", "--seeds", 20, "--json", "--out", "runs/learn")
        result = json.loads(out.stdout)
        self.assertAlmostEqual(result["slope"], -1, delta=.3)
        for point in result["points"]:
            self.assertAlmostEqual(point["error"] / point["predicted"], 1, delta=.4)
        self.assertIn("tr(H", (self.dir / "runs/learn/report.html").read_text())

    def prompts(self):
        draw = random.Random(3)
        rows = []
        for _ in range(600):
            block = draw.choice(["a b c", "x y z"]).split()
            keys = [draw.choice(block) for _ in range(6)]
            rows.append((" ".join(keys), keys[-1], draw.choice(keys)))
        return rows

    def test_learn_from_prompts(self):
        rows = self.prompts()
        name = self.write("prompts.csv", "prompt,query,next\n" + "".join(",".join(row) + "\n" for row in rows))
        out = self.done("learn", name, "--json", "--error", ".01", "--out", "runs/fit")
        result = json.loads(out.stdout)
        self.assertEqual([q["query"] for q in result["queries"]], ["a", "b", "c", "x", "y", "z"])
        self.assertIn("nothing is told of x, y, z", result["untold"][0])
        self.assertGreater(result["queries"][0]["prompts_needed"], 0)
        table = list(csv.DictReader((self.dir / "runs/fit/estimates.csv").read_text().splitlines()))
        first = [row for row in table if row["query"] == "a" and row["pi"]]
        self.assertAlmostEqual(sum(float(row["pi"]) for row in first), 1, delta=1e-9)
        for row in first:
            self.assertLess(float(row["low"]), float(row["pi"]))
            self.assertLess(float(row["pi"]), float(row["high"]))
        # Without a query the last token of the prompt is taken.
        short = self.write("short.csv", "prompt,next\n" + "".join(row[0] + "," + row[2] + "\n" for row in rows))
        again = json.loads(self.done("learn", short, "--json").stdout)
        self.assertEqual(again["queries"][0]["prompts"], result["queries"][0]["prompts"])
        mm = json.loads(self.done("learn", name, "--method", "mm", "--json").stdout)
        for a, b in zip(mm["queries"][2]["estimates"], result["queries"][2]["estimates"], strict=True):
            if a["share"] is not None:
                self.assertAlmostEqual(a["share"], b["share"], delta=1e-6)

    def test_disconnected_prompts_are_named(self):
        name = self.write("cross.csv", "prompt,query,next\n" + "1 2,0,1\n1 2,0,2\n3 4,0,3\n3 4,0,4\n5 3,0,3\n")
        out = self.done("learn", name, "--cross").stdout
        self.assertIn("After 0: the ratios between {1, 2}, {3, 4, 5} are free", out)
        self.assertIn("{3, 4}, {5} are estimated as infinite", out)
        self.assertNotIn("infinite", self.done("learn", name, "--cross", "--pseudo", ".5").stdout)

    def test_walk(self):
        name = self.write("p.csv", THREE)
        arguments = ["walk", "--chain", name, "--prompt", "2 1 0", "--until", "1e4", "--runs", 300, "--json"]
        out = self.done(*arguments, "--out", "runs/walk", "--threads", 2)
        result = json.loads(out.stdout)
        self.assertEqual(result["until"], 10000)
        self.assertEqual(result["winners"][0]["token"], "0")
        self.assertAlmostEqual(result["winners"][0]["share"], .72, delta=.12)
        self.assertAlmostEqual(result["winners"][0]["losers"][0]["lambda"], .4167, delta=1e-4)
        self.assertEqual(json.loads(self.done(*arguments, "--threads", 1).stdout), result)
        page = (self.dir / "runs/walk/report.html").read_text()
        self.assertIn("Who wins", page)
        self.assertIn("What one endless walk would teach", page)
        header, *rows = csv.reader((self.dir / "runs/walk/means.csv").read_text().splitlines())
        self.assertEqual(header, ["t", "token", "mean", "standard_error"])
        self.assertAlmostEqual(sum(float(row[2]) for row in rows[-3:]), 1, delta=1e-9)
        labelled = self.write("q.csv", "red,green,blue\n" + THREE)
        out = self.done("walk", "--chain", labelled, "--prompt", "blue green red", "--until", 1000, "--runs", 20)
        self.assertIn("red", out.stdout)
        rows = self.write("rows.csv", ".6,.25,.15\n.3,.45,.25\n.25,.35,.40\n")
        again = self.done("walk", "--chain", rows, "--rows", "--prompt", "2 1 0", "--until", "1e4", "--runs", 300, "--json")
        self.assertEqual(json.loads(again.stdout)["mean"], result["mean"])

    def test_walks_with_other_rules(self):
        name = self.write("p.csv", ".7,.7\n.3,.3\n")
        base = ["walk", "--chain", name, "--until", 20000, "--runs", 4]
        self.assertIn("do not collapse", self.done(*base, "--temperature", 2).stdout)
        self.assertIn("finitely often", self.done(*base, "--temperature", ".7").stdout)
        window = json.loads(self.done(*base, "--window", 16, "--json").stdout)
        self.assertEqual(window["fixed"], 4)
        self.assertIn("fixation_mean", window)
        self.done(*base, "--by-distance", "1,.5,.25", "--sampler", "rejection")
        self.done(*base, "--by-index", "5,5", "--penalty", ".2")

    def files(self, folder):
        return {path.name: path.read_bytes() for path in sorted((self.dir / folder).iterdir()) if path.name != ".lock"}

    def test_a_walk_that_is_killed_and_resumed_leaves_the_same_bytes(self):
        name = self.write("p.csv", THREE)
        arguments = ["walk", "--chain", name, "--until", "1e5", "--runs", 1000, "--threads", "1", "--out"]
        self.done(*arguments, "whole")
        command = [REGARD, "chain", *map(str, arguments), "killed"]
        killed = 0
        for _ in range(6):
            process = subprocess.Popen(command, cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=0.7)
                break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
            if (self.dir / "killed/last.safetensors").exists() and "--resume" not in command:
                command.append("--resume")
        self.assertGreater(killed, 0)
        begun = (self.dir / "killed/last.safetensors").exists()
        self.done("walk", "--resume", "--out", "killed") if begun else self.done(*arguments, "killed")
        self.assertEqual(self.files("killed"), self.files("whole"))
        out = self.regard("walk", "--resume", "--out", "killed", "--chain", name, "--until", "1e4")
        self.assertEqual(out.returncode, 2)
        self.assertIn("another recipe", out.stderr)

    def book(self, words=6000):
        draw = random.Random(1)
        names = [f"w{i}" for i in range(40)]
        said = draw.choices(names, k=20)
        while len(said) < words:
            said.append(draw.choice(said[-60:]) if draw.random() < .5 else draw.choice(names))
        return self.write("book.txt", " ".join(said) + "\n")

    def test_diagnose_a_text(self):
        book = self.book()
        arguments = ["diagnose", book, "--vocabulary", 30, "--window", 64, "--samples", 4, "--length", 100]
        out = self.done(*arguments, "--out", "runs/book")
        self.assertRegex(out.stdout.splitlines()[0], r"^The chain does not describe this text: the next token follows its count with exponent 0\.\d+ ± ")
        self.assertIn("caricature", (self.dir / "runs/book/report.html").read_text())
        result = json.loads(self.done(*arguments, "--json").stdout)
        self.assertEqual(set(result["nats"]), {"unigram", "bigram", "cache", "bigram_cache", "chain", "power_chain"})
        self.assertGreater(result["other_share"], 0)
        self.assertEqual(result["vocabulary"], 30)
        self.assertEqual(len(result["temperatures"]), 4)
        self.done("diagnose", book, "--tokenizer", "character", "--window", 64, "--samples", 2, "--length", 100)
        (self.dir / "latin.txt").write_bytes(("café né " * 400).encode("latin-1"))
        self.done("diagnose", "latin.txt", "--encoding", "latin-1", "--window", 16, "--samples", 2, "--length", 64)

    def test_diagnose_a_run(self):
        book = self.book(3000)
        for phrase, name in (("softmax", "seen"), ("off", "off")):
            self.done("--data", book, "--attention", phrase, "--width", 16, "--layers", 1, "--heads", 2, "--max-length", 64, "--steps", 20,
                      "--batch", 8, "--out", f"trained/{name}", command="train")
        arguments = ["--window", 32, "--samples", 6, "--length", 80, "--temperature", ".5,1"]
        result = json.loads(self.done("diagnose", "trained/off", *arguments, "--json").stdout)
        self.assertEqual(result["shuffle_kl"], 0)
        self.assertEqual(result["phrase"], "off")
        self.assertAlmostEqual(result["alpha_log_probabilities"]["alpha"], 0, delta=.05)
        out = self.done("diagnose", "trained/seen", *arguments, "--out", "whole")
        self.assertIn("nats of KL", out.stdout)
        result = json.loads((self.dir / "whole/result.json").read_text())
        self.assertGreater(result["shuffle_kl"], 0)
        self.assertEqual(result["temperatures"][0]["measured"]["texts"], 6)
        command = [REGARD, "chain", "diagnose", "trained/seen", *map(str, arguments), "--out", "killed"]
        process = subprocess.Popen(command, cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(4000):
            if (self.dir / "killed/last.safetensors").exists() or process.poll() is not None:
                break
            try:
                process.wait(timeout=.01)
            except subprocess.TimeoutExpired:
                pass
        process.kill()
        process.wait()
        if not (self.dir / "killed/result.json").exists():
            self.done("diagnose", "--resume", "--out", "killed")
        self.assertEqual(self.files("killed"), self.files("whole"))

    def test_mistakes_are_one_sentence(self):
        name = self.write("p.csv", THREE)
        out = ["--out", "runs/x"]
        self.refused("column 1: a law that sums to 1 is expected, and the sum 1.15 came; the rows sum to 1: --rows",
                     "walk", "--chain", self.write("t.csv", ".6,.25,.15\n.3,.45,.25\n.25,.35,.40\n"), *out)
        self.refused('line 2: column 1: a number above 0 is expected, and "0" came', "walk", "--chain", self.write("z.csv", "1,.5\n0,.5\n"), *out)
        self.refused("as many rows as columns", "walk", "--chain", self.write("n.csv", "1,.5\n"), *out)
        self.refused('a token from 0 to 2 is expected, and "3" came', "walk", "--chain", name, "--prompt", "0 3", *out)
        self.refused("2^53", "walk", "--chain", name, "--until", "1e16", *out)
        self.refused("bytes)", "walk", "--chain", name, "--sampler", "alias", "--until", "1e15", *out)
        self.refused("--temperature: a number above 0 is expected, and 0 came", "walk", "--temperature", 0, *out)
        self.refused("no such file", "walk", "--chain", "absent.csv", *out)
        self.refused('line 3: the query "c" is absent from its prompt', "learn", self.write("q.csv", "prompt,query,next\na b,a,b\na b,c,a\n"), *out)
        self.refused("the next token is one of the prompt's", "learn", self.write("r.csv", "prompt,query,next\na b,a,c\n"), *out)
        self.refused('a column "prompt" is expected', "learn", self.write("s.csv", "a,b\n1,2\n"), *out)
        self.refused("whole numbers from 1 to 1e9", "learn", "--prompts", "10,-2", *out)
        self.refused("width 6 or more", "check", "--width", 3)
        self.refused("empty", "diagnose", self.write("empty.txt", ""), *out)
        self.refused("too short for its window", "diagnose", self.write("short.txt", "a b c d " * 60), *out)
        self.refused("at least 2 tokens is expected, and 1 came", "diagnose", self.book(), "--vocabulary", 1, *out)
        self.refused("--temperature: numbers above 0 are expected, and 0 came", "diagnose", "book.txt", "--temperature", "0,1", *out)
        self.refused("--resume needs the folder", "walk", "--resume")

    def test_a_classifier_is_refused(self):
        rows = "".join(f"{random.Random(i).choice(['good', 'bad'])} film {i % 7}\t{i % 2}\n" for i in range(80))
        self.write("reviews.tsv", "text\tlabel\n" + rows)
        self.done("--data", "reviews.tsv", "--text", "text", "--label", "label", "--attention", "softmax", "--width", 16, "--layers", 1, "--heads", 2,
                  "--steps", 2, "--baseline", "off", "--out", "trained/classifier", command="train")
        self.refused("a run that `regard generate` answers was expected, and this one has the task classification", "diagnose", "trained/classifier", "--out", "runs/x")


if __name__ == "__main__":
    unittest.main()
