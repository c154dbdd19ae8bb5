#!/usr/bin/env python3
"""Two baselines for classifiers of raw bytes, which every number about them should stand beside.

    bench/byte_baselines.py DIR [--length 131072] [--models histogram gated] [--json]

DIR holds <part>/<label>/<file>; `train` is learned from, `valid` decides every choice, each other part is scored once.

histogram   p_b = share of byte b in the first `length` bytes; multinomial logistic regression on the standardised p, with the weight of the L2
            penalty chosen on `valid`. Knows nothing about order.
gated       a gated convolution with global maximum, after MalConv (Raff et al. 2018): embedding of 8, windows of 512 bytes side by side, 128 filters
            f * sigmoid(g), maximum over time, 128 -> classes; Adam, the epoch with the best accuracy on `valid`.
"""
import argparse
import copy
import json
import math
import pathlib
import sys

import torch

WINDOW = 512


def read_part(folder, labels, length):
    """(N, length) bytes + 1, with 0 for padding, and (N) labels."""
    rows, targets = [], []
    for label in sorted(p.name for p in folder.iterdir() if p.is_dir()):
        if label not in labels:
            sys.exit(f"byte_baselines: {folder / label}: this label does not occur in train")
        for path in sorted((folder / label).iterdir()):
            with open(path, "rb") as file:
                data = torch.frombuffer(bytearray(file.read(length) or b"\0"), dtype=torch.uint8).to(torch.int16) + 1
            rows.append(torch.nn.functional.pad(data, (0, length - len(data))))
            targets.append(labels.index(label))
    if not rows:
        sys.exit(f"byte_baselines: {folder}: a folder for each label was expected, and there is none")
    return torch.stack(rows), torch.tensor(targets)


def histogram(x):
    counts = torch.stack([torch.bincount(row.long(), minlength=257)[1:] for row in x]).double()
    return counts / counts.sum(1, keepdim=True).clamp(min=1)


def fit_logistic(features, targets, classes, penalty):
    """The minimum of mean cross-entropy + penalty |W|^2 by L-BFGS, in float64."""
    weight = torch.zeros(features.shape[1], classes, dtype=torch.double, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=500, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(features @ weight + bias, targets) + penalty * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight.detach(), bias.detach()


def run_histogram(parts, classes, _):
    features = {name: histogram(x) for name, (x, _) in parts.items()}
    mean, deviation = features["train"].mean(0), features["train"].std(0).clamp(min=1e-9)
    features = {name: (f - mean) / deviation for name, f in features.items()}
    best = None
    for penalty in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1):
        weight, bias = fit_logistic(features["train"], parts["train"][1], classes, penalty)
        right = {name: ((f @ weight + bias).argmax(1) == parts[name][1]) for name, f in features.items()}
        accuracy = right["valid"].double().mean().item()
        if best is None or accuracy > best[0]:
            best = (accuracy, penalty, right)
    return best[2], f"penalty {best[1]:g}"


class Gated(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.embedding = torch.nn.Embedding(257, 8, padding_idx=0)
        self.both = torch.nn.Linear(8 * WINDOW, 256)  # windows side by side: a convolution is a matrix
        self.hidden, self.head = torch.nn.Linear(128, 128), torch.nn.Linear(128, classes)

    def forward(self, x):
        windows = self.embedding(x.long()).view(x.shape[0], -1, 8 * WINDOW)
        f, g = self.both(windows).chunk(2, -1)
        return self.head(torch.relu(self.hidden((f * torch.sigmoid(g)).amax(1))))


def run_gated(parts, classes, options):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(options.seed)
    model = Gated(classes).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def right(name):
        model.eval()
        x, y = parts[name]
        with torch.no_grad():
            return torch.cat([model(part.to(device)).argmax(1).cpu() for part in x.split(options.batch)]) == y

    best = (-1.0, 0, None)
    x, y = parts["train"]
    for epoch in range(1, options.epochs + 1):
        model.train()
        for rows in torch.randperm(len(y)).split(options.batch):
            loss = torch.nn.functional.cross_entropy(model(x[rows].to(device)), y[rows].to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        accuracy = right("valid").double().mean().item()
        if accuracy > best[0]:
            best = (accuracy, epoch, copy.deepcopy(model.state_dict()))
    model.load_state_dict(best[2])
    return {name: right(name) for name in parts}, f"epoch {best[1]} of {options.epochs}"


def wilson(right, count):
    """The 95 % interval of a proportion (Wilson 1927)."""
    z, p = 1.959964, right / count
    centre = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return centre - half, centre + half


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--length", type=int, default=131072, help="bytes of each file, a multiple of 512 (default 131072)")
    parser.add_argument("--models", nargs="+", choices=["histogram", "gated"], default=["histogram", "gated"])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    if options.length < WINDOW or options.length % WINDOW:
        sys.exit(f"byte_baselines: a length divisible by {WINDOW} was expected, and {options.length} came")
    for part in ("train", "valid"):
        if not (options.data / part).is_dir():
            sys.exit(f"byte_baselines: {options.data / part}: a folder for each label was expected, and there is none")
    labels = sorted(p.name for p in (options.data / "train").iterdir() if p.is_dir())
    parts = {p.name: read_part(p, labels, options.length) for p in sorted(options.data.iterdir()) if p.is_dir()}
    for name in options.models:
        right, choice = {"histogram": run_histogram, "gated": run_gated}[name](parts, len(labels), options)
        for part, hits in right.items():
            n, k = len(hits), int(hits.sum())
            low, high = wilson(k, n)
            row = {"model": name, "part": part, "length": options.length, "accuracy": k / n, "low": low, "high": high, "n": n, "chosen": choice}
            print(json.dumps(row) if options.json else
                  f"{name:10} {part:10} {100 * k / n:6.2f} %  [{100 * low:.2f}, {100 * high:.2f}]  {k} of {n}, T = {options.length}, {choice}")


if __name__ == "__main__":
    main()
