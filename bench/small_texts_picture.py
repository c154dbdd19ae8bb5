#!/usr/bin/env python3
"""The picture of docs/small-text.md from its numbers.

    .venv/bin/python3 bench/small_texts_picture.py [NUMBERS.json] [TO.png]
"""
import json
import pathlib
import sys

import picture

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "bench/results/2026-11-29-small-texts.json"
    to = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs/small-text.png"
    made = picture.plotly("small_texts_picture")
    if made is None:
        return 1
    go, make_subplots = made
    sets = json.loads(source.read_text())["sets"]
    names = [s["set"] for s in sets]
    figure = make_subplots(1, 2, column_widths=[0.55, 0.45], horizontal_spacing=0.16,
                           subplot_titles=("Test accuracy, %", "softmax − bag of words, points (95 % interval)"))
    for colour, kind in zip(picture.COLOURS, ("bag of words", "softmax", "off")):
        figure.add_bar(x=names, y=[s[kind] for s in sets], name=kind, marker_color=colour, row=1, col=1)
    mean, low, high = zip(*(s["difference"] for s in sets))
    figure.add_scatter(x=mean, y=names, mode="markers", marker={"color": picture.COLOURS[1], "size": 10}, showlegend=False, row=1, col=2,
                       error_x={"type": "data", "array": [h - m for h, m in zip(high, mean)],
                                "arrayminus": [m - l for m, l in zip(mean, low)]})
    figure.add_vline(x=0, line_dash="dot", row=1, col=2)
    figure.update_yaxes(range=[70, 100], row=1, col=1)
    figure.update_yaxes(autorange="reversed", row=1, col=2)
    figure.update_layout(legend={"orientation": "h", "y": -0.15})
    picture.save(figure, to, "small_texts_picture", 1100, 420)
    return 0


if __name__ == "__main__":
    sys.exit(main())
