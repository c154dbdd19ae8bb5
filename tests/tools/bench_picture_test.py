#!/usr/bin/env python3
"""bench/compare --draw: a picture of what was measured, or one sentence that says why there is none."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
OURS = ROOT / ".venv/bin/python3"  # the one that has Plotly
PYTHON = OURS if OURS.exists() else sys.executable


def row(implementation, median):
    return {"dtype": "fp32", "test": "forward", "shape": "core", "attention": "hrr", "implementation": implementation, "median_ms": median, "other_cores": 0.0}


class Picture(unittest.TestCase):
    def draw(self, rows):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "run.json"
            file.write_text(json.dumps({"device": "a processor", "commit": "0", "date": "2000-01-01", "rows": rows}))
            done = subprocess.run([PYTHON, ROOT / "bench/compare", "--draw", file], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            if "no picture" in done.stderr:
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.skipTest(done.stderr.strip())
            picture = file.with_suffix(".png")
            return picture.read_bytes() if picture.exists() else None

    def test_is_drawn(self):
        drawn = self.draw([row("regard", 3.4), row("PyTorch eager", 1247.0), row("JAX", None)])
        self.assertTrue(drawn.startswith(b"\x89PNG"))
        self.assertGreater(len(drawn), 5000)


if __name__ == "__main__":
    unittest.main()
