#!/usr/bin/env python3
"""Baselines for Pathfinder, which every number about it should stand beside.

    regard generate-data pathfinder --out DIR
    bench/pathfinder_baselines.py DIR [--models NAME ...] [--share S ...] [--power P ...] [--train N] [--epochs N] [--json]

DIR holds train.bin, valid.bin and test.bin: a label byte, then 32 x 32 pixels. `train` is learned from, `valid` decides, `test` is scored once.

discs          where the two discs lie, and nothing else: each is found by the sum of the nine pixels about it, and four coordinates go through two
               hidden layers of 128 GELUs. Knows nothing of any curve.
sum            the same two places as a mean over tokens hands them on: `share` times the sum of two vectors of 128 numbers (positions sinusoidal_2d),
               beside a vector that is the same for all images; a head of 512 GELUs. In a mean over 1,024 tokens a pixel's share is 0.001.
mean           the mean over all 1,024 pixels of brightness^power times that vector of the pixel's place; the same head.
standardised   the same, each of its numbers with mean 0 and deviation 1 over a batch (batch norm; Ioffe and Szegedy 2015).
convolutions   a residual network (He et al. 2016) of 11 convolutions, 48 to 192 channels, batch norm, mean pooling.

AdamW, learning rate 2e-3 in one cycle (Smith and Topin 2018), batches of 128; the epoch with the best accuracy on `valid`.
"""
import argparse
import copy
import json
import math
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "jobs"))
import results  # noqa: E402

SIDE = 32


def read_part(path, count=None):
    """(N, 32, 32) bytes and (N) labels."""
    data = torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8)
    if len(data) == 0 or len(data) % (SIDE * SIDE + 1):
        sys.exit(f"pathfinder_baselines: {path}: records of {SIDE * SIDE + 1} bytes were expected (side {SIDE}), and {len(data)} bytes came")
    records = data.view(-1, SIDE * SIDE + 1)[:count]
    return records[:, 1:].reshape(-1, SIDE, SIDE), records[:, 0].long()


def find_discs(images):
    """(N, 4): row and column of both discs in [-1, 1], the one nearer to the middle first."""
    sums = F.avg_pool2d(images.float().unsqueeze(1), 3, 1, 1, count_include_pad=True).flatten(1)  # (N, 1024)
    row, column = torch.arange(SIDE * SIDE) // SIDE, torch.arange(SIDE * SIDE) % SIDE
    first = sums.argmax(1)
    near = ((row - row[first, None]).abs() <= 2) & ((column - column[first, None]).abs() <= 2)
    second = sums.masked_fill(near, -1).argmax(1)
    places = torch.stack([torch.stack([row[d], column[d]], 1) for d in (first, second)], 1).float() / 15.5 - 1  # (N, 2, 2)
    order = places.square().sum(2).argsort(dim=1, stable=True)
    return places.gather(1, order.unsqueeze(2).expand(-1, -1, 2)).flatten(1)


def place_vectors(places):
    """(N, 2) rows and columns in [-1, 1] -> (N, 128): sines and cosines of the row, then of the column (positions sinusoidal_2d)."""
    angles = (places.unsqueeze(2) + 1) * 15.5 * 10000 ** -(torch.arange(0, 64, 2) / 64)  # (N, axis, 32)
    return torch.cat([angles.sin(), angles.cos()], 2).flatten(1)


