#!/usr/bin/env python3
"""A training step of the encoder classifier of `regard bench` in PyTorch, eager and compiled.

Bytes (257) with learned positions, pre-norm blocks with GELU, mean pool, 10 classes, no dropout; cross-entropy,
gradients clipped to norm 1, fused AdamW; bf16 by autocast with fp32 weights. One JSON line a row.
"""
import common

torch = common.require("torch")
import torch.nn.functional as F
from torch import nn

import forms
import torch_timing

# compile: torch.compile of the loss; graphs: the same with mode="reduce-overhead" (CUDA graphs)
MODES = ["eager", "compile", "graphs"]


class Attention(nn.Module):
    def __init__(self, shape, name):
        super().__init__()
        self.shape, self.form = shape, forms.FORMS[name]
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        basis = forms.basis(shape.head_width).float() if name in forms.IN_BASIS else None
        self.register_buffer("basis", basis, persistent=False)

    def forward(self, x):
        d, width = self.shape.head_width, self.shape.width
        weight, bias, out = self.qkv.weight, self.qkv.bias, self.out.weight
        if self.basis is not None:  # the basis goes into the weights
            weight = (self.basis.t() @ weight.view(-1, d, width)).view(-1, width)
            bias = (bias.view(-1, d) @ self.basis).view(-1)
            out = (out.view(-1, d) @ self.basis).view(width, width)
        parts = F.linear(x, weight, bias).view(*x.shape[:2], 3, self.shape.heads, d)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        return F.linear(self.form(q, k, v).transpose(1, 2).reshape(x.shape), out, self.out.bias)


class Block(nn.Module):
    def __init__(self, shape, name):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(shape.width), Attention(shape, name)
        self.norm2 = nn.LayerNorm(shape.width)
        self.up, self.down = nn.Linear(shape.width, shape.mlp), nn.Linear(shape.mlp, shape.width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Classifier(nn.Module):
    def __init__(self, shape, name):
        super().__init__()
        self.embed = nn.Embedding(common.VOCABULARY, shape.width)
        self.positions = nn.Parameter(torch.zeros(shape.length, shape.width))
        self.blocks = nn.ModuleList(Block(shape, name) for _ in range(shape.layers))
        self.norm, self.head = nn.LayerNorm(shape.width), nn.Linear(shape.width, common.CLASSES)

    def forward(self, ids, labels):
        x = self.embed(ids) + self.positions
        for block in self.blocks:
            x = block(x)
        return F.cross_entropy(self.head(self.norm(x).mean(1)).float(), labels)


def time_step(shape, name, mode, given):
    """Prints the row; whether it fitted in memory."""
    ids = torch.randint(common.VOCABULARY, (shape.batch, shape.length), device=given.device)
    labels = torch.randint(common.CLASSES, (shape.batch,), device=given.device)
    torch.compiler.reset()
    model = Classifier(shape, name).to(given.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    loss_of = {"eager": lambda f: f, "compile": torch.compile,
               "graphs": lambda f: torch.compile(f, mode="reduce-overhead")}[mode](model)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(given.device, torch.bfloat16, enabled=given.dtype == "bf16"):
            loss = loss_of(ids, labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return torch_timing.measure(shape, given, step, test="training step", attention=forms.REGARD_PHRASE[name],
                                implementation=f"PyTorch {mode}, {name}",
                                parameters=sum(p.numel() for p in model.parameters()))


def main():
    given = common.arguments(__doc__, list(forms.FORMS), MODES)
    torch_timing.prepare(given)
    for shape in map(common.Shape, given.shape.split(",")):
        for name in given.attention.split(","):
            for mode in given.mode.split(","):
                if mode != "eager" and name in forms.EAGER_ONLY:
                    continue
                if mode == "graphs" and given.device == "cpu":
                    continue  # there are no CUDA graphs on a CPU
                smaller = shape
                while not time_step(smaller, name, mode, given) and given.halve and smaller.batch > 1:
                    smaller = smaller.halved()


if __name__ == "__main__":
    main()
