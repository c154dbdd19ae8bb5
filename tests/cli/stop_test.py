#!/usr/bin/env python3
"""How a run ends that is not let to its end: a terminal that closes, nohup, and a comparison that is killed outright."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))
ENDLESS = ["--width", "16", "--layers", "1", "--heads", "2", "--steps", "1000000", "--max-length", "16"]


def commands_of(folder):
    """Processes whose command line names the folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words:
            found.append(int(process.name))
    return found


class Stop(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        self.book = self.dir / "book.txt"
        self.book.write_text("the cat sat on the mat and ran to the sea.\n" * 40)
        self.children = []

    def tearDown(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.communicate()
        shutil.rmtree(self.dir)

    def start(self, *arguments, **options):
        child = subprocess.Popen([REGARD, *map(str, arguments)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)
        self.children.append(child)
        return child

    def wait_for(self, path, child):
        for _ in range(1200):
            if path.exists() and path.read_text():
                return
            self.assertIsNone(child.poll(), "the command goes on")
            time.sleep(0.05)
        self.fail(f"{path} never came")

    def test_a_terminal_that_closes_loses_nothing(self):
        # Whoever runs the tests may have ignored SIGHUP, and children inherit that.
        child = self.start("train", "--data", self.book, *ENDLESS, "--threads", 1, "--out", self.dir / "t",
                           preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        self.wait_for(self.dir / "t/metrics.jsonl", child)
        child.send_signal(signal.SIGHUP)
        _, errors = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 128 + signal.SIGHUP)
        self.assertIn("the state is saved", errors)
        self.assertTrue((self.dir / "t/last.safetensors").exists())

    def test_nohup_still_means_nohup(self):
        child = self.start("train", "--data", self.book, *ENDLESS, "--threads", 1, "--out", self.dir / "n",
                           preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.wait_for(self.dir / "n/metrics.jsonl", child)
        child.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        self.assertIsNone(child.poll(), "the run goes on without its terminal")

    def test_runs_of_a_killed_comparison_save_and_end(self):
        child = self.start("compare", "--data", self.book, *ENDLESS, "--attention", "softmax,off", "--seeds", 1, "--jobs", 2, "--out", self.dir / "k")
        for phrase in ("softmax", "off"):
            self.wait_for(self.dir / "k" / phrase / "seed1/metrics.jsonl", child)
        child.kill()
        child.wait()
        for _ in range(200):
            if not commands_of(self.dir / "k"):
                break
            time.sleep(0.05)
        self.assertEqual(commands_of(self.dir / "k"), [])
        for phrase in ("softmax", "off"):
            self.assertTrue((self.dir / "k" / phrase / "seed1/last.safetensors").exists(), "what was trained is saved")


if __name__ == "__main__":
    if not pathlib.Path(REGARD).exists():
        print(f"skipped: {REGARD} is not built")
        sys.exit(77)
    unittest.main()
