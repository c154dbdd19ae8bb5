#!/usr/bin/env python3
"""bench/bytes_length on small packages made here: the packed file gives back the corpora byte for byte, shorter windows hold the routine, and a
run on it ends with a table."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench/bytes_length"
COMMAND = pathlib.Path(os.environ.get("REGARD_COMMAND", ROOT / "build/bin/regard"))
PYTHON = os.environ.get("REGARD_TORCH_PYTHON", str(ROOT / ".venv/bin/python3"))
NEEDED = ["dpkg-deb", "readelf", "gcc"]
WINDOW = 9216
SIZES = {"isa": (6, 2, 2), "implant": (8, 2, 4)}
sys.path.insert(0, str(ROOT / "bench/jobs"))
import byte_corpus  # noqa: E402


def make_package(folder, debs, number, host, architecture):
    package = f"{host}-{architecture}-cross"
    root = folder / package
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(f"Package: {package}\nVersion: 1.{number}-1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n")
    library = root / "usr/lib/libx.so"
    library.parent.mkdir(parents=True)
    source = folder / f"{package}.c"
    source.write_text("".join(f"int f{i}(int x) {{ return x * {1000 * number + i * (3 if architecture == 'amd64' else 7)} ^ (x >> {i % 31}); }}\n" for i in range(1, 900)))
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-nostdlib", source, "-o", library], check=True)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", root, debs / f"{package}_1.{number}-1_all.deb"], check=True, capture_output=True)


class BytesLength(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        cls.debs, cls.packed = cls.dir / "debs", cls.dir / "bytes.tar.xz"
        cls.debs.mkdir()
        for number, host in enumerate(("libc6", "libasan8", "libgphobos3", "libgfortran5", "libstdc++6")):
            for architecture in ("amd64", "arm64"):
                make_package(cls.dir, cls.debs, number, host, architecture)
        cls.made = cls.bench("pack", "--out", cls.packed, "--debs", cls.debs, "--window", WINDOW, "--architectures", "amd64", "arm64",
                             "--isa", *SIZES["isa"], "--implant", *SIZES["implant"])

    @classmethod
    def bench(cls, *arguments):
        return subprocess.run([sys.executable, BENCH, *map(str, arguments)], capture_output=True, text=True, timeout=400,
                              env=os.environ | {"REGARD_COMMAND": str(COMMAND), "REGARD_PYTHON": PYTHON})

    def test_the_corpora_come_back_byte_for_byte(self):
        self.assertEqual(self.made.returncode, 0, self.made.stderr)
        corpus = byte_corpus.unpack(self.packed)
        for task, sizes in SIZES.items():
            direct, back = self.dir / f"direct-{task}", self.dir / f"back-{task}"
            words = [str(w) for part, n in zip(("train", "valid", "test"), sizes) for w in (f"--{part}", n)]
            words += ["--architectures", "amd64", "arm64"] if task == "isa" else []
            subprocess.run([sys.executable, ROOT / "tools/corpus-machine-code", task, "--out", direct, "--window", str(WINDOW), "--debs", self.debs, *words],
                           check=True, capture_output=True)
            corpus.write(task, back, WINDOW)
            files = sorted(p.relative_to(direct) for p in direct.rglob("*.bin"))
            self.assertEqual(files, sorted(p.relative_to(back) for p in back.rglob("*.bin")))
            self.assertGreater(len(files), 15)
            for file in files:
                self.assertEqual((direct / file).read_bytes(), (back / file).read_bytes())

    def test_shorter_windows_lie_around_the_routine(self):
        corpus = byte_corpus.unpack(self.packed)
        starts = set()
        for length in (512, 2048, 4608):
            corpus.write("implant", self.dir / f"implant-{length}", length)
            for row in corpus.manifests["implant"]:
                whole, data = corpus.window(row), (self.dir / f"implant-{length}" / row["file"]).read_bytes()
                self.assertEqual(len(data), length)
                place, size = byte_corpus.place_of(row)
                # Code repeats itself: one of the places where the window occurs must be right.
                found = [at for at in range(len(whole) - length + 1) if whole[at : at + length] == data]
                fits = [at for at in found if (at <= place and place + size <= at + length if size <= length else place <= at and at + length <= place + size)]
                self.assertTrue(fits, (row["file"], length, found, place, size))
                starts.add(place - fits[0])
        self.assertGreater(len(starts), 20)

    def test_parts_share_no_package(self):
        corpus = byte_corpus.unpack(self.packed)
        for task in SIZES:
            parts = {}
            for row in corpus.manifests[task]:
                parts.setdefault(row["file"].split("/")[0].replace("_seen", ""), set()).add(row["package"])
            self.assertEqual(set(parts), {"train", "valid", "test"})
            self.assertEqual(sum(map(len, parts.values())), len(set().union(*parts.values())))

    def test_a_run_ends_with_a_table(self):
        if not COMMAND.exists():
            self.skipTest(f"{COMMAND} is not there")
        small = [w for item in ("model.width=16", "model.heads=2", "model.mlp=16", "model.head_hidden=16", "train.dtype=fp32", "train.log_every=1")
                 for w in ("--set", item)]
        call = ["run", "--data", self.packed, "--lengths", 512, WINDOW, "--attention", "hrr", "--epochs", 1, "--device", "cpu", "--jobs", 1, "--budget", 300,
                "--reserve", 1, "--work", self.dir / "work", "--out", self.dir / "out", *small]
        done = self.bench(*call)
        self.assertEqual(done.returncode, 0, done.stderr + (self.dir / "out/bytes_length.md").read_text())
        document = json.loads((self.dir / "out/bytes_length.json").read_text())
        rows = {(row["task"], row["length"], row["model"]): row for row in document["rows"]}
        self.assertEqual(len(rows), 2 * 2 * 3)
        for (task, length, model), row in rows.items():
            self.assertEqual(row["state"], "done")
            self.assertEqual(row["test_count"], 4 if task == "isa" else 8)
            self.assertIn(row["test_accuracy"] * row["test_count"], range(row["test_count"] + 1))
            self.assertEqual(task == "implant", "test_seen_accuracy" in row)
        self.assertEqual(rows["isa", 512, "hrr"]["steps"], 3)
        text = (self.dir / "out/bytes_length.md").read_text()
        self.assertIn(f"| model | seed | T = 512 | T = {WINDOW} |", text)
        again = self.bench(*call)
        self.assertNotIn("start", again.stderr)  # nothing is repeated
        self.assertEqual(again.returncode, 0, again.stderr)

    def test_mistakes_are_sentences(self):
        junk = self.dir / "junk"
        junk.write_bytes(b"no archive")
        for arguments, expected in (
            (["run", "--data", self.dir / "absent"], "no such file; `bench/bytes_length pack` makes it"),
            (["run", "--data", junk], "a file of `bench/bytes_length pack` was expected"),
            (["run", "--data", self.packed, "--lengths", 500], "lengths divisible by 512"),
            (["run", "--data", self.packed, "--lengths", 16384], f"up to {WINDOW}, were expected, and 16384 came"),
        ):
            done = self.bench(*arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(expected, done.stderr)
            self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    missing = [tool for tool in NEEDED if not shutil.which(tool)]
    if missing:
        print(f"skipped: {', '.join(missing)} not on PATH")
        sys.exit(77)
    unittest.main()
