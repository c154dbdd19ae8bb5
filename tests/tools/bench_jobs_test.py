#!/usr/bin/env python3
"""bench/lra and its schedule, with a program that pretends to train at a known speed: what fits runs, what does not is named, the end of
the budget stops with a checkpoint, and the same call goes on. Then two real runs of a few steps."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LRA = ROOT / "bench/lra"
COMMAND = pathlib.Path(os.environ.get("REGARD_COMMAND", ROOT / "build/bin/regard"))

# A "phrase" slow takes 20 ms a step, others 1 ms; `off` fails.
PRETEND = textwrap.dedent("""\
    #!%s
    import json, os, pathlib, signal, sys, time
    words = sys.argv
    if words[1] == "eval":
        print(json.dumps({"accuracy": 0.75, "n": 1000}))
        sys.exit(0)
    get = lambda flag: words[words.index(flag) + 1]
    folder, phrase = pathlib.Path(get("--out")), get("--attention")
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "starts", "a") as file:
        file.write("x")
    (folder / "gpu").write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "unset"))
    if phrase == "off":
        print("Error: the loss is not finite", file=sys.stderr)
        sys.exit(1)
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    checkpoint = folder / "checkpoint"
    step, steps = int(checkpoint.read_text()) if checkpoint.exists() else 0, int(get("--steps"))
    pause = 0.02 if phrase == "softmax" else 0.001
    with open(folder / "metrics.jsonl", "a") as file:
        def say(**row):
            print(json.dumps(row), file=file, flush=True)
        while step < steps and not stop:
            time.sleep(pause)
            step += 1
            if step %% 10 == 0 or step == steps:
                say(step=step, epoch=step / 100, seconds=step * pause, loss=1 / step)
                say(step=step, seconds=step * pause, valid_loss=1 / step, valid_accuracy=1 - 1 / step, valid_count=100)
    checkpoint.write_text(str(step))
    if stop:
        sys.exit(143)
    (folder / "result.json").write_text(json.dumps({"steps": step, "seconds": step * pause, "valid_loss": 1 / step, "valid_accuracy": 1 - 1 / step,
                                                    "test_accuracy": 0.5, "parameters": 7}))
    """) % sys.executable


class Schedule(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.dir = pathlib.Path(self.temporary.name)
        self.program = self.dir / "pretend"
        self.program.write_text(PRETEND)
        self.program.chmod(0o755)

    def lra(self, *jobs, options=(), program=None):
        words = [word for job in jobs for word in ("--job", job)]
        done = subprocess.run([sys.executable, LRA, *words, "--runs", self.dir / "runs", "--out", self.dir / "out", *map(str, options)],
                              env=os.environ | {"REGARD_COMMAND": str(program or self.program)}, capture_output=True, text=True, timeout=120)
        file = self.dir / "out/lra.json"
        return done, json.loads(file.read_text())["rows"] if file.exists() else []

    def starts(self, row):
        folders = [p for p in (self.dir / "runs").iterdir() if p.is_dir() and p.name.replace("_", " ").startswith(row["name"].rsplit(" seed", 1)[0])]
        return len((folders[0] / "starts").read_text())

    def test_all_that_fits_runs_and_is_told(self):
        done, rows = self.lra("listops hrr layers=1 steps=40", "text hrr layers=2 steps=25 seed=3", "image mean steps=20",
                              options=["--budget", 60, "--reserve", 0, "--jobs", 2])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["state"] for row in rows], ["done"] * 3)
        self.assertEqual([row["steps"] for row in rows], [40, 25, 20])
        self.assertEqual([row["layers"] for row in rows], [1, 2, 3])
        self.assertEqual(rows[0]["curve"][-1], [40, 0.04, 0.975, 0.025])
        self.assertEqual([point[0] for point in rows[0]["curve"]], [10, 20, 30, 40])
        self.assertEqual(rows[0]["examples_per_second"], 32 / 0.001)
        self.assertEqual(rows[0]["test_accuracy"], 0.5)
        text = (self.dir / "out/lra.md").read_text()
        self.assertIn("| text | `hrr` | 2 | 3 | 25 of 25 |", text)
        self.assertIn("50.00 [47.81, 52.19]", text)  # of the 2000 test examples of ListOps
        self.assertIn("97.50 (0 s)", text)

    def test_what_does_not_fit_is_skipped_and_named(self):
        """The first softmax shows the speed, 20 ms and not the guess of 4; the second is then seen to be too long."""
        done, rows = self.lra("listops softmax layers=1 steps=120", "listops softmax layers=1 steps=2000 seed=2", "listops mean layers=1 steps=50",
                              options=["--budget", 32, "--reserve", 0, "--jobs", 1])
        self.assertEqual([row["state"] for row in rows], ["done", "skipped", "done"])
        self.assertRegex(rows[1]["note"], r"2000 steps at 2\d\.\d+ ms and \d+ s would take \d+ s, and \d+ s were left")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_end_of_the_budget_stops_and_the_same_call_goes_on(self):
        jobs = ["listops hrr layers=1 steps=30", "listops softmax layers=1 steps=200"]
        done, rows = self.lra(*jobs, options=["--budget", 3, "--total", 60, "--reserve", 0.5, "--jobs", 1])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["state"] for row in rows], ["done", "stopped"])
        reached = rows[1]["steps"]
        self.assertTrue(20 <= reached < 200, reached)
        self.assertRegex(rows[1]["note"], r"at step \d+ of 200")
        self.assertEqual(rows[1]["valid_accuracy"], round(1 - 1 / reached, 6))
        self.assertNotIn("test_accuracy", rows[1])
        done, rows = self.lra(*jobs, options=["--budget", 60, "--reserve", 0.5, "--jobs", 1])
        self.assertEqual([row["state"] for row in rows], ["done", "done"])
        self.assertEqual([self.starts(row) for row in rows], [1, 2])
        steps = [point[0] for point in rows[1]["curve"]]
        self.assertEqual(steps, sorted(set(steps)))  # no step twice: it went on from the checkpoint

    def test_a_run_that_may_be_cut_is_tested_in_the_reserve(self):
        done, rows = self.lra("text softmax layers=6 steps=5000 fill=1", options=["--budget", 6, "--reserve", 3, "--jobs", 1])
        self.assertEqual(rows[0]["state"], "stopped")
        self.assertEqual((rows[0]["test_accuracy"], rows[0]["test_count"]), (0.75, 1000))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_runs_are_spread_over_the_gpus_named(self):
        jobs = [f"listops softmax layers=1 steps=60 seed={seed}" for seed in range(4)]
        done, rows = self.lra(*jobs, options=["--budget", 60, "--reserve", 0, "--jobs", 4, "--gpus", 1, 3])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["state"] for row in rows], ["done"] * 4)
        self.assertEqual(sorted(path.read_text() for path in (self.dir / "runs").glob("*/gpu")), ["1", "1", "3", "3"])

    def test_a_failed_run_is_told_and_the_others_go_on(self):
        done, rows = self.lra("listops off layers=1 steps=40", "listops hrr layers=1 steps=20", options=["--budget", 60, "--reserve", 0, "--jobs", 1])
        self.assertEqual(done.returncode, 1)
        self.assertEqual([row["state"] for row in rows], ["failed", "done"])
        self.assertEqual(rows[0]["note"], "exit code 1: Error: the loss is not finite")

    def test_mistakes_are_sentences(self):
        for job, expected in (("chess hrr", "a task of listops, pathfinder, text, image"), ("text", "a run `<task> <phrase>"),
                              ("text hrr depth=1", "`depth` came"), ("text hrr 3", "`3` came")):
            done, _ = self.lra(job)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(expected, done.stderr)
            self.assertNotIn("Traceback", done.stderr)

    def test_the_plan_names_every_default_run(self):
        done = subprocess.run([sys.executable, LRA, "--list"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in ("| listops hrr(mode=paper) layers=1 fraction=1 seed=1 | 60000 |", "| text hrr(memory=other) layers=1 fraction=0.2 seed=1 | 2816 |",
                     "| image hrr(scale=time) layers=1 fraction=1 seed=1 train.warmup=500 | 28140 |"):
            self.assertIn(line, done.stdout)

    def test_real_runs_of_a_few_steps(self):
        if not COMMAND.exists():
            self.skipTest(f"{COMMAND} is not there")
        small = [word for item in ("data.train=[1-40]", "data.valid=[41-50]", "data.test=[51-60]", "data.batch=8", "data.shortest=10", "data.longest=60",
                                   "model.width=16", "model.heads=2", "model.mlp=16", "model.head_hidden=16", "train.dtype=fp32",
                                   "train.log_every=1") for word in ("--set", item)]
        done, rows = self.lra("listops hrr(mode=paper) layers=1 steps=6", "listops off layers=2 steps=6 train.warmup=2",
                              options=["--budget", 90, "--reserve", 1, "--jobs", 1, "--device", "cpu", "--evaluations", 3, *small], program=COMMAND)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["state"] for row in rows], ["done", "done"])
        for row in rows:
            self.assertEqual((row["steps"], [point[0] for point in row["curve"]]), (6, [2, 4, 6]))
            self.assertEqual(len(row["losses"]), 6)
            self.assertIn(round(10 * row["test_accuracy"], 6), range(11))
        self.assertTrue(any("hrr" in kernel for kernel in rows[0]["kernels"]), rows[0]["kernels"])


if __name__ == "__main__":
    unittest.main()
