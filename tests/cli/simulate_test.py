#!/usr/bin/env python3
"""regard simulate as a user meets it: the five particles, files, the folder, JSON, and mistakes in one sentence."""
import csv
import json
import math
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
        self.refused("serves formation only", "--engine", "spectrum", "--init", "uniform")
        self.refused("no such file", "--resume", "--out", "absent")

    def files(self, folder):
        return {path.name: path.read_bytes() for path in sorted((self.dir / folder).iterdir()) if path.name != ".lock"}

    def test_killed_at_random_moments_and_resumed_it_leaves_the_same_bytes(self):
        arguments = ["--n", 50, "--d", 3, "--beta", "1500,2500", "--init", "uniform", "--out"]
        self.assertEqual(self.simulate(*arguments, "whole").returncode, 0)
        moment = random.Random(5)
        command = [REGARD, "simulate", *map(str, arguments), "killed"]
        killed = 0
        for _ in range(20):
            process = subprocess.Popen(command, cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=0.1 + 0.5 * moment.random())
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
            if (self.dir / "killed/last.safetensors").exists() and "--resume" not in command:
                command.append("--resume")
        self.assertGreater(killed, 0)
        # On a machine that is busy, no run may have come to its first checkpoint.
        begun = (self.dir / "killed/last.safetensors").exists()
        out = self.simulate("--resume", "--out", "killed") if begun else self.simulate(*arguments, "killed")
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertEqual(self.files("killed"), self.files("whole"))
        out = self.simulate("--resume", "--out", "killed", "--beta", 3)
        self.assertEqual(out.returncode, 2, out.stderr)
        self.assertIn("recipe", out.stderr)

    def test_a_used_folder_is_not_overwritten(self):
        self.assertEqual(self.simulate().returncode, 0)
        self.assertEqual(self.simulate().returncode, 0)
        self.assertTrue((self.dir / "runs/particles-2/report.html").exists())
        out = self.simulate("--out", "runs/particles")
        self.assertEqual(out.returncode, 2)
        self.assertIn("not empty", out.stderr)

    def test_the_theorem_beside_the_measurement(self):
        angles = [a + i for i in (0, 2.1, 4.2) for a in (0, 0.02, 0.05)]
        name = self.points("".join(f"{math.cos(a)},{math.sin(a)}\n" for a in angles))
        out = self.simulate("--points", name, "--beta", 50, "--theorem", "--json", "--out", "out")
        self.assertEqual(out.returncode, 0, out.stderr)
        theorem = json.loads(out.stdout)["theorem"]
        self.assertEqual((theorem["covered"], theorem["caps"], theorem["violations"]), (True, 3, 0))
        self.assertLess(theorem["log_t1_measured"], theorem["log_t1_bound"])
        self.assertLess(theorem["log_t2_bound"], theorem["log_left_measured"])
        self.assertIn("The theorem", (self.dir / "out/report.html").read_text())
        self.refused("gamma = ", "--theorem")

    def test_the_recipes(self):
        recipes = ROOT / "recipes/particles"
        out = self.simulate(recipes / "staircase.toml", "--beta", "1000,4000", "--json", "--out", "staircase")
        self.assertEqual(out.returncode, 0, out.stderr)
        for line, end in zip(out.stdout.splitlines(), (.1109, .0924), strict=True):
            self.assertAlmostEqual(json.loads(line)["events"][-1]["arc"], end, delta=1.5e-4)
        out = self.simulate(recipes / "lifetime.toml", "--beta", "25,50,100", "--out", "lifetime")
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("Slope of log t + log β over β: 0.9", out.stdout)
        out = self.simulate(recipes / "modes.toml", "--beta", 50, "--n", 400, "--out", "modes")
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("fastest wave", out.stdout)
        out = self.simulate(recipes / "theorem.toml", "--beta", "50,100", "--out", "theorem")
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("caps left at", out.stdout)

    def test_opposite_points_are_an_equilibrium(self):
        out = self.simulate("--points", self.points("1,0\n-1,0\n"))
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("warning: points 1 and 2 are exactly opposite", out.stderr)
        self.assertIn("an equilibrium", out.stdout)


if __name__ == "__main__":
    unittest.main()
