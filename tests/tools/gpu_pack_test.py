"""tools/gpu-pack makes a folder below 60 MiB whose programs run by `run` alone."""
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("REGARD_BINARY_DIR", ROOT / "build"))
PROGRAMS = [p for p in ("regard", "test_ops") if (BUILD / "bin" / p).exists()]


def make_pack(pack, programs, **environment):
    return subprocess.run([ROOT / "tools/gpu-pack", pack, *programs], capture_output=True, text=True,
                          env=os.environ | {"REGARD_BUILD": str(BUILD)} | environment)


@unittest.skipUnless(PROGRAMS, "no program with PyTorch is built")
class GpuPack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.pack = pathlib.Path(cls.folder.name, "pack")
        cls.made = make_pack(cls.pack, PROGRAMS, TMPDIR=cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_packed(self, *words, python):
        environment = os.environ | {"TMPDIR": self.folder.name, "REGARD_PYTHON": python}
        return subprocess.run([self.pack / "run", *words], env=environment, capture_output=True, text=True)

    def test_pack_runs(self):
        self.assertEqual(self.made.returncode, 0, self.made.stdout + self.made.stderr)
        self.assertEqual(sorted(p.name for p in (self.pack / "bin").iterdir()), sorted(PROGRAMS))
        size = sum(p.stat().st_size for p in self.pack.rglob("*") if p.is_file() and not p.is_symlink())
        self.assertLess(size, 60 * 2**20)
        python = os.environ.get("REGARD_TORCH_PYTHON", str(ROOT / ".venv/bin/python3"))
        for program in PROGRAMS:
            ran = self.run_packed(program, "--help", python=python)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_a_wrong_python_is_named(self):
        ran = self.run_packed("regard", python="/bin/false")
        self.assertEqual(ran.returncode, 1)
        self.assertIn("has no PyTorch", ran.stderr)

    def test_a_program_that_is_none_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            made = make_pack(pathlib.Path(folder, "pack"), ["regrad"])
        self.assertEqual(made.returncode, 2)
        self.assertIn("regrad", made.stderr)


if __name__ == "__main__":
    unittest.main()
