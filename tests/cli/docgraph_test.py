#!/usr/bin/env python3
"""docgraph train, predict, explain, compare and split as a user meets them, on data that is written here."""
import html.parser
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))

SMALL = """
[vectors]
kind = "hash"
width = 32
[attention]
epochs = 4
[gat]
layers = 1
width = 32
epochs = 20
lr = 0.01
"""
WORDS = {"sea": "boat wave harbour sailor tide anchor fish storm".split(),
         "farm": "cow field tractor barn wheat plough hay farmer".split()}


def regard(*arguments):
    environment = dict(os.environ, OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")
    return subprocess.run([REGARD, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT, timeout=300,
                          env=environment)


def docgraph(*arguments):
    return regard("docgraph", *arguments)


def document(label, number):
    chance = random.Random(f"{label} {number}")
    sentences = []
    for _ in range(chance.randint(2, 6)):
        words = [chance.choice(WORDS[label]) for _ in range(4)] + [chance.choice("the of and near old".split())]
        sentences.append(" ".join(words).capitalize() + ".")
    return " ".join(sentences)


def rows(count=60):
    return [(label, document(label, i)) for i in range(count) for label in WORDS]


def safetensors(path, shape, values, metadata=None):
    data = struct.pack(f"<{len(values)}f", *values)
    header = {"v": {"dtype": "F32", "shape": shape, "data_offsets": [0, len(data)]}}
    if metadata:
        header["__metadata__"] = metadata
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp())
        cls.table = cls.dir / "reviews.tsv"
        cls.table.write_text("label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in rows()))
        cls.recipe = cls.dir / "small.toml"
        cls.recipe.write_text(SMALL)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    def good(self, out):
        self.assertEqual(out.returncode, 0, out.stderr)
        return out.stdout

    def refused(self, expected, *arguments):
        out = docgraph(*arguments)
        self.assertEqual(out.returncode, 2, out.stdout + out.stderr)
        self.assertIn(expected, out.stderr)
        return out


class Use(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.dir / "run"
        cls.out = docgraph("train", cls.table, "--text", "text", "--label", "label", "--recipe", cls.recipe, "--out", cls.folder)
        cls.new = cls.dir / "new.tsv"
        cls.new.write_text("text\n" + "".join(document(label, 1000 + i) + "\n" for i in range(4) for label in WORDS)
                           + 'Boat <b>wave</b> & "tide". Boat anchor.\n')

    def test_train_says_what_it_did(self):
        self.good(self.out)
        self.assertIn("120 documents of 2 classes", self.out.stderr)
        self.assertIn("duplicates", self.out.stderr)
        for stage in ("stage 1, attention", "stage 2, graph network"):
            self.assertIn(stage, self.out.stderr)
        for words in ("accuracy", "macro-F1", "edges a document"):
            self.assertIn(words, self.out.stdout)
        result = json.loads((self.folder / "result.json").read_text())
        self.assertGreaterEqual(result["test_accuracy"], 0.9)
        self.assertEqual(result["documents"], result["train"] + result["valid"] + result["test"])
        for name in ("recipe.toml", "encoder.json", "model.safetensors", "docgraph.json", "report.html"):
            self.assertTrue((self.folder / name).exists(), name)

    def test_predict_gives_label_probability_sentences_and_links(self):
        lines = [json.loads(line) for line in self.good(docgraph("predict", self.folder, self.new, "--json")).splitlines()]
        self.assertEqual(len(lines), 9)
        right = sum(line["label"] == label for line, label in zip(lines, ["sea", "farm"] * 4))
        self.assertGreaterEqual(right, 7)
        for line in lines:
            self.assertAlmostEqual(sum(line["probabilities"].values()), 1, places=6)
            self.assertEqual(line["probability"], max(line["probabilities"].values()))
            self.assertLessEqual(len(line["sentences"]), 20)
            self.assertTrue(all(isinstance(s["effect"], float) for s in line["sentences"]))
            for link in line["links"]:
                self.assertLess(link["sentences"][0], link["sentences"][1])
        effects = [abs(s["effect"]) for s in lines[0]["sentences"]]
        self.assertEqual(effects, sorted(effects, reverse=True))
        table = self.good(docgraph("predict", self.folder, self.new))
        self.assertIn("strongest sentence", table)
        self.assertEqual(self.good(docgraph("predict", self.folder, self.new)), table)

    def test_an_effect_is_what_the_odds_lose(self):
        """A document of which one sentence is taken away in the data has the odds that predict says."""
        # With all pairs kept and no attention before it the graph of the rest is the rest of the graph.
        import math
        run = self.dir / "order"
        self.good(docgraph("train", self.table, "--recipe", self.recipe, "--graph", "window(width=2)", "--out", run))
        two = self.dir / "two.tsv"
        two.write_text("text\nBoat wave tide. Cow barn hay.\nBoat wave tide.\n")
        whole, part = [json.loads(line) for line in self.good(docgraph("predict", run, two, "--json")).splitlines()]
        odds = lambda p: math.log(p / (1 - p))
        effect = {s["sentence"]: s["effect"] for s in whole["sentences"]}[2]
        self.assertAlmostEqual(effect, odds(whole["probability"]) - odds(part["probabilities"][whole["label"]]), places=3)

    def test_explain_writes_a_page_with_everything_escaped(self):
        letter, page = self.dir / "letter.txt", self.dir / "letter.html"
        letter.write_text('The boat <script>alert("1")</script> & a wave came.\nIt was a "tide". Dr. Lee saw\nthe harbour.')
        out = self.good(docgraph("explain", self.folder, letter, "--out", page))
        self.assertIn("probability", out)
        text = page.read_text()
        self.assertNotIn("<script>alert", text)
        self.assertIn("&lt;script&gt;alert", text)
        self.assertIn("Dr. Lee saw the harbour.", text)
        self.assertIn("<li><span style=\"background: rgba(", text)
        html.parser.HTMLParser().feed(text)

    def test_other_commands_name_the_right_one(self):
        out = regard("predict", self.folder, self.new)
        self.assertEqual(out.returncode, 2)
        self.assertIn("regard docgraph predict", out.stderr)

    def test_a_folder_for_each_label_in_german(self):
        texts = self.dir / "texte"
        for label in WORDS:
            (texts / label).mkdir(parents=True)
            for i in range(30):
                (texts / label / f"{i}.txt").write_text(document(label, i).replace(". ", " am 3. Oktober. ", 1))
        folder = self.dir / "german"
        self.good(docgraph("train", texts, "--language", "de", "--recipe", self.recipe, "--graph", "bound(rule=mean)", "--out", folder))
        result = json.loads((folder / "result.json").read_text())
        self.assertEqual(result["documents"], 60)
        lines = self.good(docgraph("predict", folder, texts / "sea" / "0.txt", "--json"))
        self.assertIn("am 3. Oktober.", json.loads(lines.splitlines()[0])["sentences"][0]["text"] + lines)

    def test_other_graphs_train_too(self):
        for graph in ("bound(degree=2)", "bound(mode=paper)", "full", "knn(degree=2)", "random", "shuffled(rule=mean)"):
            folder = self.dir / ("graph" + str(abs(hash(graph))))
            self.good(docgraph("train", self.table, "--recipe", self.recipe, "--epochs", 2, "--graph", graph, "--out", folder))
            self.good(docgraph("predict", folder, self.new, "--json"))

    def test_test_data_of_its_own(self):
        test = self.dir / "test.tsv"
        test.write_text("label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in rows()[:10]))
        out = docgraph("train", self.table, "--test", test, "--recipe", self.recipe, "--out", self.dir / "own", "--json")
        result = json.loads(self.good(out))
        self.assertEqual((result["test"], result["train"] + result["valid"]), (10, 120))
        self.assertIn("10 test texts are in the training data too", out.stderr)

    def test_the_library_takes_the_graph_in_a_phrase(self):
        out = regard("train", "--data", self.table, "--text", "text", "--label", "label", "--attention", "bound(rule=max)",
                     "--steps", 4, "--width", 16, "--layers", 1, "--out", self.dir / "phrase", "--baseline", "off")
        self.good(out)


class Vectors(Case):
    def test_split_gives_the_rows_of_vectors_of_your_own(self):
        sentences = self.dir / "sentences.tsv"
        out = self.good(docgraph("split", self.table, "--out", sentences))
        lines = sentences.read_text().splitlines()
        self.assertEqual(lines[0], "document\tsentence\ttext")
        count = len(lines) - 1
        self.assertIn(f"{count} sentences", out)
        checksum = out.split("checksum ")[1].strip()
        # Two numbers of each sentence: how many words of either kind it has.
        values = []
        for line in lines[1:]:
            words = line.split("\t")[2].lower().rstrip(".").split()
            values += [float(sum(w in WORDS[label] for w in words)) for label in WORDS] + [1.0, 0.0]
        vectors = self.dir / "v.safetensors"
        safetensors(vectors, [count, 4], values, {"sentences": checksum})
        folder = self.dir / "own_vectors"
        self.good(docgraph("train", self.table, "--recipe", self.recipe, "--vectors", vectors, "--out", folder))
        self.assertGreater(json.loads((folder / "result.json").read_text())["test_accuracy"], 0.9)
        self.refused("--vectors FILE", "predict", folder, self.table)
        self.assertEqual(len(self.good(docgraph("predict", folder, self.table, "--vectors", vectors, "--json")).splitlines()), 120)
        one = self.dir / "one.tsv"
        one.write_text("text\nBoat wave.\n")
        self.refused("a row for each of the 1 sentences", "predict", folder, one, "--vectors", vectors)
        safetensors(self.dir / "narrow.safetensors", [count, 2], values[:2 * count])
        self.refused("vectors of width 4", "predict", folder, self.table, "--vectors", self.dir / "narrow.safetensors")

    def test_broken_vectors_are_refused_before_anything_is_written(self):
        folder = self.dir / "none"
        bad = self.dir / "bad.safetensors"
        safetensors(bad, [1, 4], [1.0] * 4)
        self.refused("a row for each", "train", self.table, "--vectors", bad, "--out", folder)
        bad.write_text("no tensors")
        self.refused("bad.safetensors", "train", self.table, "--vectors", bad, "--out", folder)
        self.refused("--vectors: lsa, hash, auto or a safetensors file", "train", self.table, "--vectors", "bert", "--out", folder)
        self.assertFalse(folder.exists())

    def test_lsa(self):
        if "Spectra" in docgraph("train", self.table, "--vectors", "lsa", "--recipe", self.recipe, "--out", self.dir / "lsa").stderr:
            self.skipTest("this build is without Spectra")
        self.assertTrue((self.dir / "lsa" / "encoder.safetensors").exists())
        out = self.good(docgraph("predict", self.dir / "lsa", self.table, "--json"))
        self.assertEqual(len(out.splitlines()), 120)


class Compare(Case):
    def test_graphs_side_by_side(self):
        recipe = self.dir / "compare.toml"
        recipe.write_text(f"""
[run]
seeds = [1, 2]
threads = 1
out = "{self.dir / 'side'}"
[compare]
entries = ["bag_of_words", "mean_pool", "stage1", "window(width=2)", "full", "random", "shuffled", "bound(rule=max)"]
foreign = [0.0, 0.5]
""" + SMALL)
        out = docgraph("compare", recipe, "--data", self.table)
        text = self.good(out)
        results = json.loads((self.dir / "side" / "results.json").read_text())
        self.assertEqual(len(results["entries"]), 8)
        self.assertEqual(len(results["differences"]), 7)
        self.assertEqual(len(results["entries"][0]["accuracy"]["values"]), 2)
        clean = [row["clean_edges"] for row in results["entries"][4]["foreign"]]
        bound = results["entries"][-1]["foreign"]
        self.assertEqual(bound[0]["clean_edges"], 1)
        self.assertLess(bound[1]["clean_edges"], 1)
        self.assertEqual(len(clean), 2)
        self.assertIn("tructure", text)
        page = (self.dir / "side" / "report.html").read_text()
        for part in ("Entries", "Differences", "Foreign sentences at test"):
            self.assertIn(part, page)
        self.refused("a new or empty folder", "compare", recipe, "--data", self.table)

    def test_folds(self):
        recipe = self.dir / "folds.toml"
        recipe.write_text("[run]\nseeds = [1]\n[data]\nfolds = 2\n[compare]\nentries = [\"mean_pool\", \"bound\"]\n" + SMALL)
        self.good(docgraph("compare", recipe, "--data", self.table, "--out", self.dir / "folds"))
        results = json.loads((self.dir / "folds" / "results.json").read_text())
        self.assertEqual(results["differences"][0]["documents"], 120)

    def test_planted_links_are_found_and_chance_finds_none(self):
        """CI: `lookup` with 10 sentences, the recipe that stands in the repository."""
        out = docgraph("compare", "recipes/docgraph/planted.toml", "--out", self.dir / "planted", "--json")
        entries = {e["entry"].split("(")[0]: e for e in json.loads(self.good(out))["entries"]}
        self.assertGreaterEqual(entries["bound"]["accuracy"]["mean"], 0.85)
        self.assertLessEqual(entries["random"]["accuracy"]["mean"], 0.60)
        for name in ("mean_pool", "bag_of_words"):
            self.assertAlmostEqual(entries[name]["accuracy"]["mean"], 0.5, delta=0.03)
        self.assertGreater(entries["bound"]["recall"]["mean"], 0.85)


class Mistakes(Case):
    def test_data(self):
        folder = self.dir / "none"
        one = self.dir / "one.tsv"
        one.write_text("label\ttext\n" + "".join(f"sea\t{text}\n" for _, text in rows(5)))
        self.refused("at least 2 classes were expected", "train", one, "--out", folder)
        self.refused("nowhere.tsv", "train", self.dir / "nowhere.tsv", "--out", folder)
        self.refused("texts were expected", "train", "--out", folder)
        self.refused("column", "train", self.table, "--text", "txet", "--out", folder)
        empty = self.dir / "empty.tsv"
        empty.write_text("label\ttext\nsea\t \n" + "".join(f"{label}\t{text}\n" for label, text in rows(20)))
        self.refused("line 2", "train", empty, "--empty", "refuse", "--out", folder)
        latin = self.dir / "latin.tsv"
        latin.write_bytes(empty.read_text().replace("boat", "böat").encode("latin-1"))
        self.refused("UTF-8", "train", latin, "--out", folder)
        self.assertFalse(folder.exists())
        out = docgraph("train", latin, "--encoding", "latin-1", "--recipe", self.recipe, "--out", self.dir / "latin")
        self.good(out)
        self.assertIn("left out", out.stderr)

    def test_graphs(self):
        for expected, graph in (('did you mean "bound"', "bond(rule=max)"), ("both came", "bound(delta=0.5,degree=4)"),
                                ("degree of at least 1", "bound(degree=0)"), ("max, mean", "bound(rule=middle)")):
            self.refused(expected, "train", self.table, "--graph", graph, "--out", self.dir / "none")
        recipe = self.dir / "bad.toml"
        recipe.write_text('[compare]\nentries = ["mean_pol"]\n')
        self.refused('did you mean "mean_pool"', "compare", recipe, "--data", self.table)
        recipe.write_text("[gat]\nlayer = 2\n")
        self.refused("line 2", "compare", recipe, "--data", self.table)
        self.refused("--language", "train", self.table, "--language", "fr", "--out", self.dir / "none")
        self.assertFalse((self.dir / "none").exists())

    def test_runs(self):
        self.refused("no such run folder", "predict", self.dir / "nowhere", self.table)
        other = self.dir / "other"
        other.mkdir()
        (other / "recipe.toml").write_text("")
        self.refused("a run of another command came", "predict", other, self.table)
        (other / "docgraph.json").write_text("{}")
        self.refused("classes, width, scale and encoder", "predict", other, self.table)
        blank = self.dir / "blank.txt"
        blank.write_text(" \n")
        self.refused("docgraph.json", "explain", self.dir, blank, "--out", self.dir / "x.html")


if __name__ == "__main__":
    unittest.main()
