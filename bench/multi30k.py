#!/usr/bin/env python3
"""Translates Multi30k: the runs of docs/translation.md, all at once on one GPU, then beams and length penalties. Writes multi30k.json to --out.

    bench/multi30k.py --data FOLDER --out FOLDER [--epochs N] [--device cpu] [--parts train,cross,search]
    bench/multi30k.py --data FOLDER --out FOLDER --parts routes --seeds 1,2,3 --gpus 2 --at-once 5    other rates of dropout, both directions
    bench/multi30k.py --table multi30k.json...                the tables of docs/translation.md

FOLDER holds train, val and test_2016_flickr in .en.gz and .de.gz (github.com/multi30k/dataset, data/task1/raw). REGARD_COMMAND names another `regard`.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
REGARD = os.environ.get("REGARD_COMMAND", str(ROOT / "build/bin/regard"))
KEPT = ("phrase", "seed", "parameters", "steps", "tokens", "seconds", "tokens_per_second", "peak_memory", "train_loss", "valid_loss", "valid_bleu", "best_step", "test_loss",
        "test_bleu", "test_chrf", "kernels", "environment")
# What the recipe has, and what it is compared with: by name, options of `regard train --set`.
ROUTES = {
    "recipe": [],
    "no dropout of activations": ["model.activation_dropout=0"],
    "activations 0.3": ["model.activation_dropout=0.3"],
    "the rest 0.25": ["model.dropout=0.25"],
    "weights 0.1": ["model.attention_dropout=0.1"],
    "activations and weights 0.3": ["model.activation_dropout=0.3", "model.attention_dropout=0.3"],
    "pre-norm, activations 0.3": ["model.norm=pre", "train.lr=1.5e-3", "model.activation_dropout=0.3"],
}


def files(data, source, target):
    name = lambda part, language: str(data / f"{part}.{language}.gz")
    flags = []
    for part, to_source, to_target in (("train", "--data", "--target"), ("val", "--valid", "--valid-target"), ("test_2016_flickr", "--test", "--test-target")):
        flags += [to_source, name(part, source), to_target, name(part, target)]
    return flags


def start(arguments, log, **environment):
    log.parent.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen([REGARD, *map(str, arguments)], stdout=open(log, "w"), stderr=subprocess.STDOUT, env={**os.environ, **environment})


def routes(given, more):
    """Each route in both directions with each seed; what is done when the budget ends counts."""
    waiting = [(name, source, target, seed) for seed in given.seeds.split(",") for name in given.routes.split(";") for source, target in (("en", "de"), ("de", "en"))]
    end, running, found = time.monotonic() + given.budget, [], []
    while (waiting or running) and time.monotonic() < end:
        while waiting and len(running) < given.at_once * given.gpus:
            gpu = min(range(given.gpus), key=lambda g: sum(r[-1] == g for r in running))
            name, source, target, seed = waiting.pop(0)
            folder = given.out / "routes" / name.replace(" ", "-").replace(",", "") / f"{source}{target}-{seed}"
            sets = [word for item in ROUTES[name] for word in ("--set", item)]
            epochs = ["--epochs", given.epochs] if given.epochs else []
            environment = {"CUDA_VISIBLE_DEVICES": str(gpu)} if given.gpus > 1 else {}
            process = start(["train", ROOT / "recipes/multi30k/train.toml", *files(given.data, source, target), "--seed", seed, "--threads", 1, *epochs, *more, *sets, "--out", folder],
                            folder.with_suffix(".log"), **environment)
            running.append((process, {"route": name, "direction": source + target, "seed": int(seed)}, folder, gpu))
        for one in [r for r in running if r[0].poll() is not None]:
            running.remove(one)
            found.append(one[1] | result(one[2]))
            (given.out / "routes.json").write_text(json.dumps({"routes": found}, indent=1, ensure_ascii=False) + "\n")
            print(one[1], found[-1].get("test_bleu"), found[-1].get("seconds"), flush=True)
        time.sleep(0.2)
    for one in running:
        one[0].terminate()
    return 1 if running or waiting or any(row.get("failed") for row in found) else 0


def print_routes(rows):
    """BLEU of each seed, their mean and half of its 95 % interval (Student's t), and the mean validation loss."""
    t = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
    print("| route | direction | BLEU of each seed | mean | chrF | validation loss | training, s |\n|---|---|---|---|---|---|---|")
    for route in dict.fromkeys(row["route"] for row in rows):
        for direction in ("ende", "deen"):
            some = sorted((r for r in rows if r["route"] == route and r["direction"] == direction and not r.get("failed")), key=lambda r: r["seed"])
            if not some:
                continue
            mean = lambda key: sum(r[key] for r in some) / len(some)
            bleu = [r["test_bleu"] for r in some]
            half = f" ± {t[len(bleu)] * statistics.stdev(bleu) / len(bleu) ** 0.5:.2f}" if len(bleu) in t else ""
            print(f"| {route} | {direction} | {', '.join(f'{b:.2f}' for b in bleu)} | {mean('test_bleu'):.2f}{half} | {mean('test_chrf'):.1f} | {mean('valid_loss'):.3f} | {mean('seconds'):.0f} |")
    print()


def result(folder):
    path = folder / "result.json"
    if not path.exists():
        return {"failed": True}
    read = json.loads(path.read_text())
    return {key: read.get(key) for key in KEPT} | {"samples": (folder / "samples.txt").read_text()}


def search(run, data, out, device, widths, penalties):
    """BLEU and seconds on test_2016 by beam and length penalty; seconds are those of the whole command."""
    rows = []
    for beam, penalty in [(b, 1.0) for b in widths] + [(5, p) for p in penalties]:
        hyp = out / f"hyp-{device}-{beam}-{penalty}.de"
        begun = time.monotonic()
        with open(hyp, "w") as to:
            code = subprocess.run([REGARD, "translate", run, data / "test_2016_flickr.en.gz", "--beam", str(beam), "--length-penalty", str(penalty), "--device", device],
                                  stdout=to, stderr=subprocess.DEVNULL).returncode
        seconds = time.monotonic() - begun
        scores = json.loads(subprocess.run([REGARD, "score", hyp, data / "test_2016_flickr.de.gz", "--json"], capture_output=True, text=True).stdout) if code == 0 else {}
        rows.append({"beam": beam, "length_penalty": penalty, "device": device, "seconds": seconds, "code": code} | scores)
    return rows


def number(value, pattern="{:.2f}"):
    return "" if value is None else pattern.format(value)


def tables(paths):
    """Markdown of what the files hold together."""
    report = {"runs": {}, "cross": {}, "search": []}
    for path in paths:
        read = json.loads(path.read_text())
        if "routes" in read:
            print_routes(read["routes"])
            continue
        report["runs"] |= read["runs"]
        report["cross"] |= read["cross"]
        report["search"] += read["search"]
    for title, rows in (("run", report["runs"]), ("attention", report["cross"])):
        print(f"| {title} | BLEU, test_2016 | chrF | validation BLEU, greedy | validation loss | training, s | tokens/s |\n|---|---|---|---|---|---|---|")
        for name, run in rows.items():
            columns = [number(run.get("test_bleu")), number(run.get("test_chrf")), number(run.get("valid_bleu")), number(run.get("valid_loss"), "{:.3f}"),
                       number(run.get("seconds"), "{:.0f}"), number(run.get("tokens_per_second"), "{:.0f}")]
            print("| `" + name + "` | " + " | ".join(columns) + " |")
        print()
    print("| beam | alpha | device | BLEU | chrF | s |\n|---|---|---|---|---|---|")
    for row in report["search"]:
        scores = [number((row.get(key) or {}).get("score")) for key in ("bleu", "chrf")]
        print(f"| {row['beam']} | {row['length_penalty']} | {row['device']} | {scores[0]} | {scores[1]} | {row['seconds']:.1f} |")
    return 0


def main():
    if sys.argv[1:2] == ["--table"]:
        return tables([pathlib.Path(path) for path in sys.argv[2:]])
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=float)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--parts", default="train,cross,search")
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--routes", default=";".join(ROUTES))
    parser.add_argument("--gpus", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=4, help="routes: runs that share a GPU (default 4)")
    parser.add_argument("--budget", type=float, default=3600, help="routes: seconds (default 3600)")
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    parts, out, begun = given.parts.split(","), given.out, time.monotonic()
    more = ["--device", given.device] + [word for item in given.set for word in ("--set", item)]
    if "routes" in parts:
        return routes(given, more)
    running = {}
    if "train" in parts:
        for source, target in (("en", "de"), ("de", "en")):
            for seed in given.seeds.split(","):
                folder = out / f"{source}{target}-{seed}"
                epochs = ["--epochs", given.epochs] if given.epochs else []
                running[folder.name] = (folder, start(["train", ROOT / "recipes/multi30k/train.toml", *files(given.data, source, target), "--seed", seed, "--threads", 1, *epochs, *more,
                                                       "--out", folder], out / f"{folder.name}.log"))
    cross = out / "cross"
    if "cross" in parts:
        epochs = ["--epochs", given.epochs / 2] if given.epochs else []
        running["cross"] = (cross, start(["compare", ROOT / "recipes/multi30k/cross.toml", *files(given.data, "en", "de"), "--threads", 1, *epochs, *more, "--out", cross], out / "cross.log"))
    for name, (_, process) in running.items():
        print(f"{name}: exit code {process.wait()} after {time.monotonic() - begun:.0f} s", flush=True)
    report = {"seconds": time.monotonic() - begun, "runs": {}, "cross": {}, "search": []}
    for name, (folder, _) in running.items():
        if name != "cross":
            report["runs"][name] = result(folder)
    if "cross" in parts:
        report["cross"] = {folder.name: result(folder / "seed1") for folder in sorted(cross.iterdir()) if (folder / "seed1").is_dir()}
    (out / "multi30k.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    run = out / "ende-1"
    if "search" in parts and run.is_dir():
        for device in sorted({given.device, "cpu"}):
            report["search"] += search(run, given.data, out, device, (1, 5, 10), (0.0, 0.6, 1.5))
            (out / "multi30k.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    for name, run in {**report["runs"], **report["cross"]}.items():
        print(name, run.get("test_bleu"), run.get("test_chrf"), run.get("seconds"))
    return 1 if any(run.get("failed") for run in {**report["runs"], **report["cross"]}.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
