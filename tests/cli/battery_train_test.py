#!/usr/bin/env python3
"""battery train, report and predict as a user meets them. The study needs the Severson set beside the repository."""
import csv
import json
import math
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))
DATA = ROOT / "../shared/data/battery_severson"


def battery(*arguments):
    environment = dict(os.environ, OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")
    return subprocess.run([REGARD, "battery", *map(str, arguments)], capture_output=True, text=True, cwd=ROOT, timeout=500, env=environment)


def without_command():
    out = battery("--help")
    return "predict" not in out.stdout


class Mistakes(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())

    def tearDown(self):
        shutil.rmtree(self.dir)

    def refused(self, expected, *arguments):
        out = battery(*arguments)
        self.assertEqual(out.returncode, 2, out.stderr)
        self.assertIn(expected, out.stderr)
        self.assertEqual(len(out.stderr.splitlines()), 1)

    def recipe(self, text):
        path = self.dir / "recipe.toml"
        path.write_text(text)
        return path

    def test_recipes_are_checked(self):
        self.refused("line 2", "train", self.recipe("[run]\nseed = [1]\n"))
        self.refused('unknown table [rum]; did you mean "run"?', "train", self.recipe("[rum]\n"))
        self.refused("rising numbers from 20 to 100", "train", self.recipe("[data]\ncycles = [100, 50]\n"))
        self.refused("compare_at: 0, or a number from 20 to 100", "train", self.recipe("[data]\ncompare_at = 10\n"))
        self.refused("[data] folder: the Severson set was expected, 124 cells", "train", self.recipe("[run]\nseeds = [1]\n"))
        self.refused('did you mean "softmax"', "train", self.recipe('[model]\nphrase = "softmx"\n[data]\nfolder = "nowhere"\n'))

    def test_folders_are_checked(self):
        self.refused("no model.json", "predict", self.dir, self.dir)
        (self.dir / "model.json").write_text("{}")
        self.refused("damaged", "predict", self.dir, self.dir)
        (self.dir / "results.json").write_text("[")
        self.refused("damaged", "report", self.dir)


@unittest.skipUnless(DATA.is_dir(), "../shared/data/battery_severson is not there")
class Study(unittest.TestCase):
    """A short study: few steps, one member, two seeds."""

    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp())
        recipe = cls.dir / "small.toml"
        recipe.write_text(f"""
[run]
seeds = [1, 2]
out = "{cls.dir / 'run'}"
[data]
folder = "{DATA}"
cycles = [50, 100]
[model]
steps = 60
members = 1
[bands]
folds = 3
""")
        cls.run_folder = cls.dir / "run"
        cls.out = battery("train", recipe)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    def test_the_study_leaves_its_files(self):
        self.assertEqual(self.out.returncode, 0, self.out.stderr)
        for name in ("results.json", "model.json", "cycles50.safetensors", "cycles100.safetensors", "recipe.toml", "report.html"):
            self.assertTrue((self.run_folder / name).exists(), name)
        results = json.loads((self.run_folder / "results.json").read_text())
        models = {m["name"]: m for m in results["models"]}
        self.assertAlmostEqual(models["variance"]["sets"]["primary"]["rmse"][0], 138.3, delta=0.05)
        self.assertAlmostEqual(models["variance"]["sets"]["secondary"]["rmse"][0], 195.9, delta=0.05)
        self.assertEqual(len(models["ours"]["sets"]["primary"]["rmse"]), 2)
        self.assertEqual(len(results["bands"]["cells"]), 124)
        coverage = results["bands"]["coverage"]
        self.assertEqual((coverage["primary"]["lives"], coverage["secondary"]["lives"], coverage["secondary"]["curves"]), (43, 40, 22))
        self.assertEqual(results["looked_at"], len(models) + 3 + len(results["short"]))
        self.assertEqual({(m["n"], m["name"]) for m in results["short"]} & {(50, "drift"), (50, "ours_limited")}, {(50, "drift"), (50, "ours_limited")})

    def test_the_recipe_that_it_leaves_is_the_one_that_ran(self):
        text = (self.run_folder / "recipe.toml").read_text()
        for line in ("steps = 60", "cycles = [50, 100]", 'phrase = "softmax"', "folds = 3"):
            self.assertIn(line, text)

    def test_the_report_can_be_written_again(self):
        page = self.run_folder / "report.html"
        before = page.read_text()
        page.unlink()
        out = battery("report", self.run_folder)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertEqual(page.read_text(), before)
        for part in ("Models side by side", "Fewer cycles", "Curves with bands", "Charge policies", "with b2c1"):
            self.assertIn(part, before)

    def traces(self, name, index, cycles):
        """A cell of the set as a user's file of samples: Q(V) of the discharge."""
        values = struct.unpack("<9900f", (DATA / "qv_cycle2-100_v100.f32").read_bytes()[index * 39600:(index + 1) * 39600])
        rows = ["cell,cycle,voltage_v,current_a,capacity_ah"]
        for k in range(cycles - 1):
            rows += [f"{name},{k + 2},{3.6 - 1.6 * 10 * v / 999:.6f},-4.4,{values[k * 100 + v]:.7f}" for v in range(100)]
        path = self.dir / f"{name}.csv"
        path.write_text("\n".join(rows) + "\n")
        return path

    def test_a_cell_of_the_set_is_forecast_as_in_the_study(self):
        results = json.loads((self.run_folder / "results.json").read_text())
        known = next(c for c in results["bands"]["cells"] if c["cell"] == "b1c2")
        folder = self.dir / "mine"
        folder.mkdir(exist_ok=True)
        shutil.move(self.traces("mine", 2, 100), folder / "mine.csv")
        out = battery("predict", self.run_folder, folder, "--nominal", 1.1, "--threshold", 0.2, "--json", "--out", self.dir / "out")
        self.assertEqual(out.returncode, 0, out.stderr)
        cell = json.loads(out.stdout)
        self.assertEqual((cell["mode"], cell["cycles"], cell["life_state"]), ("curves", 100, "extrapolated"))
        # Not exactly: a trace counts from its first sample, so the curve starts at 0 where the set has a tenth of a mAh.
        self.assertAlmostEqual(cell["life"], known["predicted"], delta=0.06 * known["predicted"])
        self.assertEqual(cell["threshold"], 0.2)
        self.assertLess(cell["life_low"], cell["life"])
        self.assertLess(cell["life"], cell["life_high"])
        self.assertTrue(all(a <= b for a, b in zip(cell["curve"]["low"], cell["curve"]["high"])))
        rows = list(csv.DictReader((self.dir / "out/curves.csv").read_text().splitlines()))
        self.assertEqual(len(rows), len(cell["curve"]["cycle"]))
        table = battery("predict", self.run_folder, folder, "--nominal", 1.1, "--threshold", "10%", "--csv")
        row = next(csv.DictReader(table.stdout.splitlines()))
        self.assertLess(float(row["life"]), cell["life"])
        self.assertEqual(row["distribution"], "inside" if cell["in_distribution"] else "outside")
        early = json.loads(battery("predict", self.run_folder, folder, "--nominal", 1.1, "--cycles", 60, "--json").stdout)
        self.assertEqual(early["cycles"], 50)
        few = battery("predict", self.run_folder, folder, "--nominal", 1.1, "--cycles", 30)
        self.assertEqual(few.returncode, 2)
        self.assertIn("50 early cycles or more", few.stderr)

    def test_capacities_alone_are_enough(self):
        path = self.dir / "plain.csv"
        rows = ["cell,cycle,capacity_ah"]
        rows += [f"fading,{k},{2.0 * (1 - 0.0007 * (k - 1)):.5f}" for k in range(1, 121)]
        path.write_text("\n".join(rows) + "\n")
        out = battery("predict", self.run_folder, path, "--nominal", 2.0, "--json")
        self.assertEqual(out.returncode, 0, out.stderr)
        cell = json.loads(out.stdout)
        self.assertEqual((cell["mode"], cell["in_distribution"]), ("capacity", False))
        self.assertTrue(120 < cell["life"] < 2000)
        self.assertTrue(math.isfinite(cell["life_high"]))


if __name__ == "__main__":
    if without_command():
        print("skipped: this build has no `regard battery predict`")
        sys.exit(77)
    unittest.main()
