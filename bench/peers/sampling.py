#!/usr/bin/env python3
"""32 texts of a trained run in plain PyTorch, beside build/bin/bench_sampling on the same run and the same weights.

    .venv/bin/python3 bench/peers/sampling.py RUN [--rows 32] [--length 2000] [--threads 1]

The run is a language model with the phrase `softmax`, learned positions and pre-norm blocks, as those of recipes/demo.toml. The peer
keeps keys and values in tensors made beforehand, reads the last half of its window anew when it is full, as `generate` does, and draws with
torch.multinomial. `greedy` is the sum of the ids of 60 greedy tokens: it agrees where both compute the same model.
"""
import argparse
import json
import pathlib
import subprocess
import struct
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def weights_of(path):
    import torch
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    tensors = {}
    for name, entry in header.items():
        if name.startswith("model."):
            begin, end = entry["data_offsets"]
            tensors[name[6:]] = torch.frombuffer(bytearray(data[8 + size + begin:8 + size + end]), dtype=torch.float32).reshape(entry["shape"])
    return tensors


class Decoder:
    def __init__(self, w, rows, heads=4):
        import torch
        self.torch, self.w, self.heads = torch, w, heads
        self.window, self.width = w["trunk.positions"].shape
        self.layers = sum(name.endswith("norm1.weight") for name in w)
        shape = (rows, heads, self.window, self.width // heads)
        self.cache = [(torch.empty(shape), torch.empty(shape)) for _ in range(self.layers)]
        self.at, self.seen = 0, None

    def feed(self, ids):
        f, w = self.torch.nn.functional, self.w
        rows, count = ids.shape
        x = w["trunk.embed.tokens"][ids] + w["trunk.positions"][self.at:self.at + count]
        norm = lambda x, name: f.layer_norm(x, (self.width,), w[name + ".weight"], w[name + ".bias"])
        line = lambda x, name: f.linear(x, w[name + ".weight"], w[name + ".bias"])
        for layer, (keys, values) in enumerate(self.cache):
            block = f"trunk.block{layer}."
            q, k, v = line(norm(x, block + "norm1"), block + "attention.projection.qkv").view(rows, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            keys[:, :, self.at:self.at + count], values[:, :, self.at:self.at + count] = k, v
            y = f.scaled_dot_product_attention(q, keys[:, :, :self.at + count], values[:, :, :self.at + count], is_causal=count > 1)
            x = x + line(y.transpose(1, 2).flatten(2), block + "attention.out")
            x = x + line(f.gelu(line(norm(x, block + "norm2"), block + "mlp.up")), block + "mlp.down")
        self.at += count
        return norm(x[:, -1], "trunk.norm") @ w["head.weight"].T

    def push(self, ids):
        self.seen = ids if self.seen is None else self.torch.cat([self.seen, ids], 1)[:, -(self.window // 2):]
        if self.at < self.window:
            return self.feed(ids)
        self.at = 0
        return self.feed(self.seen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--length", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    import torch
    torch.set_num_threads(given.threads)
    subprocess.run([str(ROOT / "build/bin/bench_sampling"), str(given.run), "--rows", str(given.rows), "--length", str(given.length), "--threads",
                    str(given.threads)], check=True)
    w = weights_of(given.run / "best.safetensors")
    with torch.inference_mode():
        decoder, ids, greedy = Decoder(w, 1), torch.zeros(1, 1, dtype=torch.long), 0
        for _ in range(60):
            ids = decoder.push(ids).argmax(-1, keepdim=True)
            greedy += int(ids)
        decoder, ids = Decoder(w, given.rows), torch.zeros(given.rows, 1, dtype=torch.long)
        begin = time.perf_counter()
        for _ in range(given.length):
            ids = torch.multinomial(torch.softmax(decoder.push(ids), -1), 1)
        seconds = time.perf_counter() - begin
    print(json.dumps({"case": "sampling", "peer": "PyTorch, B at once", "texts": given.rows, "length": given.length, "seconds": seconds,
                      "tokens_per_second": given.rows * given.length / seconds, "greedy": greedy}))


if __name__ == "__main__":
    main()
