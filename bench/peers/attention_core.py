#!/usr/bin/env python3
"""Attention alone in PyTorch, eager and compiled: forward, and forward with backward. One JSON line a row."""
import common

torch = common.require("torch")
import forms
import torch_timing

MODES = ["eager", "compile"]


def main():
    given = common.arguments(__doc__, list(forms.FORMS), MODES)
    torch_timing.prepare(given)
    dtype = torch.float32 if given.dtype == "fp32" else torch.bfloat16
    for shape in map(common.Shape, given.shape.split(",")):
        size = (shape.batch, shape.length, shape.heads, shape.head_width)
        q, k, v = (torch.randn(size, device=given.device).to(dtype).transpose(1, 2).requires_grad_() for _ in range(3))
        g = torch.randn(size, device=given.device).to(dtype).transpose(1, 2)
        for name in given.attention.split(","):
            for mode in given.mode.split(","):
                if mode != "eager" and name in forms.EAGER_ONLY:
                    continue
                torch.compiler.reset()
                form = forms.FORMS[name] if mode == "eager" else torch.compile(forms.FORMS[name])

                def forward():
                    with torch.no_grad():
                        form(q, k, v)

                def both():
                    torch.autograd.grad(form(q, k, v), (q, k, v), g)

                label = {"attention": forms.REGARD_PHRASE[name], "implementation": f"PyTorch {mode}, {name}"}
                torch_timing.measure(shape, given, forward, test="forward", **label)
                torch_timing.measure(shape, given, both, test="forward + backward", **label)


if __name__ == "__main__":
    main()
