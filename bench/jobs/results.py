"""What the jobs of a call came to, as JSON and as a table in Markdown; no checkpoints, and never more than `LIMIT` bytes."""
import datetime
import json
import math
import os
import pathlib
import platform
import re
import shutil
import subprocess

LIMIT = 5 << 20
SAME_ANSWER = 1e-3
MOST_POINTS = 200  # of a curve of training losses


def read_json(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def metrics(folder):
    """(lines of training, lines of evaluation)"""
    training, evaluation = [], []
    try:
        text = (folder / "metrics.jsonl").read_text(errors="replace")
    except OSError:
        text = ""
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if "valid_loss" in row:
            evaluation.append(row)
        elif "loss" in row:
            training.append(row)
    return training, evaluation


def thinned(rows, most):
    if len(rows) <= most:
        return rows
    stride = (len(rows) - 1) / (most - 1)
    return [rows[round(i * stride)] for i in range(most)]


def rounded(value, digits=6):
    return round(value, digits) if isinstance(value, float) and math.isfinite(value) else value


def wilson(share, count):
    """The 95 % interval of a proportion (Wilson 1927)."""
    z = 1.959964
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return centre - half, centre + half


def row_of(job, batch=None):
    """One training run: what its folder says, finished or not."""
    training, evaluation = metrics(job.folder)
    result = read_json(job.folder / "result.json") or {}
    seconds, steps = result.get("seconds"), result.get("steps")
    if seconds is None and training:
        seconds, steps = training[-1]["seconds"], training[-1]["step"]
    best = min(evaluation, key=lambda e: e["valid_loss"] if e["valid_loss"] is not None else math.inf, default={})
    rescued = (read_json(job.rescue.result) if job.rescue else None) or {}
    test = result.get("test_accuracy")
    row = {"name": job.name, **job.info, "state": job.state, "note": job.note, "steps": steps, "steps_wanted": job.steps,
           "epochs": training[-1].get("epoch") if training else None,
           "valid_accuracy": result.get("valid_accuracy", best.get("valid_accuracy")), "valid_loss": result.get("valid_loss", best.get("valid_loss")),
           "valid_count": best.get("valid_count"), "test_accuracy": test if test is not None else rescued.get("accuracy"),
           "logit_deviation": evaluation[-1].get("logit_deviation") if evaluation else None, "test_count": rescued.get("n"), "seconds": seconds,
           "examples_per_second": steps * batch / seconds if batch and seconds and steps else None,
           "parameters": result.get("parameters"), "peak_memory": result.get("peak_memory"), "kernels": result.get("kernels"),
           "call_seconds": job.seconds or None}
    row = {key: rounded(value) for key, value in row.items() if value not in (None, "")}
    row["curve"] = [[e["step"], rounded(e["seconds"], 2), rounded(e["valid_accuracy"]), rounded(e["valid_loss"])] for e in evaluation]
    row["losses"] = [[t["step"], rounded(t["seconds"], 2), rounded(t["loss"], 4)] for t in thinned(training, MOST_POINTS)]
    return row


def machine():
    """Device and commit, as far as they can be told."""
    device = platform.machine()
    if names := re.findall(r"^model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.M) if os.path.exists("/proc/cpuinfo") else []:
        device = names[0]
    if shutil.which("nvidia-smi"):
        asked = subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True)
        device = asked.stdout.strip().splitlines()[0] if asked.returncode == 0 and asked.stdout.strip() else device
    here = pathlib.Path(__file__).resolve().parents[2]
    packed = here / "commit"
    commit = packed.read_text().strip() if packed.exists() else ""
    if not commit and shutil.which("git"):
        commit = subprocess.run(["git", "-C", here, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {"device": device, "cores": os.cpu_count(), "commit": commit or "unknown", "date": datetime.date.today().isoformat()}


def percent(value):
    return "" if value is None else f"{100 * value:.2f}"


def number(value, pattern="{:.0f}"):
    return "" if value is None else pattern.format(value)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def state_of(row):
    """How a run ended; one whose logits do not vary says nothing about its attention (train::same_answer)."""
    stuck = ", same answer for every example" if row.get("logit_deviation", 1) < SAME_ANSWER else ""
    return row["state"] + stuck + (f": {row['note']}" if row.get("note") else "")


def curves_table(rows):
    """Validation accuracy at each evaluation, with the seconds of training until then."""
    wide = max((len(row["curve"]) for row in rows), default=0)
    if wide == 0:
        return ""
    cells = [[row["name"], *(f"{percent(a)} ({s:.0f} s)" for _, s, a, _ in row["curve"])] for row in rows if row["curve"]]
    return "Validation accuracy in %, and seconds of training:\n\n" + table(
        ["run", *(f"{i + 1}" for i in range(wide))], [cell + [""] * (wide + 1 - len(cell)) for cell in cells])


def write(out, stem, document, markdown):
    """<out>/<stem>.json and .md, whole or absent. Curves are thinned until the file is small enough."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1)
    most = MOST_POINTS
    while len(text) > LIMIT and most > 2:
        most //= 2
        for row in document["rows"]:
            row["losses"] = thinned(row.get("losses", []), most)
        text = json.dumps(document)
    for suffix, content in ((".json", text + "\n"), (".md", markdown)):
        temporary = out / f"{stem}{suffix}.part"
        temporary.write_text(content)
        os.replace(temporary, out / f"{stem}{suffix}")
