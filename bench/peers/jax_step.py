#!/usr/bin/env python3
"""The training step of `regard bench` in JAX, jitted whole, with holographic attention as the paper computes it.

fp32 (matrix products in JAX's default precision, which is TF32 on recent GPUs), or bf16: activations and products, with
weights, norms, transforms (JAX has none in 16 bits) and head in fp32. hrr-fft: complex transforms, bound and brought back token by
token; hrr-rfft: real transforms, the sum over time before the way back. Times are wall times with block_until_ready.
Without JAX the script says so and ends with exit code 77.
"""
import os
import sys
import time

import common

jax = common.require("jax")
import jax.numpy as jnp


def gate(v, read):
    norm = lambda x: jnp.sqrt((x * x).sum(-1, keepdims=True))
    a = (v * read).sum(-1, keepdims=True) / (norm(v) * norm(read))
    return jax.nn.softmax(a, axis=2) * v


def hrr_fft(q, k, v):
    bind = lambda x, y: jnp.fft.ifft(jnp.fft.fft(x) * jnp.fft.fft(y)).real
    s = bind(k, v).sum(2, keepdims=True)
    return gate(v, bind(jnp.roll(jnp.flip(q, -1), 1, -1), s))


def hrr_rfft(q, k, v):
    s = (jnp.fft.rfft(k) * jnp.fft.rfft(v)).sum(2, keepdims=True)
    return gate(v, jnp.fft.irfft(jnp.conj(jnp.fft.rfft(q)) * s, q.shape[-1]))


FORMS = {"hrr-fft": hrr_fft, "hrr-rfft": hrr_rfft}


def linear(p, x):
    return x @ p["w"].astype(x.dtype) + p["b"].astype(x.dtype)


def norm(p, stream):
    x = stream.astype(jnp.float32)
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + 1e-5) * p["w"] + p["b"]  # fp32


def init(key, shape):
    keys = iter(jax.random.split(key, 8 * shape.layers + 8))
    normal = lambda *size: 0.02 * jax.random.normal(next(keys), size)
    dense = lambda a, b: {"w": normal(a, b), "b": jnp.zeros(b)}
    scale = lambda: {"w": jnp.ones(shape.width), "b": jnp.zeros(shape.width)}
    blocks = [{"norm1": scale(), "qkv": dense(shape.width, 3 * shape.width), "out": dense(shape.width, shape.width),
               "norm2": scale(), "up": dense(shape.width, shape.mlp), "down": dense(shape.mlp, shape.width)}
              for _ in range(shape.layers)]
    return {"embed": normal(common.VOCABULARY, shape.width), "positions": normal(shape.length, shape.width),
            "blocks": blocks, "norm": scale(), "head": dense(shape.width, common.CLASSES)}


def loss_of(params, ids, labels, shape, form, dtype):
    x = (params["embed"][ids] + params["positions"]).astype(dtype)
    for block in params["blocks"]:
        parts = linear(block["qkv"], norm(block["norm1"], x).astype(dtype)).astype(jnp.float32)
        parts = parts.reshape(*x.shape[:2], 3, shape.heads, shape.head_width)
        q, k, v = parts.transpose(2, 0, 3, 1, 4)
        x = x + linear(block["out"], form(q, k, v).transpose(0, 2, 1, 3).reshape(x.shape).astype(dtype))
        x = x + linear(block["down"], jax.nn.gelu(linear(block["up"], norm(block["norm2"], x).astype(dtype)), approximate=False))
    logits = linear(params["head"], norm(params["norm"], x).mean(1))
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()


def make_step(shape, form, dtype, b1=0.9, b2=0.999, eps=1e-8, lr=1e-3, decay=0.01):
    def step(params, m, v, count, ids, labels):
        loss, grads = jax.value_and_grad(loss_of)(params, ids, labels, shape, form, dtype)
        size = jnp.sqrt(sum((g * g).sum() for g in jax.tree.leaves(grads)))
        grads = jax.tree.map(lambda g: g * jnp.minimum(1.0, 1.0 / (size + 1e-6)), grads)
        count = count + 1
        m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, grads)
        v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, v, grads)
        rate = lambda m, v: (m / (1 - b1**count)) / (jnp.sqrt(v / (1 - b2**count)) + eps)
        params = jax.tree.map(lambda p, m, v: p - lr * (rate(m, v) + decay * p), params, m, v)
        return params, m, v, count, loss

    return jax.jit(step, donate_argnums=(0, 1, 2, 3))


def main():
    given = common.arguments(__doc__, list(FORMS), ["jit"])
    wanted = "gpu" if given.device == "cuda" else "cpu"
    try:
        device = jax.devices(wanted)[0]
    except RuntimeError as error:
        print(f"jax_step: no {wanted} for JAX: {str(error).splitlines()[0]}", file=sys.stderr)
        sys.exit(77)
    jax.config.update("jax_default_device", device)
    name = device.device_kind if wanted == "gpu" else common.cpu_name()
    for shape in map(common.Shape, given.shape.split(",")):
        for attention in given.attention.split(","):
            key = jax.random.key(1)
            params = init(key, shape)
            count = sum(x.size for x in jax.tree.leaves(params))
            ids = jax.random.randint(key, (shape.batch, shape.length), 0, common.VOCABULARY)
            labels = jax.random.randint(key, (shape.batch,), 0, common.CLASSES)
            state = [params, jax.tree.map(jnp.zeros_like, params), jax.tree.map(jnp.zeros_like, params), jnp.float32(0)]
            step, losses = make_step(shape, FORMS[attention], {"fp32": jnp.float32, "bf16": jnp.bfloat16}[given.dtype]), []

            def run_once():
                start = time.perf_counter()
                *state[:], loss = step(*state, ids, labels)
                jax.block_until_ready((state, loss))
                losses.append(float(loss))
                return time.perf_counter() - start

            row, times, load = {}, [], common.OtherLoad()
            try:
                row["first_run_s"] = round(run_once(), 2)  # compilation included
                load = common.OtherLoad()
                times = common.take_turns(run_once, given.repeat, given.seconds)
                if not losses[-1] < losses[0]:
                    row["note"] = f"the loss did not fall: {losses[0]} to {losses[-1]}"
            except jax.errors.JaxRuntimeError as error:
                row["note"] = str(error).split("\n")[0][:200]
            common.emit(shape, times, test="training step", attention="hrr", implementation=f"JAX jit, {attention}",
                        parameters=count, device=name, dtype=given.dtype, threads=os.cpu_count(),
                        version=f"JAX {jax.__version__}", other_cores=load.cores(), **row)


if __name__ == "__main__":
    main()
