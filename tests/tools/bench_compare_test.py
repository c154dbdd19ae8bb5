#!/usr/bin/env python3
"""bench/compare: the names of its rows, and peers that allocate as ours does."""
import argparse
import importlib.machinery
import importlib.util
import pathlib
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
loader = importlib.machinery.SourceFileLoader("compare", str(ROOT / "bench/compare"))
compare = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare", loader))
loader.exec_module(compare)


def row(implementation, dtype="fp32"):
    return {"dtype": dtype, "test": "forward", "shape": "core", "attention": "hrr", "implementation": implementation}


class Compare(unittest.TestCase):
    def test_number_types_have_lines_of_their_own(self):
        rows = [row("JAX"), row("JAX", "bf16"), row("regard")]
        self.assertEqual([compare.label(r, rows) for r in rows], ["JAX, fp32", "JAX, bf16", "regard"])

    def test_peers_on_a_cpu_get_the_allocator_of_ours(self):
        cpu, gpu = argparse.Namespace(device="cpu"), argparse.Namespace(device="cuda")
        ours = {"allocator": "tcmalloc (gperftools 2.10)"}
        with unittest.mock.patch("ctypes.util.find_library", return_value="libtcmalloc_minimal.so.4"):
            self.assertEqual(compare.same_allocator(cpu, ours)["LD_PRELOAD"], "libtcmalloc_minimal.so.4")
            self.assertIn("PATH", compare.same_allocator(cpu, ours), "the rest of the environment stays")
            self.assertIsNone(compare.same_allocator(gpu, ours))
            self.assertIsNone(compare.same_allocator(cpu, {"allocator": "C library"}))
            self.assertIsNone(compare.same_allocator(cpu, {}))
        with unittest.mock.patch("ctypes.util.find_library", return_value=None), self.assertRaisesRegex(SystemExit, "was not found for the peers"):
            compare.same_allocator(cpu, ours)


if __name__ == "__main__":
    unittest.main()
