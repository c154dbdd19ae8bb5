"""A graph as two files: train, predict, eval and compare from flags alone, and what is refused."""
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

COMMAND = os.environ["REGARD_COMMAND"]


def regard(*arguments):
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def graph(count, seed):
    """Two communities; a node's features say little about its own, those of its neighbours say it together."""
    draw = random.Random(seed)
    side = [draw.randrange(2) for _ in range(count)]
    nodes = [(f"n{seed}_{i}", "ab"[s], (2 * s - 1) * 0.7 + draw.gauss(0, 1), draw.gauss(0, 1)) for i, s in enumerate(side)]
    edges = []
    for i in range(count):
        for _ in range(5):
            j = draw.randrange(count)
            if j != i and (side[i] == side[j]) == (draw.random() < 0.93):
                edges.append((i, j))
    return nodes, edges


def write(folder, name, nodes, edges, split=True, label=True, weight=False):
    head = ["id"] + (["label"] if label else []) + (["split"] if split else []) + ["x", "y"]
    rows = ["\t".join(head)]
    for i, (node, own, x, y) in enumerate(nodes):
        part = ["train", "val", "test"][i % 3]
        rows.append("\t".join([node] + ([own] if label else []) + ([part] if split else []) + [f"{x:.4f}", f"{y:.4f}"]))
    (folder / f"{name}.nodes.tsv").write_text("\n".join(rows) + "\n")
    lines = [f"{nodes[i][0]}\t{nodes[j][0]}" + ("\t2.5" if weight else "") for i, j in edges]
    (folder / f"{name}.edges.tsv").write_text("\n".join(lines) + "\n")
    return ["--nodes", folder / f"{name}.nodes.tsv", "--edges", folder / f"{name}.edges.tsv"]


class Nodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.data = write(cls.folder, "old", *graph(150, 1))
        cls.run_folder = cls.folder / "run"
        cls.code, cls.out, cls.err = regard("train", *cls.data, "--out", cls.run_folder, "--threads", 1, "--steps", 120)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_it_trains_a_gat_from_two_files(self):
        self.assertEqual(self.code, 0, self.err)
        for sentence in ("node_classifier, shared(form=plain)+edges+additive", "nodes: 150, 2 features, 2 labels",
                         "each node itself among them, both directions", "train: 50 nodes"):
            self.assertIn(sentence, self.err)
        result = json.loads((self.run_folder / "result.json").read_text())
        self.assertEqual(result["task"], "nodes")
        self.assertGreater(result["test_accuracy"], 0.8)
        self.assertGreater(result["valid_edges_per_query"], 2)
        self.assertIn("additive:edges", result["kernels"])
        recipe = (self.run_folder / "recipe.toml").read_text()
        for line in ('block = "gat"', "heads = 8", "width = 64", "dropout = 0.6", "lr = 0.005", "l2 = 5e-04", "early_stop = 100"):
            self.assertIn(line, recipe)
        self.assertIn("What attends to what", (self.run_folder / "report.html").read_text())

    def test_predict_gives_id_label_and_probability_of_new_nodes(self):
        nodes, edges = graph(90, 2)
        new = write(self.folder, "new", nodes, edges, split=False, label=False)
        code, out, err = regard("predict", self.run_folder, *new)
        self.assertEqual(code, 0, err)
        rows = [line.split("\t") for line in out.splitlines()]
        self.assertEqual([row[0] for row in rows], [node[0] for node in nodes])
        self.assertGreater(sum(row[1] == node[1] for row, node in zip(rows, nodes)) / 90, 0.8)
        self.assertTrue(all(0.5 <= float(row[2]) <= 1 for row in rows))
        code, out, err = regard("predict", self.run_folder, *new, "--json")
        first = json.loads(out.splitlines()[0])
        self.assertEqual(first["id"], nodes[0][0])
        self.assertAlmostEqual(sum(first["probabilities"].values()), 1, 5)
        code, out, err = regard("eval", self.run_folder, *write(self.folder, "more", nodes, edges), "--json")
        self.assertEqual(code, 0, err)
        self.assertGreater(json.loads(out)["accuracy"], 0.8)

    def test_compare_says_what_edges_are_worth(self):
        code, out, err = regard("compare", *self.data, "--attention", "edges+additive,edges+softmax,edges+mean,off", "--seeds", 2,
                                "--steps", 60, "--out", self.folder / "compared", "--json")
        self.assertEqual(code, 0, err)
        table = json.loads((self.folder / "compared" / "comparison.json").read_text())
        text = json.dumps(table)
        for phrase in ("edges+additive", "edges+mean", "off", "edges_per_query"):
            self.assertIn(phrase, text)
        self.assertIn("quality-edges", (self.folder / "compared" / "report.html").read_text())

    def test_weights_enter_the_score_and_directed_edges_go_one_way(self):
        nodes, edges = graph(60, 3)
        data = write(self.folder, "weighted", nodes, edges, weight=True)
        code, _, err = regard("train", *data, "--directed", "--out", self.folder / "weighted", "--steps", 3, "--no-report")
        self.assertEqual(code, 0, err)
        self.assertIn("with weights", err)
        self.assertNotIn("both directions", err)

    def refused(self, sentence, *arguments):
        code, out, err = regard(*arguments)
        self.assertEqual(code, 2, err)
        self.assertIn(sentence, err)
        self.assertNotIn("std::", err)
        self.assertNotIn("at::", err)

    def test_what_is_refused(self):
        nodes, edges = self.folder / "old.nodes.tsv", self.folder / "old.edges.tsv"
        out = self.folder / "no"

        def changed(path, change):
            other = self.folder / ("bad." + path.name)
            other.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
            return other

        def train(sentence, n=nodes, e=edges, *more):
            self.refused(sentence, "train", "--nodes", n, "--edges", e, "--out", out, *more)

        self.refused("the edges between them were expected, too", "train", "--nodes", nodes, "--out", out)
        self.refused("the nodes that they join were expected, too", "train", "--edges", edges, "--data", nodes, "--out", out)
        train('line 2: the node "nobody" is not in', e=changed(edges, lambda t: [t[0], "n1_0\tnobody"]))
        train('came already in line 2', n=changed(nodes, lambda t: t[:3] + [t[1]]))
        for weight in ("0", "nan", "-2"):
            train(f'line 1: a weight above 0 was expected, and "{weight}" came', e=changed(edges, lambda t, w=weight: ["n1_0\tn1_1\t" + w]))
        train('column "x": a number was expected, and "?" came', n=changed(nodes, lambda t: t[:1] + ["q\ta\ttrain\t?\t1"] + t[1:]))
        train("labels of nodes were expected, and no node has one",
              n=changed(nodes, lambda t: t[:1] + ["\t".join([c[0], ""] + c[2:]) for c in (line.split("\t") for line in t[1:])]))
        train("alpha from 1 to", nodes, edges, "--attention", "random(alpha=0)")
        table = self.folder / "texts.tsv"
        table.write_text("text\tlabel\n" + "".join(f"word{i % 2}\t{i % 2}\n" for i in range(40)))
        self.refused("data with edges was expected", "train", "--data", table, "--attention", "edges", "--out", out)
        (self.folder / "book.txt").write_text("to be or not to be " * 200)
        self.refused("sac_paper chooses the edges of early tokens", "train", "--data", self.folder / "book.txt", "--attention", "sac_paper(alpha=2)", "--out", out)
        other = changed(nodes, lambda t: [t[0].replace("y", "z")] + t[1:])
        self.refused("the features of the training were expected, the columns x, y, and the columns x, z came",
                     "predict", self.run_folder, "--nodes", other, "--edges", edges)
        self.refused("--nodes FILE --edges FILE was expected", "predict", self.run_folder, nodes)
        self.assertFalse(out.exists())

    def test_a_language_model_trains_on_edges(self):
        with tempfile.TemporaryDirectory() as folder:
            text = pathlib.Path(folder) / "book.txt"
            text.write_text("to be or not to be, that is the question. " * 60)
            out = pathlib.Path(folder) / "out"
            code, _, err = regard("compare", "--data", text, "--attention", "random(alpha=2),sac(alpha=2,warm=3)", "--seeds", "1", "--steps", "6", "--width", "16",
                                  "--layers", "1", "--heads", "2", "--max-length", "32", "--threads", "1", "--out", out)
            self.assertEqual(code, 0, err)
            for phrase in ("random(alpha=2)", "sac(alpha=2,warm=3)"):
                self.assertTrue((out / phrase / "seed1" / "result.json").exists())
            code, _, err = regard("generate", out / "sac(alpha=2,warm=3)" / "seed1")
            self.assertEqual(code, 2)
            self.assertIn("the edges of this graph are made for whole sequences", err)

    def test_explain_counts_the_predictor(self):
        for arguments, flops in ((["sac_paper(alpha=10,hidden=512)", "--length", 512], 48.3), (["sac_paper", "--length", 2048], 51.5)):
            code, out, err = regard("explain", *arguments, "--json")
            self.assertEqual(code, 0, err)
            self.assertAlmostEqual(json.loads(out)["predictor_flops"] / 1e9, flops, 1)
        self.assertIn("65536 choices one after another", regard("explain", "sac_paper", "--length", 2048)[1])
        code, out, err = regard("explain", "edges+linear", "--length", 10**9, "--json")
        self.assertEqual(code, 0, err)
        self.assertIn("no", regard("explain", "edges+linear", "--length", 10**9)[1])


