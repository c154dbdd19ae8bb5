#!/usr/bin/env python3
"""Particles by SciPy's DOP853 and LSODA, on equations written anew from the model, against `regard simulate`.

Without SciPy the numbers of SciPy 1.17 below are compared alone: they are the same runs, checked in.
"""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))
if not pathlib.Path(REGARD).exists():
    print(f"skipped: {REGARD} is not built")
    sys.exit(77)

try:
    import numpy
    from scipy.integrate import solve_ivp
except ImportError:
    solve_ivp = None

FIVE = [(.99806638, .06215705), (.97712061, .21268594), (-.24578194, .96932515), (-.97354734, .2284854), (-.99892629, -.04632772)]
ANGLES = [math.atan2(y, x) for x, y in FIVE]
CLOSE = math.acos(.999)

# First times at which two clusters of the five points, SA, beta = 4, have cos > .999.
EXPECTED = [1.2668, 2.4091, 5.1945, 328.364]


def merges(command):
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run([REGARD, "simulate", *command, "--json", "--out", folder + "/run"], capture_output=True, text=True, timeout=120)
        assert out.returncode == 0, out.stderr
        return [math.exp(e["log_t"]) for e in json.loads(out.stdout)["events"] if e["event"] == "merge"]


def attention(beta, normalised):
    """d angle_i / dt = -sum_j w_ij sin(angle_i - angle_j), w_ij = exp(beta (cos - 1)) / Z_i or / n."""
    def velocity(t, angle):
        away = angle[:, None] - angle[None, :]
        weight = numpy.exp(beta * (numpy.cos(away) - 1))
        total = weight.sum(1) if normalised else len(angle)
        return -(weight * numpy.sin(away)).sum(1) / total
    return velocity


def first_times(method, beta, normalised, end):
    """When single linkage at CLOSE joins clusters, by dense output of steps, to 1e-9 of relative error."""
    solution = solve_ivp(attention(beta, normalised), (0, end), ANGLES, method=method, rtol=1e-11, atol=1e-13, dense_output=True)
    times, linked = [], {i: i for i in range(len(ANGLES))}
    name = lambda i: i if linked[i] == i else name(linked[i])
    def near(t, i, j):
        angle = solution.sol(t)
        return abs(math.remainder(angle[i] - angle[j], 2 * math.pi)) < CLOSE
    for low, high in zip(solution.t, solution.t[1:]):
        found = []
        for i in range(len(ANGLES)):
            for j in range(i):
                if name(i) == name(j) or not near(high, i, j):
                    continue
                a, b = low, high
                for _ in range(60):
                    a, b = (a, (a + b) / 2) if near((a + b) / 2, i, j) else ((a + b) / 2, b)
                found.append((b, i, j))
        for time, i, j in sorted(found):
            if name(i) != name(j):
                times.append(time)
                linked[name(i)] = name(j)
    return sorted(times)


class FivePoints(unittest.TestCase):
    def test_the_numbers_checked_in(self):
        for ours, expected in zip(merges([]), EXPECTED, strict=True):
            self.assertAlmostEqual(ours, expected, delta=1e-3)

    @unittest.skipIf(solve_ivp is None, "SciPy is not installed")
    def test_scipy(self):
        for method in ("DOP853", "LSODA"):
            for ours, theirs in zip(merges(["--tolerance", "1e-12"]), first_times(method, 4, True, 340), strict=True):
                self.assertAlmostEqual(ours / theirs, 1, delta=1e-8 if method == "DOP853" else 1e-7)
        usa = merges(["--model", "usa", "--beta", "2", "--close", repr(CLOSE), "--tolerance", "1e-12"])
        for ours, theirs in zip(usa, first_times("DOP853", 2, False, 400), strict=True):
            self.assertAlmostEqual(ours / theirs, 1, delta=1e-8)


if __name__ == "__main__":
    unittest.main()
