"""What the peer scripts share: shapes, timing in turns, rows as JSON lines. The rules are those of `regard bench`."""
import argparse
import importlib
import json
import re
import statistics
import sys
import time

SHAPES = {  # batch, length, width, heads, layers, mlp
    "text": (16, 4000, 512, 8, 6, 1024),
    "image": (32, 1024, 256, 4, 3, 512),
    "bytes16k": (4, 16384, 256, 8, 1, 512),
    "bytes131k": (1, 131072, 256, 8, 1, 512),
    "core": (1, 16384, 256, 8, 1, 512),
    "demo": (32, 64, 64, 4, 2, 256),
}
VOCABULARY, CLASSES = 257, 10


def require(module):
    """The module, or the end of the script with exit code 77, which bench/compare lists as "could not run"."""
    try:
        return importlib.import_module(module)
    except ImportError:
        print(f"{sys.argv[0]}: this Python has no {module}; pip install {module}", file=sys.stderr)
        sys.exit(77)


class Shape:
    def __init__(self, text):
        self.name = text
        if text in SHAPES:
            self.batch, self.length, self.width, self.heads, self.layers, self.mlp = SHAPES[text]
            return
        sizes = {"heads": 8, "layers": 1}
        sizes |= {key: int(value) for key, value in re.findall(r"([A-Za-z]+)(\d+)", text)}
        if not {"B", "T", "H"} <= sizes.keys() or not sizes.keys() <= {"B", "T", "H", "heads", "layers", "mlp"}:
            sys.exit(f"--shape {text}: known: {', '.join(SHAPES)}, or sizes such as B1T4096H256heads8layers1mlp512")
        self.batch, self.length, self.width = sizes["B"], sizes["T"], sizes["H"]
        self.heads, self.layers = sizes["heads"], sizes["layers"]
        self.mlp = sizes.get("mlp", 2 * self.width)

    @property
    def head_width(self):
        return self.width // self.heads

    def halved(self):
        """The same sizes with half the batch."""
        return Shape(f"B{self.batch // 2}T{self.length}H{self.width}heads{self.heads}layers{self.layers}mlp{self.mlp}")


def arguments(description, attention, modes):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--shape", default="demo", help=f"several with commas: {', '.join(SHAPES)}, or B1T4096H256...")
    parser.add_argument("--attention", default=",".join(attention), help=f"several with commas: {', '.join(attention)}")
    parser.add_argument("--mode", default=",".join(modes), help=f"several with commas: {', '.join(modes)}")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--dtype", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=2, help="for one row; three turns may take thrice that")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--halve", action="store_true",
                        help="measure what does not fit in memory again at half the batch, until it fits")
    given = parser.parse_args()
    for name, known in (("attention", attention), ("mode", modes)):
        unknown = [item for item in getattr(given, name).split(",") if item not in known]
        if unknown:
            sys.exit(f"--{name}: unknown {', '.join(unknown)}; known: {', '.join(known)}")
    return given


def cpu_name():
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"


class OtherLoad:
    """Mean number of cores that other processes took since construction."""

    def __init__(self):
        self.wall, self.own, self.busy = time.monotonic(), time.process_time(), self._busy()

    @staticmethod
    def _busy():
        with open("/proc/stat") as stat:
            ticks = [int(x) for x in stat.readline().split()[1:9]]
        return (sum(ticks) - ticks[3] - ticks[4]) / 100

    def cores(self):
        wall = time.monotonic() - self.wall
        if wall < 0.1:
            return None
        return max(0.0, self._busy() - self.busy - (time.process_time() - self.own)) / wall


def take_turns(run_once, repeat, seconds):
    """Times of run_once(), which returns seconds: up to three runs to warm up, then turns within the limit."""
    for _ in range(3):
        if run_once() > 0.5:
            break
    times = []
    while len(times) < repeat and sum(times) <= (3 * seconds if len(times) < 3 else seconds):
        times.append(run_once())
    return times


def quantile(times, share):
    times = sorted(times)
    at = share * (len(times) - 1)
    low = int(at)
    high = min(low + 1, len(times) - 1)
    return times[low] + (at - low) * (times[high] - times[low])


def emit(shape, times, **row):
    """One row as a JSON line; times in seconds."""
    if times:
        row |= {
            "median_ms": 1e3 * statistics.median(times),
            "p20_ms": 1e3 * quantile(times, 0.2),
            "p80_ms": 1e3 * quantile(times, 0.8),
            "tokens_per_second": shape.batch * shape.length / statistics.median(times),
        }
    print(json.dumps({"shape": shape.name, "repeats": len(times), **row}), flush=True)
