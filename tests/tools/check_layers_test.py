"""tools/check_layers finds what it must find, in a small tree made for each case."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check(files):
    """Runs the checker on a tree of `files` under the project's own layers.toml: (exit code, output)."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "layers.toml", folder)
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, ROOT / "tools/check_layers", folder], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def include(target):
    return f'#pragma once\n#include "{target}"\n'


class CheckLayers(unittest.TestCase):
    def forbidden(self, file, target, word):
        code, output = check({file: include(target)})
        self.assertEqual(code, 1, output)
        self.assertIn(f"{file}:2:", output)
        self.assertIn(word, output)

    def allowed(self, file, target):
        code, output = check({file: include(target)})
        self.assertEqual(code, 0, output)

    def test_includes_point_down(self):
        self.allowed("src/regard/nn/block.hpp", "regard/attention/attention.hpp")
        self.forbidden("src/regard/attention/attention.hpp", "regard/nn/block.hpp", "may not include")
        self.forbidden("src/regard/base/text.hpp", "regard/graph/window.hpp", "may not include")

    def test_axes_never_meet(self):
        self.allowed("src/regard/attention/folds/hrr.cpp", "regard/attention/fold.hpp")
        self.forbidden("src/regard/attention/folds/hrr.cpp", "regard/attention/graphs/window.hpp", "folds")
        self.forbidden("src/regard/attention/graphs/sac.cpp", "regard/attention/projections/shared.hpp", "graphs")
        self.forbidden("src/regard/attention/attention.cpp", "regard/attention/folds/hrr.hpp", "folds")

    def test_siblings_never_meet(self):
        self.forbidden("src/regard/kernels/cpu/hrr.cc", "regard/kernels/cuda/hrr.hpp", "kernels/cuda")
        self.forbidden("src/regard/train/loop.cpp", "regard/models/kinds/language_model.hpp", "models")
        self.forbidden("src/regard/report/page.cpp", "regard/train/loop.hpp", "train")
        self.forbidden("src/regard/battery/fit.cpp", "regard/lab/compare.hpp", "lab")
        self.allowed("src/regard/battery/fit.cpp", "regard/train/loop.hpp")

    def test_an_application_may_have_a_layer_that_learns(self):
        self.allowed("src/regard/docgraph/models/run.cpp", "regard/docgraph/corpus.hpp")
        self.allowed("src/regard/docgraph/models/run.cpp", "regard/train/optimizer.hpp")
        self.forbidden("src/regard/docgraph/corpus.cpp", "regard/docgraph/models/run.hpp", "docgraph/models")
        self.forbidden("src/regard/battery/fit.cpp", "regard/docgraph/corpus.hpp", "docgraph")

    def test_torch_stops_at_the_seam(self):
        self.allowed("src/regard/ops/hrr.cpp", "ATen/core/Tensor.h")
        for folder in ("base", "run", "graph", "kernels/cpu", "kernels/cuda", "data/readers", "report"):
            for header in ("torch/types.h", "ATen/core/Tensor.h", "c10/util/Half.h"):
                self.forbidden(f"src/regard/{folder}/x.hpp", header, "sees no PyTorch")
        self.allowed("src/regard/train/safetensors.cpp", "torch/types.h")
        self.allowed("src/regard/train/safetensors.cpp", "regard/run/arrays.hpp")

    def test_every_file_has_a_layer(self):
        code, output = check({"src/regard/misc/x.hpp": "#pragma once\n"})
        self.assertEqual(code, 1, output)
        self.assertIn("no layer", output)

    def test_an_empty_tree_is_a_fault(self):
        code, output = check({})
        self.assertEqual(code, 1, output)


if __name__ == "__main__":
    unittest.main()
