#!/usr/bin/env python3
"""The picture of docs/sac.md from its numbers: recall of planted edges and accuracy against steps.

    .venv/bin/python3 bench/recall_picture.py [NUMBERS.json] [TO.png]
"""
import json
import pathlib
import statistics
import sys

import picture

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "bench/results/2026-11-29-recall.json"
    to = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs/sac.png"
    made = picture.plotly("recall_picture")
    if made is None:
        return 1
    go, make_subplots = made
    found = {}
    for run in json.loads(source.read_text())["runs"]:
        found.setdefault(run["phrase"].split(", ", 1)[1].rstrip("]").split(", ")[-1].removeprefix("right=0), "), []).append(run)
    figure = make_subplots(1, 2, subplot_titles=("planted edges found", "accuracy"), horizontal_spacing=0.1)
    for colour, (phrase, runs) in zip([*picture.COLOURS, "#999999"], found.items()):
        steps = runs[0]["steps"]
        for column, name in ((1, "recall"), (2, "accuracy")):
            if any(v is None for run in runs for v in run[name]):
                continue
            middle = [statistics.median(run[name][i] for run in runs) for i in range(len(steps))]
            figure.add_scatter(x=steps, y=middle, name=phrase, line={"color": colour}, showlegend=column == 2, row=1, col=column)
    figure.update_xaxes(title_text="step")
    figure.update_yaxes(tickformat=".0%", range=[0, 1.05])
    picture.save(figure, to, "recall_picture", 1100, 420)
    return 0


if __name__ == "__main__":
    sys.exit(main())
