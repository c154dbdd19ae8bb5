#!/usr/bin/env python3
"""bench/other_forms.py: its identity in float64 (checked at each start), and that a gain is what the pieces add up to."""
import json
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class OtherForms(unittest.TestCase):
    def test_gains_follow_from_the_pieces(self):
        done = subprocess.run([sys.executable, ROOT / "bench/other_forms.py", "--device", "cpu", "--dtype", "float32", "--shapes", "2x128x32", "--json"],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        row, = json.loads(done.stdout)["rows"]
        us, gain = row["us"], row["gain_us"]
        self.assertTrue(all(time > 0 for time in us.values()))
        self.assertAlmostEqual(gain["gram, forward"], us["x -> q, k, v"] - us["x -> q, v"] - us["X'X"], delta=0.5)
        self.assertAlmostEqual(gain["gram, both"], gain["gram, forward"] + gain["gram, backward"], delta=0.5)


if __name__ == "__main__":
    unittest.main()
