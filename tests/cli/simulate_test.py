#!/usr/bin/env python3
"""regard simulate as a user meets it: the five particles, files, the folder, JSON, and mistakes in one sentence."""
import csv
import json
import math
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))


class Simulate(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())

    def tearDown(self):
        shutil.rmtree(self.dir)

    def simulate(self, *arguments):
        return subprocess.run([REGARD, "simulate", *map(str, arguments)], capture_output=True, text=True, cwd=self.dir, timeout=120)

    def points(self, text, name="mine.csv"):
        (self.dir / name).write_text(text)
        return name

    def refused(self, expected, *arguments):
        out = self.simulate(*arguments)
        self.assertEqual(out.returncode, 2, out.stderr)
        self.assertIn(expected, out.stderr)
        self.assertEqual((out.stdout, len(out.stderr.splitlines())), ("", 1))
        self.assertFalse((self.dir / "runs").exists())

    def test_the_five_particles(self):
        out = self.simulate()
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("Two clusters of 2/5 and 3/5 lived to t = 328.364, as the closed form says.", out.stdout)
        folder = self.dir / "runs/particles"
        rows = list(csv.DictReader((folder / "events.csv").read_text().splitlines()))
        times = [math.exp(float(row["log_t"])) for row in rows if row["event"] == "merge"]
        for time, true in zip(times, (1.2668, 2.4091, 5.1945, 328.364), strict=True):
            self.assertAlmostEqual(time, true, delta=1e-3)
        energies = [float(row["energy"]) for row in csv.DictReader((folder / "samples.csv").read_text().splitlines())]
        self.assertTrue(all(a <= b + 1e-9 for a, b in zip(energies, energies[1:])))
        self.assertIn("lived to t = 328.364", (folder / "report.html").read_text())

    def test_a_file_with_header_weights_and_lengths(self):
        name = self.points("x,y,w\n3,0,2\n" + f"{math.cos(1.5)},{math.sin(1.5)},8\n")
        out = self.simulate("--points", name, "--weights", "w", "--beta", "25,100", "--close", 0.01, "--json", "--out", "out")
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("1 of 2 rows were scaled to length 1", out.stderr)
        first, second = [json.loads(line) for line in out.stdout.splitlines()]
        for result, log_t in ((first, 18.579905), (second, 86.880835)):
            self.assertAlmostEqual(result["events"][0]["log_t"], log_t, delta=2e-6)
            self.assertAlmostEqual(result["closed_form_log_t"], log_t, delta=2e-6)

    def test_a_sphere(self):
        arguments = ["--n", 40, "--d", 3, "--beta", 60, "--init", "uniform", "--seed", 3, "--json"]
        first, second = self.simulate(*arguments, "--out", "a"), self.simulate(*arguments, "--out", "b")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("seed 3", first.stderr)
        self.assertEqual(first.stdout, second.stdout)
        for name in ("events.csv", "samples.csv", "report.html"):
            self.assertEqual((self.dir / "a" / name).read_bytes(), (self.dir / "b" / name).read_bytes())
        self.assertEqual(json.loads(first.stdout)["events"][-1]["clusters"], 1)

    def test_mistakes_are_one_sentence(self):
        self.refused("line 2: a vector with a direction is expected, and the zero vector came", "--points", self.points("1,0\n0,0\n"))
        self.refused('line 2: a number is expected in column 1, and "nan" came', "--points", self.points("1,0\nnan,0\n"))
        self.refused("line 3: 2 columns, as in the first row, are expected, and 3 came", "--points", self.points("1,0\n0,1\n1,0,0\n"))
        self.refused("vectors of at least 2 numbers are expected", "--points", self.points("1\n2\n"))
        self.refused("d from 2 to 4096", "--init", "uniform", "--d", 1)
        self.refused("beta lies between 0 and 1e9, and -1 came", "--beta=-1")
        self.refused("beta lies between 0 and 1e9, and 1e+10 came", "--beta", "1e10")
        self.refused('option "clock" is one of log_t, t, arc, theorem', "--clock", "sundial")
        self.refused("the theorem's clock is defined on the circle", "--clock", "theorem", "--init", "uniform", "--d", 3)
        self.refused("b u > 36", "--engine", "direct", "--beta", 50)
        self.refused("no such file", "--points", "absent.csv")

    def test_opposite_points_are_an_equilibrium(self):
        out = self.simulate("--points", self.points("1,0\n-1,0\n"))
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("warning: points 1 and 2 are exactly opposite", out.stderr)
        self.assertIn("an equilibrium", out.stdout)


if __name__ == "__main__":
    unittest.main()
