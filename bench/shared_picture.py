#!/usr/bin/env python3
"""The picture of docs/shared.md from its numbers: loss against the parameters of attention.

    .venv/bin/python3 bench/shared_picture.py [NUMBERS.json] [TO.png]
"""
import json
import pathlib
import sys

import picture

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "bench/results/2026-11-29-shared-lm.json"
    to = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs/shared.png"
    made = picture.plotly("shared_picture")
    if made is None:
        return 1
    go, make_subplots = made
    rows = json.loads(source.read_text())["rows"]
    figure = make_subplots(1, len(rows), subplot_titles=[f"{name} positions" for name in rows], shared_yaxes=True)
    for column, found in enumerate(rows.values(), 1):
        found = [r for r in found if r["phrase"] != "off"]
        figure.add_scatter(x=[r["attention_parameters"] for r in found], y=[r["valid_loss"] for r in found], mode="markers+text",
                           text=[r["phrase"] for r in found], textposition=["bottom center" if r["phrase"] in ("symmetric", "shared") else "top center" for r in found], showlegend=False, row=1, col=column,
                           error_y={"type": "data", "array": [r["valid_loss_half"] for r in found]},
                           marker={"size": 10, "color": [picture.COLOURS[0] if r["cache_bytes"] > 512 else picture.COLOURS[1] for r in found]})
        figure.update_xaxes(title_text="parameters of q, k, v in both layers", range=[5000, 28000], row=1, col=column)
    figure.update_yaxes(title_text="validation loss, nats", row=1, col=1)
    picture.save(figure, to, "shared_picture", 1100, 450)
    return 0


if __name__ == "__main__":
    sys.exit(main())