class Recall(unittest.TestCase):
    def test_planted_edges_are_counted(self):
        with tempfile.TemporaryDirectory() as folder:
            recipe = pathlib.Path(folder) / "recall.toml"
            recipe.write_text("""
[model]
width = 16
heads = 2
[data]
reader = "recall"
recall_length = 16
train = ["1-400"]
valid = ["401-440"]
[train]
steps = 30
lr = 2e-3
[compare]
attention = [["window(width=2)", "edges"], ["window(width=2)", "sac(alpha=2,warm=10)"], ["window(width=2)", "sac_paper(alpha=2,hidden=8)"], ["window(width=2)", "random(alpha=2)"]]
seeds = [1]
""")
            out = pathlib.Path(folder) / "out"
            code, _, err = regard("compare", recipe, "--out", out)
            self.assertEqual(code, 0, err)
            result = json.loads((out / "[window(width=2), sac(alpha=2,warm=10)]" / "seed1" / "result.json").read_text())
            self.assertGreater(result["predictor_share"], 0)
            self.assertTrue(0 <= result["valid_edge_recall"] <= 1)
            self.assertAlmostEqual(result["valid_edges_per_query"], 3, 5)
            metrics = (out / "[window(width=2), sac_paper(alpha=2,hidden=8)]" / "seed1" / "metrics.jsonl").read_text()
            self.assertIn("loss_policy", metrics)
            self.assertIn("valid_edge_recall", metrics)
            log = (out / "[window(width=2), sac_paper(alpha=2,hidden=8)]" / "seed1" / "log.txt").read_text()
            self.assertIn("sac_paper: 64 choices one after another for 16 positions", log)
            report = (out / "report.html").read_text()
            self.assertIn("recall of planted edges", report)


if __name__ == "__main__":
    unittest.main()
