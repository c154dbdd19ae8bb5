#!/usr/bin/env python3
"""Files as people bring them: empty rows, encodings, tables of other tools and under any name, odd file names."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))
SMALL = ["--width", "16", "--layers", "1", "--heads", "2", "--threads", "1", "--no-report", "--steps", "3"]
COLUMNS = ["--text", "text", "--label", "label"]


def regard(*arguments, stdin=b""):
    """Bytes in, text out: names of files may hold any bytes."""
    out = subprocess.run([REGARD, *(a if isinstance(a, bytes) else str(a) for a in arguments)], input=stdin, capture_output=True, cwd=ROOT, timeout=120)
    out.stdout, out.stderr = (s.decode("utf-8", "surrogateescape") for s in (out.stdout, out.stderr))
    return out


def reviews(count):
    rng = random.Random(7)
    words = {"pos": ["good", "fine", "lovely"], "neg": ["bad", "poor", "awful"]}
    return [(f"the film {i % 9} was {rng.choice(words[label])}, {rng.choice(words[label])}", label) for i in range(count) for label in [("pos", "neg")[i % 2]]]


def lines(rows, separator="\t", end="\n"):
    return "".join(separator.join(row) + end for row in [("text", "label"), *rows])


class Files(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        self.rows = reviews(60)

    def tearDown(self):
        shutil.rmtree(self.dir)

    def write(self, name, content):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def train(self, data, *arguments, out="run"):
        done = regard("train", "--data", data, *SMALL, "--out", self.dir / out, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def loss(self, out="run"):
        result = json.loads((self.dir / out / "result.json").read_text())
        return result["train_loss"], result["valid_loss"]

    def predict(self, data, *arguments, out="run"):
        done = regard("predict", self.dir / out, data, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.removesuffix("\n").split("\n"), done.stderr

    def refused(self, expected, *arguments, stdin=b""):
        done = regard(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn(expected, done.stderr)
        self.assertEqual(done.stderr.count("regard: "), 1, done.stderr)
        for word in ("terminate", "std::", "c10::", "type_error"):
            self.assertNotIn(word, done.stderr)

    def test_empty_rows_are_left_out_aloud(self):
        rows = list(self.rows)
        for at in (3, 20, 21, 40):
            rows.insert(at, ("", "pos"))
        holes, plain = self.write("holes.tsv", lines(rows)), self.write("plain.tsv", lines(self.rows))
        said = self.train(holes, *COLUMNS)
        self.assertIn(f"4 empty documents are left out: {holes}: line 5; {holes}: line 22; {holes}: line 23 and 1 more", said)
        self.train(plain, *COLUMNS, out="plain")
        self.assertEqual(self.loss(), self.loss("plain"), "to the last bit what the table without these rows gives")
        self.refused(f"{holes}: line 5: the document is empty", "train", "--data", holes, *COLUMNS, *SMALL, "--empty", "refuse", "--out", self.dir / "no")
        self.assertFalse((self.dir / "no").exists())
        labels, said = self.predict(holes)
        self.assertEqual(len(labels), 60)
        self.assertIn("4 empty documents are left out", said)

    def test_a_spreadsheet_in_utf16(self):
        rows = [(text, label) for text, label in self.rows]
        rows[4] = ('says "good",\ta tab', "pos")
        plain = self.write("plain.jsonl", "".join(json.dumps({"text": t, "label": l}) + "\n" for t, l in rows))
        rows[4] = ('"says ""good"",\ta tab"', "pos")
        sheet = self.write("sheet.txt", lines(rows, end="\r\n").encode("utf-16"))
        said = self.train(sheet, *COLUMNS)
        self.assertIn(f"{sheet}: the text is read as UTF-16LE, as its first bytes say", said)
        self.train(plain, out="plain")
        self.assertEqual(self.loss(), self.loss("plain"))
        self.assertEqual(len(self.predict(sheet)[0]), 60)

    def test_a_table_under_any_name(self):
        table = self.write("reviews.dat", lines(self.rows))
        self.assertIn("2 labels", self.train(table, *COLUMNS))
        self.train(self.write("plain.tsv", lines(self.rows)), out="plain")
        self.assertEqual(self.loss(), self.loss("plain"))
        for name in ("new.dat", "new", "new.txt"):
            self.assertEqual(len(self.predict(self.write(name, lines(self.rows)), out="plain")[0]), 60, name)
        self.assertEqual(len(self.predict(self.write("letter.txt", "a good film\nseen twice\n"), out="plain")[0]), 1, "one document")
        other = self.write("other.dat", "words\na good film\na bad film\n")
        self.refused('no column "text"', "predict", self.dir / "plain", other)
        self.assertEqual(len(self.predict(other, "--text", "words", out="plain")[0]), 2)
        book = self.write("book.txt", "Once upon a time there was no table. " * 40)
        self.refused('no column "text"', "train", "--data", book, *COLUMNS, *SMALL, "--out", self.dir / "no")
        self.refused("--label names a column of a table", "train", "--data", book, "--label", "label", "--set", "data.reader=text", *SMALL)
        self.assertFalse((self.dir / "no").exists())

    def test_semicolons_as_other_tools_write_them(self):
        self.train(self.write("plain.tsv", lines(self.rows)), out="plain")
        quoted = [(f'"{text}"', f'"{label}"') for text, label in self.rows]
        content = {"write_csv2": '"text";"label"\n' + lines(quoted, ";").partition("\n")[2], "sheet": lines(self.rows, ";"), "told": "sep=;\r\n" + lines(self.rows, ";", "\r\n")}
        for name, text in content.items():
            said = self.train(self.write(name + ".csv", text), *COLUMNS, out=name)
            self.assertEqual(self.loss(name), self.loss("plain"), name)
            self.assertEqual("separated by semicolons" in said, name != "told")

    def test_encodings_are_named_and_taken(self):
        text = lines(self.rows).replace("the film", "l'été, le film à la fête")
        latin = self.write("latin.tsv", text.encode("latin-1"))
        self.refused("line 2: the byte 0xE9 is no UTF-8; ICU takes the text for", "train", "--data", latin, *COLUMNS, *SMALL, "--out", self.dir / "no")
        self.assertFalse((self.dir / "no").exists())
        self.train(latin, *COLUMNS, "--encoding", "latin-1")
        self.train(self.write("plain.tsv", text), *COLUMNS, out="plain")
        self.assertEqual(self.loss(), self.loss("plain"))
        self.assertEqual(len(self.predict(latin)[0]), 60, "the run remembers the encoding")
        self.assertEqual(len(self.predict(latin, "--encoding", "windows-1252", out="plain")[0]), 60)
        self.refused('did you mean "latin-1"?', "train", "--data", latin, *COLUMNS, "--encoding", "latin-l", "--out", self.dir / "no")

    def test_names_of_any_bytes_and_one_line_an_input(self):
        folder = os.fsencode(self.dir)
        for label, name in ((b"a", b"caf\xe9"), (b"a", b"x\ty\nz"), (b"a", b"1"), (b"caf\xe9", b"1"), (b"caf\xe9", b"2"), (b"caf\xe9", b"back\\slash")):
            os.makedirs(folder + b"/d\xff/" + label, exist_ok=True)
            with open(folder + b"/d\xff/" + label + b"/" + name, "wb") as file:
                file.write(label * 9)
        data, run = folder + b"/d\xff", folder + b"/run\xfe"
        done = regard("train", "--data", data, *SMALL, "--set", "data.valid_fraction=0.4", "--out", run)
        self.assertEqual(done.returncode, 0, done.stderr)
        table = regard("predict", run, data)
        rows = [line.split("\t") for line in table.stdout.removesuffix("\n").split("\n")]
        self.assertEqual([len(row) for row in rows], [3] * 6, table.stdout)
        self.assertTrue(any(row[0].endswith(r"/a/x\ty\nz") for row in rows))
        self.assertTrue(any(row[0].endswith(r"back\\slash") for row in rows))
        out = [json.loads(line) for line in regard("predict", run, data, "--json").stdout.splitlines()]
        self.assertEqual(len(out), 6)
        self.assertEqual(set(out[0]["probabilities"]), {"a", r"caf\xE9"})
        self.assertEqual(json.loads(regard("eval", run, data, "--json").stdout)["n"], 6)
        self.assertEqual(regard("report", run).returncode, 0)
        again = regard("train", run + b"/recipe.toml", "--no-report", "--resume", "--out", run)
        self.assertEqual(again.returncode, 0, again.stderr)

    def test_what_a_label_folder_does_not_give_is_named(self):
        for label in ("pos", "neg", "none"):
            (self.dir / "d" / label).mkdir(parents=True)
        for i in range(8):
            self.write(f"d/pos/{i}", "good " * 9)
            self.write(f"d/neg/{i}", "awful " * 9)
        os.symlink("/nowhere/gone", self.dir / "d/neg/broken")
        os.mkfifo(self.dir / "d/neg/pipe")
        said = self.train(self.dir / "d", "--attention", "hrr", "--set", "model.positions=none")
        self.assertIn('the label folder "none" holds no document, so it is no label', said)
        self.assertIn("neg/broken (a broken link), neg/pipe (a pipe)", said)
        self.refused("read several times, and this is a pipe", "predict", self.dir / "run", self.dir / "d/neg/pipe", "--stream")
        self.refused("this is no regular file", "train", "--data", self.dir / "d/neg/pipe", *SMALL)


if __name__ == "__main__":
    if not pathlib.Path(REGARD).exists():
        print(f"skipped: {REGARD} is not built")
        sys.exit(77)
    unittest.main()
