#!/usr/bin/env python3
"""bench/claim_280 runs from end to end at tiny sizes, its factors multiply to the whole, and what does not fit is halved."""
import importlib.machinery
import importlib.util
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("claim_280", str(ROOT / "bench/claim_280"))
claim = importlib.util.module_from_spec(importlib.util.spec_from_loader("claim_280", loader))
loader.exec_module(claim)
sys.path.insert(0, str(ROOT / "bench/peers"))
import common  # noqa: E402
import torch_step  # noqa: E402
import torch_timing  # noqa: E402


class Claim(unittest.TestCase):
    def test_from_end_to_end(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([ROOT / "bench/claim_280", "--tiny", "--threads", "1", "--out", folder], capture_output=True,
                                  text=True, env=os.environ | {"REGARD_PYTHON": sys.executable, "OMP_NUM_THREADS": "1"})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            file, = pathlib.Path(folder).glob("*-claim-280.json")
            document = json.loads(file.read_text())
            table = file.with_suffix(".md").read_text()
        self.assertEqual(document["absent"], [])
        self.assertEqual(len(document["rows"]), 2 * 2 * 2 + 2 * 4)  # ours: phrases, depths, dtypes; peers: depths, forms
        *single, whole = [row["ratio"] for row in document["factors"]]
        self.assertAlmostEqual(math.prod(single) / whole, 1, 9)
        for row in document["factors"][:-1]:
            self.assertLessEqual(row["elsewhere"][0], row["ratio"])
            self.assertGreaterEqual(row["elsewhere"][1], row["ratio"])
        self.assertGreater(document["factors"][-2]["ratio"], 1)  # one layer is faster than six
        self.assertTrue(all(row["ratio"] > 0 for row in document["comparisons"]))
        self.assertNotIn("–", table.split("| comparison")[1])
        self.assertNotIn("--out", document["command"])
        deep = {row["parameters"] for row in document["rows"] if row["layers"] == 6}
        self.assertEqual(len(deep), 1)

    def test_factors_on_a_gpu_have_the_recording(self):
        given = types.SimpleNamespace(device="cuda", sizes="T4000H512heads8mlp1024")
        measured = claim.Measured(given)
        speeds = {(claim.EAGER, "softmax-scores", 6, "fp32"): 2, (claim.EAGER, "softmax", 6, "fp32"): 6,
                  (claim.STEP, "softmax", 6, "fp32"): 6, (claim.RECORDED, "softmax", 6, "fp32"): 9,
                  (claim.RECORDED, "hrr", 6, "fp32"): 90, (claim.RECORDED, "hrr", 6, "bf16"): 180,
                  (claim.RECORDED, "hrr", 1, "bf16"): 900, (claim.RECORDED, "hrr", 1, "fp32"): 300}
        for way, speed in speeds.items():
            measured.rows[claim.Way(*way)] = {"examples_per_second": speed}
        rows = claim.factors(measured)
        self.assertEqual([round(row["ratio"], 9) for row in rows], [3, 1, 1.5, 10, 2, 5, 450])
        self.assertEqual(rows[4]["elsewhere"], [2, 3])
        self.assertIsNone(claim.comparisons(measured)[0]["ratio"])

    def test_what_does_not_fit_is_measured_at_half_the_batch(self):
        asked = []

        def measure(shape, given, work, **row):
            asked.append(shape.name)
            return shape.batch <= 2

        kept, torch_timing.measure = torch_timing.measure, measure
        arguments, sys.argv = sys.argv, ["torch_step.py", "--shape", "B8T16H16heads2layers1mlp24", "--attention", "softmax",
                                         "--mode", "eager", "--halve"]
        try:
            torch_step.main()
        finally:
            torch_timing.measure, sys.argv = kept, arguments
        self.assertEqual(asked, ["B8T16H16heads2layers1mlp24", "B4T16H16heads2layers1mlp24", "B2T16H16heads2layers1mlp24"])
        self.assertEqual(common.Shape(asked[-1]).batch, 2)

    def test_ours_that_does_not_fit_is_asked_for_again(self):
        """A program in place of `regard` that has room for batch 4 with 6 layers, and for batch 16 with 1."""
        with tempfile.TemporaryDirectory() as folder:
            fake = pathlib.Path(folder) / "regard"
            fake.write_text(f"""#!{sys.executable}
import json, re, sys
words = dict(zip(sys.argv, sys.argv[1:]))
rows = []
for shape in words["--shape"].split(","):
    batch, layers = (int(re.search(key + r"(\\d+)", shape)[1]) for key in ("B", "layers"))
    for phrase in words["--attention"].split(","):
        for who in ("regard", "regard, eager"):
            fits = batch <= (4 if layers == 6 else 16)
            rows.append({{"shape": shape, "attention": phrase, "implementation": who, "repeats": 3, "median_ms": batch if fits else None,
                         "p20_ms": 1, "p80_ms": 1, **({{}} if fits else {{"note": "does not fit in memory"}})}})
print(json.dumps({{"machine": {{"regard": "x"}}, "device": "a GPU", "threads": 1, "rows": rows}}))
""")
            fake.chmod(0o755)
            given = types.SimpleNamespace(device="cuda", sizes="T40H16heads2mlp24", batch=16, dtypes="bf16", repeat=3, seconds=1,
                                          threads=1, limit=60, out=pathlib.Path(folder))
            measured = claim.Measured(given)
            before = os.environ.get("REGARD_COMMAND")
            os.environ["REGARD_COMMAND"] = str(fake)
            try:
                claim.all_of_ours(given, measured)
            finally:
                os.environ.pop("REGARD_COMMAND")
                if before:
                    os.environ["REGARD_COMMAND"] = before
        batches = {(way.who, way.layers): row["batch"] for way, row in measured.rows.items() if way.attention == "hrr"}
        self.assertEqual(batches, {(claim.RECORDED, 6): 4, (claim.STEP, 6): 4, (claim.RECORDED, 1): 16, (claim.STEP, 1): 16})
        self.assertEqual(len(measured.rows), 8)


if __name__ == "__main__":
    if not pathlib.Path(os.environ.get("REGARD_COMMAND", ROOT / "build/bin/regard")).exists():
        print("skipped: the command is not built")
        sys.exit(77)
    unittest.main()
