#!/usr/bin/env python3
"""Two other ways to a layer of hrr, by the time of their parts: are they worth a kernel?

    bench/other_forms.py --device cuda                         bytes131k, bytes16k, text and image, bf16
    bench/other_forms.py --device cpu --shapes 1x1024x256 --dtype float32

gram        S_f = W_k[f]' (X'X) W_v[f]: no k. Forward: x W_q, x W_v and X'X. Backward: dX takes x (dG + dG') in place of dk W_k', dW is two
            products in place of three; the pass over the sums neither reads k nor writes dk.
response    q is made by a product of its own, after S is whole, and the response (conj q . S) v is taken in its epilogue: q is not read again.

Both sides are products of PyTorch, which a fused kernel could at best equal; array passes that fall away are set off at copy speed. gain is
what is left, in the favour of the other way; a gain below 0 is a loss that no kernel mends. `both` times the projection and its way back.
"""
import argparse
import json
import statistics
import time

import torch

REPEAT = 20


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--shapes", nargs="+", default=["1x131072x256", "4x16384x256", "16x4000x512", "32x1024x256"], metavar="BxTxH")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


class Clock:
    """Medians over turns: every piece once in each turn, after the cache was overwritten."""

    def __init__(self, device):
        self.cuda = device.type == "cuda"
        self.flush = torch.empty(64 << 20, dtype=torch.float32, device=device) if self.cuda else None

    def once(self, work):
        if not self.cuda:
            begin = time.perf_counter()
            work()
            return 1e6 * (time.perf_counter() - begin)
        self.flush.zero_()
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        work()
        last.record()
        last.synchronize()
        return 1e3 * first.elapsed_time(last)

    def medians(self, pieces):
        for work in [*pieces.values()] * 3:
            self.once(work)
        turns = [{name: self.once(work) for name, work in pieces.items()} for _ in range(REPEAT)]
        return {name: statistics.median(turn[name] for turn in turns) for name in pieces}


def pieces_of(b, t, h, dtype, device):
    """The products, each into memory that is there already; x is (n, h), gradients lie side by side as one product writes them."""
    n = b * t

    def array(*shape):
        return torch.randn(*shape, device=device).to(dtype)

    x, d3, d2 = array(n, h), array(n, 3 * h), array(n, 2 * h)
    w3, w2, w1 = (array(k * h, h) / h**0.5 for k in (3, 2, 1))
    y3, y2, y1, dx = torch.empty_like(d3), torch.empty_like(d2), torch.empty_like(x), torch.empty_like(x)
    g3, g2 = array(3 * h, h), array(2 * h, h)
    gram, slope = array(b, h, h), array(b, h, h)
    xb, dxb = x.view(b, t, h), dx.view(b, t, h)
    return {
        "x -> q, k, v": lambda: torch.mm(x, w3.t(), out=y3),
        "x -> q, v": lambda: torch.mm(x, w2.t(), out=y2),
        "x -> q": lambda: torch.mm(x, w1.t(), out=y1),
        "X'X": lambda: torch.bmm(xb.transpose(1, 2), xb, out=gram),
        "dx of q, k, v": lambda: torch.mm(d3, w3, out=dx),
        "dx of q, v": lambda: torch.mm(d2, w2, out=dx),
        "dx of X'X": lambda: dxb.baddbmm_(xb, slope),
        "dW of q, k, v": lambda: torch.mm(d3.t(), x, out=g3),
        "dW of q, v": lambda: torch.mm(d2.t(), x, out=g2),
        "copy of one array": lambda: y1.copy_(x),
    }


def verdicts(t):
    """Microseconds gained; a copy is two passes (one read, one written)."""
    one = t["copy of one array"] / 2
    forward = t["x -> q, k, v"] - t["x -> q, v"] - t["X'X"]
    # One product over [dq, dv, x] costs what that over [dq, dk, dv] does: the worst case of the way to x is no change.
    backward = max(0.0, t["dx of q, k, v"] - t["dx of q, v"] - t["dx of X'X"]) + t["dW of q, k, v"] - t["dW of q, v"]
    # The sums' pass reads k and writes dk; nothing else of the forward's passes changes, since the binding is in the product today.
    return {"gram, forward": forward, "gram, backward": backward + 2 * one, "gram, both": forward + backward + 2 * one,
            "response, both": t["x -> q, k, v"] - t["x -> q, v"] - t["x -> q"] + one}


def check(device):
    """The Gram form is the same function: S, and the gradient of x through it, in float64."""
    torch.manual_seed(0)
    x, wk, wv, ds = torch.randn(50, 8), torch.randn(8, 8), torch.randn(8, 8), torch.randn(8)
    x, wk, wv, ds = (a.double().to(device) for a in (x, wk, wv, ds))
    s = ((x @ wk) * (x @ wv)).sum(0)
    gram = x.t() @ x
    assert torch.allclose(s, torch.einsum("if,ij,jf->f", wk, gram, wv), rtol=1e-12)
    direct = ((x @ wv) * ds) @ wk.t() + ((x @ wk) * ds) @ wv.t()
    slope = (wk * ds) @ wv.t()
    assert torch.allclose(direct, x @ (slope + slope.t()), rtol=1e-10)


def main():
    given = parse()
    device = torch.device(given.device)
    check(device)
    rows = []
    for shape in given.shapes:
        b, t, h = map(int, shape.split("x"))
        times = Clock(device).medians(pieces_of(b, t, h, getattr(torch, given.dtype), device))
        rows.append({"shape": shape, "us": {k: round(v, 1) for k, v in times.items()}, "gain_us": {k: round(v, 1) for k, v in verdicts(times).items()}})
    if given.json:
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
        print(json.dumps({"bench": "other_forms", "device": name, "dtype": given.dtype, "torch": torch.__version__, "rows": rows}, indent=1))
        return
    for part in ("us", "gain_us"):
        print(f"\n| {'microseconds' if part == 'us' else 'gain, us'} | " + " | ".join(row["shape"] for row in rows) + " |\n|---|" + "--:|" * len(rows))
        for name in rows[0][part]:
            print(f"| {name} | " + " | ".join(str(row[part][name]) for row in rows) + " |")


if __name__ == "__main__":
    main()
