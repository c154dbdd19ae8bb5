#!/usr/bin/env python3
"""The peers of bench/peers compute what Regard computes, in value and gradient, and count the same parameters."""
import os
import pathlib
import sys
import unittest

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "peers"))
import common  # noqa: E402
import forms  # noqa: E402
import torch_step  # noqa: E402

torch.ops.load_library(os.environ["REGARD_LIBRARY"])


class Peers(unittest.TestCase):
    def test_forms_agree_with_the_operator(self):
        torch.manual_seed(0)
        basis = forms.basis(16).float()
        g = torch.randn(2, 3, 50, 16)
        for name, form in forms.FORMS.items():
            x = [torch.randn(2, 3, 50, 16, requires_grad=True) for _ in range(3)]
            y = form(*(t @ basis for t in x)) @ basis.t() if name in forms.IN_BASIS else form(*x)
            expected = torch.ops.regard.attention(*x, forms.REGARD_PHRASE[name], False)
            pairs = [(y, expected), *zip(torch.autograd.grad(y, x, g), torch.autograd.grad(expected, x, g))]
            for came, wanted in pairs:
                self.assertLess(float((came - wanted).norm() / wanted.norm()), 1e-5, name)

    def test_basis_is_orthonormal(self):
        basis = forms.basis(12)
        self.assertLess(float((basis.t() @ basis - torch.eye(12, dtype=torch.float64)).abs().max()), 1e-14)

    def test_parameters_of_the_step(self):
        # The C++ test of `regard bench` checks its models against the same formula.
        shape = common.Shape("B1T16H32heads2layers2mlp48")
        width, mlp, layers = 32, 48, 2
        layer = 4 * (width * width + width) + 4 * width + 2 * width * mlp + mlp + width
        wanted = 257 * width + 16 * width + layers * layer + 2 * width + 10 * width + 10
        for name in forms.FORMS:
            model = torch_step.Classifier(shape, name)
            self.assertEqual(sum(p.numel() for p in model.parameters()), wanted)

    def test_turns_end_with_the_limit(self):
        self.assertEqual(len(common.take_turns(lambda: 0.001, 7, 2)), 7)
        self.assertEqual(len(common.take_turns(lambda: 1.0, 7, 2)), 3)
        self.assertEqual(len(common.take_turns(lambda: 10.0, 7, 2)), 1)


if __name__ == "__main__":
    unittest.main()