def bright_places(images, power):
    """(N, 128): of each image the mean over its pixels of brightness^power times the vector of the place."""
    pixel = torch.arange(SIDE * SIDE)
    vectors = place_vectors(torch.stack([pixel // SIDE, pixel % SIDE], 1) / 15.5 - 1)
    return torch.cat([(part.flatten(1) / 255) ** power @ vectors for part in images.split(4096)]) / SIDE**2


class Residual(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(),
                                  nn.Conv2d(outside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside))
        self.skip = nn.Identity() if stride == 1 and inside == outside else nn.Conv2d(inside, outside, 1, stride, bias=False)

    def forward(self, x):
        return F.relu(self.skip(x) + self.body(x))


class Pixels(nn.Module):
    def forward(self, images):
        return images.float().unsqueeze(1) / 255 - 0.1


def convolutions(width=48):
    blocks = [Residual(width, width, 1), Residual(width, 2 * width, 2), Residual(2 * width, 2 * width, 1), Residual(2 * width, 4 * width, 2),
              Residual(4 * width, 4 * width, 1)]
    return nn.Sequential(Pixels(), nn.Conv2d(1, width, 3, 1, 1), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, 2))


def discs():
    return nn.Sequential(nn.Linear(4, 128), nn.GELU(), nn.Linear(128, 128), nn.GELU(), nn.Linear(128, 2))


class Sum(nn.Module):
    """(N, 4) as of find_discs -> (N, 128): c + share (u_1 + u_2), u the vector of a disc's place, c fixed and normal."""

    def __init__(self, share):
        super().__init__()
        self.share = share
        self.register_buffer("constant", torch.randn(128))

    def forward(self, places):
        return self.constant + self.share * (place_vectors(places[:, :2]) + place_vectors(places[:, 2:]))


def head():
    return nn.Sequential(nn.Linear(128, 512), nn.GELU(), nn.Linear(512, 2))


# The network, what it reads of images, and the option that gives each of its runs one number.
MODELS = {
    "discs": (discs, find_discs, None),
    "sum": (lambda share: nn.Sequential(Sum(share), head()), lambda images, share: find_discs(images), "share"),
    "mean": (lambda power: head(), bright_places, "power"),
    "standardised": (lambda power: nn.Sequential(nn.BatchNorm1d(128, affine=False), head()), bright_places, "power"),
    "convolutions": (convolutions, lambda images: images, None),
}


@torch.no_grad()
def accuracy(model, inputs, labels):
    model.eval()
    return sum((model(x).argmax(1) == y).sum().item() for x, y in zip(inputs.split(500), labels.split(500))) / len(labels)


def train(name, arguments, parts, epochs, log):
    torch.manual_seed(1)
    network, read, _ = MODELS[name]
    model = network(*arguments)
    parts = {part: (read(images, *arguments), labels) for part, (images, labels) in parts.items()}
    inputs, labels = parts["train"]
    steps = epochs * math.ceil(len(labels) / 128)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=1e-4)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    best = 0.0, copy.deepcopy(model.state_dict())
    for epoch in range(epochs):
        model.train()
        for batch in torch.randperm(len(labels)).split(128):
            # Products in 16 bits, where a CPU has instructions for them.
            with torch.autocast("cpu", torch.bfloat16, enabled=name == "convolutions"):
                loss = F.cross_entropy(model(inputs[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
        valid = accuracy(model, *parts["valid"])
        log(f"{' '.join(map(str, (name, *arguments)))}: epoch {epoch + 1}/{epochs}, validation accuracy {100 * valid:.2f} %")
        if valid > best[0]:
            best = valid, copy.deepcopy(model.state_dict())
    model.load_state_dict(best[1])
    return {"model": " ".join(map(str, (name, *arguments))), "train": len(labels), "epochs": epochs, "valid_accuracy": best[0],
            "test_accuracy": accuracy(model, *parts["test"]), "test_count": len(parts["test"][1])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--share", nargs="+", type=float, default=[1.0], metavar="S", help="of sum: one run for each (default: 1)")
    parser.add_argument("--power", nargs="+", type=float, default=[1.0], metavar="P", help="of mean and standardised: one run for each (default: 1)")
    parser.add_argument("--train", type=int, help="images to learn from (default: all)")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    parts = {part: read_part(given.folder / f"{part}.bin", given.train if part == "train" else None) for part in ("train", "valid", "test")}
    runs = [(name, arguments) for name in given.models for arguments in ([(v,) for v in getattr(given, MODELS[name][2])] if MODELS[name][2] else [()])]
    rows = [train(name, arguments, parts, given.epochs, lambda text: print(text, file=sys.stderr, flush=True)) for name, arguments in runs]
    if given.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        low, high = results.wilson(row["test_accuracy"], row["test_count"])
        print(f"{row['model']}: {row['train']} images, {row['epochs']} epochs, validation {100 * row['valid_accuracy']:.2f} %, "
              f"test {100 * row['test_accuracy']:.2f} % [{100 * low:.2f}, {100 * high:.2f}]")


if __name__ == "__main__":
    main()
