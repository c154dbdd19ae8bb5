#!/usr/bin/env python3
"""The walk of the chain as JAX scans, beside build/bin/bench_chain on the same chain: three forms of the step.

    .venv/bin/python3 bench/peers/chain.py [--tokens 256] [--until 2000000] [--vmapped 64] [--regard build/bin/bench_chain]

One JSON line a row. Forms: Gumbel (argmax of log weights and noise), cumulative sum with a search, and the cumulative sum over
64 walks at once. A peer is timed on fewer tokens, since its time a token does not depend on how many came before. `effective_tokens`
(exp of the entropy of the counts) must agree at the same number of tokens.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def say(**row):
    print(json.dumps(row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--until", type=int, default=2_000_000)
    parser.add_argument("--vmapped", type=int, default=64)
    parser.add_argument("--regard", default=str(ROOT / "build/bin/bench_chain"))
    given = parser.parse_args()
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "chain")
        for until in (20_000_000, given.until):
            subprocess.run([given.regard, "--tokens", str(given.tokens), "--until", str(until), "--chain", str(path)], check=True)
        import numpy
        columns = numpy.fromfile(path).reshape(given.tokens, given.tokens)  # row k: the law after token k
    try:
        import jax
        import jax.numpy as jnp
    except ImportError as error:
        return say(case="walk", peer="JAX", skipped=str(error))
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
    p = jnp.asarray(columns, jnp.float32)
    k, steps = given.tokens, given.until - given.tokens

    def grow(counts, last, chosen):
        return counts.at[chosen].add(1.0), chosen

    def by_gumbel(state, key):
        counts, last = state
        noise = jax.random.gumbel(key, (k,))
        state = grow(counts, last, jnp.argmax(jnp.log(p[last] * counts) + noise))
        return state, None

    def by_sum(state, u):
        counts, last = state
        total = jnp.cumsum(p[last] * counts)
        state = grow(counts, last, jnp.minimum(jnp.searchsorted(total, u * total[-1]), k - 1))
        return state, None

    def start():
        return jnp.ones(k, jnp.float32), jnp.asarray(0, jnp.int32)

    def entropy(counts):
        m = numpy.asarray(counts, float)
        m = m / m.sum(-1, keepdims=True)
        return float(numpy.mean(numpy.exp(-(m * numpy.log(m)).sum(-1))))

    @jax.jit
    def gumbel(key):
        return jax.lax.scan(by_gumbel, start(), jax.random.split(key, steps))[0][0]

    @jax.jit
    def sums(key):
        return jax.lax.scan(by_sum, start(), jax.random.uniform(key, (steps,)))[0][0]

    each = steps // given.vmapped

    @jax.jit
    def many(key):
        u = jax.random.uniform(key, (each, given.vmapped))
        counts, last = start()
        state = (jnp.tile(counts, (given.vmapped, 1)), jnp.tile(last, given.vmapped))
        return jax.lax.scan(lambda s, v: jax.vmap(by_sum)(s, v), state, u)[0][0]

    for name, run in (("JAX scan, Gumbel", gumbel), ("JAX scan, cumulative sum", sums), (f"JAX scan, cumulative sum, {given.vmapped} walks", many)):
        run(jax.random.key(0)).block_until_ready()
        times, spread = [], []
        for turn in range(2):
            begin = time.process_time()
            counts = run(jax.random.key(turn)).block_until_ready()
            times.append(time.process_time() - begin)
            spread.append(entropy(counts))
        tokens = each * given.vmapped if run is many else steps
        say(case="walk", peer=name, tokens=k, until=given.until, seconds=min(times), mtokens_per_second=1e-6 * tokens / min(times),
            effective_tokens=sum(spread) / len(spread), tokens_a_walk=each if run is many else steps)


if __name__ == "__main__":
    main()
