#!/usr/bin/env python3
"""Steps of particles on the sphere in PyTorch (eager, compiled) and JAX (lax.scan), beside build/bin/bench_particles.

    .venv/bin/python3 bench/peers/particles.py [--n 1000] [--d 3] [--steps 1000] [--threads 1]

One JSON line a row. Step: x <- normalise(x + 0.01 P softmax(9 x x^T) x), fp32, as `steps` of bench/particles.cpp.
A peer that is not installed is named with its reason.
"""
import argparse
import json
import os
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BETA, STEP = 9.0, 0.01


def say(**row):
    print(json.dumps(row), flush=True)


def best(run, turns=3):
    run()
    times = []
    for _ in range(turns):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return sorted(times)[len(times) // 2]


def torch_rows(given, start):
    try:
        import torch
    except ImportError as error:
        return say(case="steps", peer="PyTorch", skipped=str(error))
    torch.set_num_threads(given.threads)
    x0 = torch.tensor(start, dtype=torch.float32)

    def step(x):
        y = torch.softmax(BETA * (x @ x.T), -1) @ x
        x = x + STEP * (y - (y * x).sum(-1, keepdim=True) * x)
        return x / x.norm(dim=-1, keepdim=True)

    def fused(x):
        y = torch.nn.functional.scaled_dot_product_attention(x[None, None], x[None, None], x[None, None], scale=BETA)[0, 0]
        x = x + STEP * (y - (y * x).sum(-1, keepdim=True) * x)
        return x / x.norm(dim=-1, keepdim=True)

    for name, form in (("PyTorch eager, softmax", step), ("PyTorch eager, SDPA", fused),
                       ("PyTorch compiled, softmax", torch.compile(step)), ("PyTorch compiled, SDPA", torch.compile(fused))):
        def run():
            with torch.no_grad():
                x = x0
                for _ in range(given.steps):
                    x = form(x)
            return x
        try:
            seconds = best(run, 2)
        except Exception as error:  # a compiler that is missing is no failure of ours
            say(case="steps", peer=name, skipped=str(error).splitlines()[0])
            continue
        say(case="steps", peer=name, n=given.n, d=given.d, steps=given.steps, seconds=seconds, check=float(run().abs().sum()))


def jax_row(given, start):
    try:
        os.environ.setdefault("XLA_FLAGS", f"--xla_cpu_multi_thread_eigen={'true' if given.threads > 1 else 'false'}")
        import jax
        import jax.numpy as jnp
    except ImportError as error:
        return say(case="steps", peer="JAX lax.scan", skipped=str(error))
    x0 = jnp.asarray(start, jnp.float32)

    def step(x, _):
        y = jax.nn.softmax(BETA * (x @ x.T), -1) @ x
        x = x + STEP * (y - (y * x).sum(-1, keepdims=True) * x)
        return x / jnp.linalg.norm(x, axis=-1, keepdims=True), None

    run = jax.jit(lambda x: jax.lax.scan(step, x, None, length=given.steps)[0])
    seconds = best(lambda: run(x0).block_until_ready(), 2)
    say(case="steps", peer="JAX lax.scan", n=given.n, d=given.d, steps=given.steps, seconds=seconds, check=float(jnp.abs(run(x0)).sum()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--d", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bench", type=pathlib.Path, default=ROOT / "build/bin/bench_particles")
    given = parser.parse_args()
    if given.bench.exists():
        environment = dict(os.environ, OMP_NUM_THREADS=str(given.threads))
        subprocess.run([given.bench], check=True, env=environment)
    import random
    random.seed(1)
    start = []
    for _ in range(given.n):
        row = [random.gauss(0, 1) for _ in range(given.d)]
        length = sum(v * v for v in row) ** 0.5
        start.append([v / length for v in row])
    torch_rows(given, start)
    jax_row(given, start)


if __name__ == "__main__":
    main()
