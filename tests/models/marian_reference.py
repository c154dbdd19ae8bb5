#!/usr/bin/env python3
"""Writes the logits of tests/models/marian_test.cpp: MarianMT of transformers with the weights of our encoder-decoder.

    python tests/models/marian_reference.py        (transformers 5.24.0, torch 2.11; only when the numbers are made anew)

Our table of positions has sines in even columns and cosines in odd ones, Marian's has all sines first: every axis of the model's width is permuted.
Weights are 0.3 sin(1 + 0.7 i + 1.3 n) for element i of parameter n, counted in the order of the names; those of norms 1 more.
"""
import math

import torch
from transformers import MarianConfig, MarianMTModel

WIDTH, HEADS, LAYERS, HIDDEN, VOCABULARY, PLACES = 8, 2, 2, 16, 11, 24
SOURCE = [[3, 1, 4, 1, 5], [9, 2, 6, 0, 0]]
LENGTHS = [5, 3]
TARGET = [[0, 5, 8, 9], [0, 2, 7, 10]]


def names():
    found = ["encoder.embed.tokens"]
    for trunk in ("encoder", "decoder"):
        for i in range(LAYERS):
            block = f"{trunk}.block{i}."
            for attention in ("attention", "cross")[:1 if trunk == "encoder" else 2]:
                found += [block + attention + end for end in (".projection.qkv.weight", ".projection.qkv.bias", ".out.weight", ".out.bias")]
            found += [block + end for end in ("mlp.up.weight", "mlp.up.bias", "mlp.down.weight", "mlp.down.bias")]
            norms = ("norm1", "norm2") if trunk == "encoder" else ("norm1", "norm_cross", "norm2")
            found += [block + norm + end for norm in norms for end in (".weight", ".bias")]
    return sorted(found)


def shape(name):
    if name.endswith("tokens"):
        return (VOCABULARY, WIDTH)
    if "qkv" in name:
        return (3 * WIDTH, WIDTH) if name.endswith("weight") else (3 * WIDTH,)
    if ".out." in name:
        return (WIDTH, WIDTH) if name.endswith("weight") else (WIDTH,)
    if "mlp.up" in name:
        return (HIDDEN, WIDTH) if name.endswith("weight") else (HIDDEN,)
    if "mlp.down" in name:
        return (WIDTH, HIDDEN) if name.endswith("weight") else (WIDTH,)
    return (WIDTH,)


def weights():
    made = {}
    for n, name in enumerate(names()):
        size = shape(name)
        values = torch.tensor([0.3 * math.sin(1 + 0.7 * i + 1.3 * n) for i in range(math.prod(size))], dtype=torch.float64)
        if "norm" in name and name.endswith("weight"):
            values += 1
        made[name] = values.view(size)
    return made


def copied(ours):
    """Our weights by Marian's names; `to` sorts an axis of the width as Marian has it."""
    order = list(range(0, WIDTH, 2)) + list(range(1, WIDTH, 2))

    def to(x, axis):
        return x.index_select(axis, torch.tensor(order))

    theirs = {"model.shared.weight": to(ours["encoder.embed.tokens"], 1), "final_logits_bias": torch.zeros(1, VOCABULARY, dtype=torch.float64)}
    for trunk in ("encoder", "decoder"):
        for i in range(LAYERS):
            own, other = f"{trunk}.block{i}.", f"model.{trunk}.layers.{i}."
            for mine, name in (("attention", "self_attn"), ("cross", "encoder_attn"))[:1 if trunk == "encoder" else 2]:
                weight, bias = ours[own + mine + ".projection.qkv.weight"], ours[own + mine + ".projection.qkv.bias"]
                for part, letter in enumerate("qkv"):
                    rows = slice(part * WIDTH, (part + 1) * WIDTH)
                    theirs[f"{other}{name}.{letter}_proj.weight"] = to(weight[rows], 1)
                    theirs[f"{other}{name}.{letter}_proj.bias"] = bias[rows]
                theirs[f"{other}{name}.out_proj.weight"] = to(ours[own + mine + ".out.weight"], 0)
                theirs[f"{other}{name}.out_proj.bias"] = to(ours[own + mine + ".out.bias"], 0)
            theirs[other + "fc1.weight"], theirs[other + "fc1.bias"] = to(ours[own + "mlp.up.weight"], 1), ours[own + "mlp.up.bias"]
            theirs[other + "fc2.weight"], theirs[other + "fc2.bias"] = to(ours[own + "mlp.down.weight"], 0), to(ours[own + "mlp.down.bias"], 0)
            norms = {"norm1": "self_attn_layer_norm", "norm2": "final_layer_norm", "norm_cross": "encoder_attn_layer_norm"}
            for mine, name in norms.items():
                for end in ("weight", "bias"):
                    if f"{own}{mine}.{end}" in ours:
                        theirs[f"{other}{name}.{end}"] = to(ours[f"{own}{mine}.{end}"], 0)
    return theirs


def main():
    torch.set_default_dtype(torch.float64)
    config = MarianConfig(vocab_size=VOCABULARY, d_model=WIDTH, encoder_layers=LAYERS, decoder_layers=LAYERS, encoder_attention_heads=HEADS,
                          decoder_attention_heads=HEADS, encoder_ffn_dim=HIDDEN, decoder_ffn_dim=HIDDEN, activation_function="relu", scale_embedding=True,
                          max_position_embeddings=PLACES, dropout=0.0, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0)
    model = MarianMTModel(config).to(torch.float64).eval()
    missing, unexpected = model.load_state_dict(copied(weights()), strict=False)
    untied = [name for name in missing if "embed" not in name and "lm_head" not in name]
    assert not unexpected and not untied, (unexpected, untied)
    model.tie_weights()
    mask = torch.arange(len(SOURCE[0])) < torch.tensor(LENGTHS).unsqueeze(1)
    with torch.no_grad():
        logits = model(input_ids=torch.tensor(SOURCE), attention_mask=mask.long(), decoder_input_ids=torch.tensor(TARGET), use_cache=False).logits
    for rows in logits:
        for row in rows:
            print("    " + ", ".join(f"{x:.7f}" for x in row.tolist()) + ",")


if __name__ == "__main__":
    main()
