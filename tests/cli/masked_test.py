"""Pre-training with masks, fill, fine-tuning from a run, and noise at test, from flags alone."""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

COMMAND = os.environ["REGARD_COMMAND"]
NOUNS = {"animals": ["cat", "dog", "horse", "cow"], "tools": ["saw", "hammer", "drill", "axe"]}
VERBS = {"animals": ["runs", "sleeps", "eats"], "tools": ["cuts", "breaks", "rusts"]}
WORDS = ["the", "a", ".", "and"] + sum(NOUNS.values(), []) + sum(VERBS.values(), [])
SMALL = ["--width", 32, "--heads", 2, "--layers", 2, "--threads", 1, "--batch", 16, "--device", "cpu"]


def sentence(draw, kind):
    return f"The {draw.choice(NOUNS[kind])} {draw.choice(VERBS[kind])}."


def regard(*arguments):
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


class Masked(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        draw = random.Random(1)
        for kind in NOUNS:
            (cls.folder / "texts" / kind).mkdir(parents=True)
            for i in range(30):
                text = " ".join(sentence(draw, draw.choice(list(NOUNS))) for _ in range(20))
                (cls.folder / "texts" / kind / f"{i}.txt").write_text(text)
        pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
        letters = "abcdefghijklmnopqrstuvwxyz"
        (cls.folder / "vocab.txt").write_text("\n".join(pieces + [c for c in letters if c not in WORDS] + ["##" + c for c in letters]) + "\n")
        (cls.folder / "other.txt").write_text("\n".join(pieces) + "\n")
        for name, count, seed in (("train", 400, 2), ("test", 100, 3)):
            draw = random.Random(seed)
            rows = [(kind, sentence(draw, kind)) for kind in (draw.choice(list(NOUNS)) for _ in range(count))]
            (cls.folder / f"{name}.tsv").write_text("label\ttext\n" + "".join(f"{k}\t{t}\n" for k, t in rows))
        cls.pretrain = ["train", "--data", cls.folder / "texts", "--task", "masked_language_model", "--tokenizer", "wordpiece",
                        "--vocabulary-file", cls.folder / "vocab.txt", "--max-length", 32, "--lr", "3e-3", *SMALL]
        cls.code, cls.out, cls.err = regard(*cls.pretrain, "--steps", 400, "--out", cls.folder / "base")
        cls.finetune = ["train", "--from", cls.folder / "base", "--data", cls.folder / "train.tsv", "--text", "text", "--label", "label",
                        "--lr", "2e-3", "--threads", 1, "--batch", 16, "--device", "cpu"]

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def refused(self, sentence, *arguments):
        code, out, err = regard(*arguments)
        self.assertEqual(code, 2, err)
        self.assertIn(sentence, err)
        self.assertEqual(out, "")

    def test_pretraining_reads_a_folder_and_says_so(self):
        self.assertEqual(self.code, 0, self.err)
        self.assertIn("its 60 files are read as documents without labels, since the task is masked_language_model", self.err)
        self.assertIn("masked_language_model, softmax", self.err)
        result = json.loads((self.folder / "base/result.json").read_text())
        self.assertLess(result["valid_loss"], 1.5)
        self.assertTrue((self.folder / "base/report.html").exists())
        flat = [str(self.folder / "texts/animals") if a == self.folder / "texts" else a for a in self.pretrain]
        code, _, err = regard(*flat, "--steps", 2, "--out", self.folder / "flat")
        self.assertEqual(code, 0, err)
        self.assertIn("its 30 files are read as documents without labels", err)

    def test_fill_knows_which_words_fit(self):
        code, out, err = regard("fill", self.folder / "base", "The [MASK] rusts.", "--top", 3, "--json")
        self.assertEqual(code, 0, err)
        made = json.loads(out)
        self.assertEqual(len(made["places"]), 1)
        self.assertEqual(len(made["places"][0]), 3)
        self.assertTrue(set(p["piece"] for p in made["places"][0]) & set(NOUNS["tools"]), made)
        self.assertIn(made["places"][0][0]["piece"], made["text"])
        code, out, err = regard("fill", self.folder / "base", "[MASK] cat [MASK].")
        self.assertEqual(code, 0, err)
        self.assertEqual(len(out.splitlines()), 1 + 2 * 5)
        self.assertTrue(out.splitlines()[1].startswith("1\t"))
        # Other special pieces are plain text.
        code, out, err = regard("fill", self.folder / "base", "[CLS] [SEP] [MASK]", "--json")
        self.assertEqual(code, 0, err)

    def test_fill_refuses_in_one_sentence(self):
        self.refused("a text with [MASK] was expected", "fill", self.folder / "base", "The cat runs.")
        self.refused("at most 32 tokens were expected", "fill", self.folder / "base", "cat " * 50 + "[MASK]")
        self.refused("--top: a number from 1", "fill", self.folder / "base", "[MASK]", "--top", 0)
        self.refused("use `regard fill`", "predict", self.folder / "base", self.folder / "test.tsv")

    def test_finetuning_says_what_it_took(self):
        code, out, err = regard(*self.finetune, "--steps", 80, "--test", self.folder / "test.tsv", "--out", self.folder / "task")
        self.assertEqual(code, 0, err)
        self.assertRegex(err, r"from .*base: \d+ weights with \d+ numbers are taken; left there: bias, dense, norm; made fresh: head")
        result = json.loads((self.folder / "task/result.json").read_text())
        self.assertEqual(result["phrase"], "softmax")
        self.assertGreater(result["test_accuracy"], 0.95)
        for noise, least in (("swap=0", 0.95), ("drop=0.9", 0.0)):
            code, out, err = regard("eval", self.folder / "task", self.folder / "test.tsv", "--noise", noise, "--json")
            self.assertEqual(code, 0, err)
            self.assertGreaterEqual(json.loads(out)["accuracy"], least)
        values = [json.loads(regard("eval", self.folder / "task", self.folder / "test.tsv", "--noise", "swap=0.5", "--seed", seed, "--json")[1])
                  for seed in (1, 1, 2)]
        self.assertEqual(values[0], values[1])
        self.assertLess(values[0]["accuracy"], result["test_accuracy"])
        self.assertNotEqual(values[0]["loss"], values[2]["loss"])
        self.refused("--noise: swap, drop, insert or word-drop", "eval", self.folder / "task", self.folder / "test.tsv", "--noise", "blur=1")
        self.refused("a run that `regard fill` answers was expected", "fill", self.folder / "task", "[MASK]")

    def test_from_refuses_another_width_or_vocabulary(self):
        out = self.folder / "never"
        self.refused("width 32 was expected, which that run has, and 64 came", *self.finetune, "--width", 64, "--out", out)
        self.refused("the vocabulary of wordpiece", *self.finetune, "--vocabulary-file", self.folder / "other.txt", "--out", out)
        self.refused("the tokenizer wordpiece was expected", *self.finetune, "--tokenizer", "byte", "--out", out)
        self.refused("no such run folder", "train", "--from", self.folder / "none", "--data", self.folder / "train.tsv", "--out", out)
        self.refused("trunk.positions of at most 32 rows", *self.finetune, "--max-length", 64, "--out", out)
        self.assertFalse(out.exists())

    def test_another_phrase_takes_what_fits(self):
        code, _, err = regard(*self.finetune, "--attention", "shared", "--steps", 2, "--out", self.folder / "other-phrase")
        self.assertEqual(code, 0, err)
        self.assertIn("made fresh: head, trunk.block0.attention", err)

    def test_compare_begins_each_phrase_from_its_own_run(self):
        for phrase in ("softmax", "off"):
            target = self.folder / "bases" / phrase
            target.parent.mkdir(exist_ok=True)
            if phrase == "softmax":
                shutil.copytree(self.folder / "base", target)
            else:
                self.assertEqual(regard(*self.pretrain, "--attention", "off", "--steps", 20, "--out", target)[0], 0)
        arguments = ["compare", "--from", str(self.folder / "bases/{phrase}"), "--data", self.folder / "train.tsv", "--text", "text", "--label", "label",
                     "--seeds", 1, "--steps", 20, "--device", "cpu", "--jobs", 1]
        code, out, err = regard(*arguments, "--attention", "softmax,off", "--out", self.folder / "compared")
        self.assertEqual(code, 0, err)
        self.assertIn("from " + str(self.folder / "bases/off"), (self.folder / "compared/off/seed1/log.txt").read_text())
        self.refused("no such run folder", *arguments, "--attention", "softmax,mean", "--out", self.folder / "compared2")

    def resumed(self, name, arguments):
        """Runs once whole and once killed outright; both end with the same bytes."""
        options = ["--steps", 120, "--checkpoint-every", 20, "--set", "train.eval_every=40"]
        code, _, err = regard(*arguments, *options, "--out", self.folder / f"{name}-whole")
        self.assertEqual(code, 0, err)
        killed = self.folder / f"{name}-killed"
        child = subprocess.Popen([COMMAND, *map(str, [*arguments, *options, "--out", killed])], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while child.poll() is None and not (killed / "last.safetensors").exists():
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        code, _, err = regard(*arguments, *options, "--out", killed, "--resume")
        self.assertEqual(code, 0, err)
        for file in ("last.safetensors", "best.safetensors"):
            self.assertEqual((killed / file).read_bytes(), (self.folder / f"{name}-whole" / file).read_bytes(), file)

    def test_a_killed_pretraining_ends_with_the_same_bits(self):
        self.resumed("pretrain", self.pretrain)

    def test_a_killed_finetuning_ends_with_the_same_bits(self):
        self.resumed("finetune", self.finetune)


class Subwords(unittest.TestCase):
    def test_sentencepiece_trains_models_that_predict_and_generate(self):
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            draw = random.Random(1)
            (folder / "book.txt").write_text("\n".join(sentence(draw, draw.choice(list(NOUNS))) for _ in range(800)))
            rows = [(kind, sentence(draw, kind)) for kind in (draw.choice(list(NOUNS)) for _ in range(200))]
            (folder / "t.tsv").write_text("label\ttext\n" + "".join(f"{k}\t{t}\n" for k, t in rows))
            pieces = ["--tokenizer", "sentencepiece", "--vocabulary", 330, *SMALL, "--steps", 60, "--lr", "5e-3"]
            code, _, err = regard("train", "--data", folder / "book.txt", *pieces, "--max-length", 32, "--out", folder / "book")
            if code == 2 and "libsentencepiece-dev" in err:
                self.skipTest("this build has no SentencePiece")
            self.assertEqual(code, 0, err)
            self.assertIn("sentencepiece tokens, vocabulary 330", err)
            code, out, err = regard("generate", folder / "book", "--prompt", "The cat", "--length", 30, "--seed", 1, "--json")
            self.assertEqual(code, 0, err)
            self.assertGreater(len(json.loads(out)["text"]), 20)
            code, _, err = regard("train", "--data", folder / "t.tsv", *pieces, "--subwords", "unigram", "--vocabulary", 288, "--out", folder / "t")
            self.assertEqual(code, 0, err)
            code, out, err = regard("predict", folder / "t", folder / "t.tsv", "--json")
            self.assertEqual(code, 0, err)
            self.assertEqual(len(out.splitlines()), 200)
            code, _, err = regard("train", "--data", folder / "t.tsv", *pieces, "--vocabulary", 100, "--out", folder / "no")
            self.assertEqual(code, 2)
            self.assertIn("vocabulary of sentencepiece counts pieces, from 262", err)
            self.assertFalse((folder / "no").exists())


if __name__ == "__main__":
    unittest.main()
