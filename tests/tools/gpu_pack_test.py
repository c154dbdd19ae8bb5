"""tools/gpu-pack makes a folder below 60 MiB whose programs run by `run` alone."""
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("REGARD_BINARY_DIR", ROOT / "build"))


class GpuPack(unittest.TestCase):
    def test_pack_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            pack = pathlib.Path(folder, "pack")
            environment = os.environ | {"REGARD_BUILD": str(BUILD), "TMPDIR": folder}
            made = subprocess.run([ROOT / "tools/gpu-pack", pack], env=environment, capture_output=True, text=True)
            self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
            size = sum(p.stat().st_size for p in pack.rglob("*") if p.is_file() and not p.is_symlink())
            self.assertLess(size, 60 * 2**20)
            environment["REGARD_PYTHON"] = os.environ.get("REGARD_TORCH_PYTHON", str(ROOT / ".venv/bin/python3"))
            for program in sorted((pack / "bin").glob("test_*"))[:2]:
                ran = subprocess.run([pack / "run", program.name, "--gtest_list_tests"], env=environment,
                                     capture_output=True, text=True)
                self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            command = pack / "bin/regard"
            if command.exists():
                ran = subprocess.run([pack / "run", "regard", "--help"], env=environment, capture_output=True, text=True)
                self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
                self.assertIn("compare", ran.stdout)

    def test_a_wrong_python_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            pack = pathlib.Path(folder, "pack")
            environment = os.environ | {"REGARD_BUILD": str(BUILD)}
            subprocess.run([ROOT / "tools/gpu-pack", pack], env=environment, capture_output=True, check=True)
            ran = subprocess.run([pack / "run", "regard"], env=environment | {"REGARD_PYTHON": "/bin/false"},
                                 capture_output=True, text=True)
            self.assertEqual(ran.returncode, 1)
            self.assertIn("has no PyTorch", ran.stderr)


if __name__ == "__main__":
    unittest.main()
