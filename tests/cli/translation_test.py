"""A translator from two files: it learns to reverse sequences of words, then translate, score and eval use it."""
import gzip
import json
import os
import pathlib
import random
import resource
import subprocess
import tempfile
import time
import unittest

COMMAND = os.environ["REGARD_COMMAND"]
MULTI30K = pathlib.Path(__file__).resolve().parents[2] / "../shared/data/multi30k"
WORDS = "ant bee cat dog eel fox gnu hen".split()
TRAIN = ["--width", 64, "--layers", 2, "--heads", 4, "--batch", 64, "--lr", "3e-3", "--threads", 1, "--tokenizer", "words",
         "--set", "model.dropout=0", "--set", "model.label_smoothing=0"]


def pairs(count, seed, longest=7):
    draw = random.Random(seed)
    sources = [[draw.choice(WORDS) for _ in range(draw.randint(2, longest))] for _ in range(count)]
    return [(" ".join(s), " ".join(reversed(s))) for s in sources]


def regard(*arguments, stdin=None):
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, input=stdin, timeout=300)
    return done.returncode, done.stdout, done.stderr


class Translation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.test = pairs(200, 3)
        for name, rows in (("train", pairs(4000, 1)), ("val", pairs(100, 2)), ("test", cls.test)):
            cls.write(name + ".en", [a for a, _ in rows])
            cls.write(name + ".de", [b for _, b in rows])
        cls.run_folder = cls.folder / "ende"
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        cls.code, cls.out, cls.err = regard("train", *cls.files(), "--steps", 600, *TRAIN, "--out", cls.run_folder)
        cls.cpu_seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def write(cls, name, lines):
        path = cls.folder / name
        path.write_text("".join(line + "\n" for line in lines))
        return path

    @classmethod
    def files(cls):
        f = cls.folder
        return ["--data", f / "train.en", "--target", f / "train.de", "--valid", f / "val.en", "--valid-target", f / "val.de",
                "--test", f / "test.en", "--test-target", f / "test.de"]

    def refusal(self, *arguments):
        code, out, err = regard(*arguments)
        self.assertEqual(code, 2, out + err)
        lines = err.strip().splitlines()
        self.assertEqual(len(lines), 1, err)
        return lines[0]

    def test_it_learns_to_reverse(self):
        self.assertEqual(self.code, 0, self.err)
        self.assertIn("sequence_to_sequence", self.err)
        self.assertIn(" left", self.err)
        self.assertRegex(self.err, r"bleu \d+\.\d+")
        result = json.loads((self.run_folder / "result.json").read_text())
        self.assertEqual(result["task"], "translation")
        self.assertGreater(result["test_bleu"], 99)
        self.assertGreater(result["test_chrf"], 99)
        self.assertLess(self.cpu_seconds, 60)  # of one thread, whatever else the machine does
        code, out, err = regard("translate", self.run_folder, self.folder / "test.en")
        self.assertEqual(code, 0, err)
        self.assertIn("200/200 lines", err)
        lines = out.splitlines()
        self.assertEqual(len(lines), 200)
        self.assertGreaterEqual(sum(line == b for line, (_, b) in zip(lines, self.test)), 198)
        greedy = regard("translate", self.run_folder, self.folder / "test.en", "--beam", 1)[1].splitlines()
        self.assertGreaterEqual(sum(line == b for line, (_, b) in zip(greedy, self.test)), 198)

    def test_the_report_has_curves_maps_and_samples(self):
        page = (self.run_folder / "report.html").read_text()
        for part in ("validation bleu", "cross", "reference:", "chrF++"):
            self.assertIn(part, page)

    def test_lines_of_standard_input_keep_their_order_and_empty_ones(self):
        code, out, err = regard("translate", self.run_folder, "-", stdin="ant bee cat\n\nfox\nhen gnu fox eel dog\n")
        self.assertEqual(code, 0, err)
        self.assertEqual(out.splitlines()[:2], ["cat bee ant", ""])
        self.assertEqual(out.splitlines()[3], "dog eel fox gnu hen")
        self.assertEqual(len(out.splitlines()), 4)

    def test_json_has_texts_scores_tokens_and_alignment(self):
        code, out, err = regard("translate", self.run_folder, "--beam", 5, "--nbest", 3, "--json", stdin="ant bee cat dog\nfox hen\n")
        self.assertEqual(code, 0, err)
        first = json.loads(out.splitlines()[0])
        self.assertEqual(first["source"], "ant bee cat dog".split())
        best = first["translations"]
        self.assertEqual(len(best), 3)
        self.assertEqual(best[0]["text"], "dog cat bee ant")
        self.assertEqual(best[0]["tokens"], "dog cat bee ant".split())
        self.assertEqual([t for t, _ in best[0]["alignment"]], [0, 1, 2, 3])
        self.assertGreaterEqual(best[0]["score"], best[1]["score"])
        self.assertGreaterEqual(best[1]["score"], best[2]["score"])
        self.assertLess(best[0]["log_probability"], 0)

    def test_drawing_is_a_function_of_the_seed(self):
        draw = lambda seed, *more: regard("translate", self.run_folder, self.folder / "test.en", "--sample", "--temperature", 3, "--seed", seed, *more)[1]
        self.assertEqual(draw(1), draw(1))
        self.assertNotEqual(draw(1), draw(2))
        likely = draw(1, "--min-p", 1).splitlines()
        self.assertGreaterEqual(sum(line == b for line, (_, b) in zip(likely, self.test)), 196)

    def test_score_and_eval(self):
        hyp = self.write("hyp.de", [b for _, b in self.test[:-1]] + ["ant"])
        code, out, err = regard("score", hyp, self.folder / "test.de", "--json")
        self.assertEqual(code, 0, err)
        scores = json.loads(out)
        self.assertEqual(scores["lines"], 200)
        self.assertLessEqual(scores["bleu"]["low"], scores["bleu"]["score"])
        self.assertLess(scores["chrf"]["score"], 100)
        plain = regard("score", self.folder / "test.de", self.folder / "test.de")[1]
        self.assertIn("BLEU    100.000", plain)
        self.assertIn("chrF++  100.000", plain)
        code, out, err = regard("eval", self.run_folder, self.folder / "test.en", "--target", self.folder / "test.de", "--json")
        self.assertEqual(code, 0, err)
        self.assertGreater(json.loads(out)["bleu"], 99)

    @unittest.skipUnless(MULTI30K.is_dir(), "../shared/data/multi30k is not there")
    def test_scores_of_multi30k(self):
        german, english = (MULTI30K / f"test_2016_flickr.{language}.gz" for language in ("de", "en"))
        lines = gzip.open(german, "rt", encoding="utf-8").read().splitlines()
        cut = self.write("cut.de", [" ".join(line.split(" ")[:-2]) for line in lines])
        for hyp, bleu, chrf, plus in ((cut, 72.06816013380129, 80.17570503615883, 79.69790279429574),
                                      (english, 0.47828790014374517, 16.344733257676257, 13.712235958259331)):
            scores = json.loads(regard("score", hyp, german, "--json")[1])
            self.assertAlmostEqual(scores["bleu"]["score"], bleu, delta=1e-9)
            self.assertAlmostEqual(scores["chrf"]["score"], chrf, delta=1e-9)
            self.assertAlmostEqual(scores["chrf_plus_plus"]["score"], plus, delta=1e-9)

    def test_two_columns_of_a_table(self):
        table = self.folder / "pairs.tsv"
        table.write_text("id\ten\tde\n" + "".join(f"{i}\t{a}\t{b}\n" for i, (a, b) in enumerate(pairs(200, 5))))
        code, out, err = regard("train", "--data", table, "--text", "en", "--target-text", "de", "--steps", 12, *TRAIN, "--out", self.folder / "p")
        self.assertEqual(code, 0, err)
        self.assertIn("20 of 200 training examples", err)
        code, out, err = regard("translate", self.folder / "p", stdin="ant bee\n")
        self.assertEqual(code, 0, err)
        self.assertEqual(len(out.splitlines()), 1)

    def test_attention_of_each_part_and_the_control(self):
        for phrase, names in (("window(width=2)", "cross: softmax instead; "), ("softmax; decoder=linear; cross=mean", ""), ("softmax; cross=none", "")):
            code, out, err = regard("train", *self.files(), "--attention", phrase, "--steps", 6, *TRAIN, "--no-report", "--out", self.folder / phrase.replace(" ", ""))
            self.assertEqual(code, 0, err)
            self.assertIn(names, err)
            self.assertIn(phrase, out)

    def test_a_comparison_changes_one_attention_at_a_time(self):
        recipe = self.folder / "cross.toml"
        files = self.files()
        named = dict(zip(("train", "target", "valid", "valid_target", "test", "test_target"), files[1::2]))
        recipe.write_text("[model]\nwidth = 32\nlayers = 1\n[data]\ntokenizer = \"words\"\n" + "".join(f'{k} = ["{v}"]\n' for k, v in named.items()) +
                          '[train]\nsteps = 20\n[compare]\nseeds = [1]\nattention = ["softmax", "mean; decoder=softmax; cross=softmax", "softmax; cross=none"]\n')
        code, out, err = regard("compare", recipe, "--out", self.folder / "cross")
        self.assertEqual(code, 0, err)
        for phrase in ("softmax; cross=none", "mean; decoder=softmax; cross=softmax"):
            self.assertIn(phrase, out)
        self.assertIn("reference:", (self.folder / "cross" / "report.html").read_text())

    def test_a_killed_run_goes_on_to_the_same_bits(self):
        more = [*self.files(), "--steps", 60, *TRAIN, "--set", "train.checkpoint_every=20", "--no-report"]
        self.assertEqual(regard("train", *more, "--out", self.folder / "whole")[0], 0)
        process = subprocess.Popen([COMMAND, *map(str, ["train", *more, "--out", self.folder / "killed"])], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        last = self.folder / "killed" / "last.safetensors"
        while not last.exists() and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        process.wait()
        self.assertFalse((self.folder / "killed" / "result.json").exists())
        code, _, err = regard("train", *more, "--out", self.folder / "killed", "--resume")
        self.assertEqual(code, 0, err)
        self.assertEqual(last.read_bytes(), (self.folder / "whole" / "last.safetensors").read_bytes())

    def test_the_mean_of_the_last_checkpoints(self):
        run = self.folder / "mean"
        code, _, err = regard("train", *self.files(), "--steps", 40, *TRAIN, "--set", "train.checkpoint_every=10", "--set", "train.average=3", "--no-report", "--out", run)
        self.assertEqual(code, 0, err)
        self.assertIn("the mean of the last 3 checkpoints", err)
        self.assertTrue((run / "average.safetensors").exists())
        self.assertEqual(regard("translate", run, stdin="ant bee\n")[0], 0)

    def test_what_is_refused(self):
        f = self.folder
        short = self.write("short.de", [b for _, b in pairs(4000, 1)][:-1])
        self.assertIn("train.en has 4000 lines and " + str(short) + " has 3999: as many were expected",
                      self.refusal("train", "--data", f / "train.en", "--target", short, *TRAIN, "--out", f / "no"))
        gap = [b for _, b in pairs(4000, 1)]
        gap[6] = ""
        self.assertIn("gap.de: line 7 is empty, and that of " + str(f / "train.en") + " is not",
                      self.refusal("train", "--data", f / "train.en", "--target", self.write("gap.de", gap), *TRAIN, "--out", f / "no"))
        self.assertIn("train.en: line", self.refusal("train", *self.files(), *TRAIN, "--max-length", 5, "--out", f / "no"))
        many = [*TRAIN, "--tokenizer", "sentencepiece", "--vocabulary", 100000]
        self.assertRegex(self.refusal("train", *self.files(), *many, "--out", f / "no"), r"vocabulary: this text has at most \d+ pieces, and 100000 were asked for")
        self.assertIn("its targets were expected, too (--valid-target)",
                      self.refusal("train", "--data", f / "train.en", "--target", f / "train.de", "--valid", f / "val.en", *TRAIN, "--out", f / "no"))
        self.assertIn('phrase "off" in cross attention: off gives each token its own value',
                      self.refusal("train", *self.files(), *TRAIN, "--set", "attention.cross=off", "--out", f / "no"))
        self.assertIn("a source of at most max_length =", self.refusal("translate", self.run_folder, self.write("long.en", [" ".join(["ant"] * 500)])))
        self.assertIn("an --nbest of at most --beam = 2 was expected, and 3 came",
                      self.refusal("translate", self.run_folder, self.folder / "test.en", "--beam", 2, "--nbest", 3))
        self.assertIn("has 200, " + str(f / "val.de") + " 100", self.refusal("score", f / "test.de", f / "val.de"))
        self.assertIn("this one has the task translation; use `regard translate`", self.refusal("predict", self.run_folder, f / "test.en"))
        self.assertFalse((f / "no").exists())
        labelled = self.folder / "labels.tsv"
        labelled.write_text("text\tlabel\n" + "".join(f"{a}\t{a.split()[0]}\n" for a, _ in pairs(60, 9)))
        self.assertEqual(regard("train", "--data", labelled, "--label", "label", "--steps", 2, "--baseline", "off", "--no-report", "--out", f / "labels")[0], 0)
        self.assertIn("a run that `regard translate` answers was expected", self.refusal("translate", f / "labels", f / "test.en"))


if __name__ == "__main__":
    unittest.main()
