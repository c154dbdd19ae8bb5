"""Timing of PyTorch as `regard bench` does it: events on a GPU with 256 MB overwritten before, wall time on a CPU."""
import time

import torch

import common


def run_once(work, device):
    if device == "cpu":
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    flush = torch.empty(256 << 20, dtype=torch.int8, device=device)
    torch.cuda.synchronize()
    flush.zero_()
    begin.record()
    work()
    end.record()
    torch.cuda.synchronize()
    return begin.elapsed_time(end) * 1e-3


def prepare(given):
    """Threads and seed; ends the script where the device is absent."""
    if given.threads:
        torch.set_num_threads(given.threads)
    if given.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("--device cuda: PyTorch sees no GPU")
    torch.manual_seed(1)


def machine(given):
    name = common.cpu_name() if given.device == "cpu" else torch.cuda.get_device_name()
    return {"device": name, "dtype": given.dtype, "threads": torch.get_num_threads(),
            "version": f"PyTorch {torch.__version__}"}


def allocated(device):
    """Bytes, from where a peak is counted; None on a CPU."""
    if device == "cpu":
        return None
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_allocated()


def measure(shape, given, work, **row):
    """Times `work`, compiles and warms it up first, and prints the row; a failure is a row with its reason. False where
    memory did not suffice."""
    load, times, fits = common.OtherLoad(), [], True
    try:
        start, before = time.perf_counter(), allocated(given.device)
        work()
        if before is not None:  # beyond weights; moments come last, when the activations are gone
            row["memory_bytes"] = torch.cuda.max_memory_allocated() - before
        row["first_run_s"] = round(time.perf_counter() - start, 2)  # compilation included
        load = common.OtherLoad()
        times = common.take_turns(lambda: run_once(work, given.device), given.repeat, given.seconds)
    except torch.OutOfMemoryError:
        row["note"], fits = "does not fit in memory", False
    except Exception as error:  # a compiler that cannot take a form must not end the other rows
        row["note"] = f"{type(error).__name__}: {error}".split("\n")[0][:200]
    if not fits:
        torch.cuda.empty_cache()  # after the error, which holds the tensors of its frames
    common.emit(shape, times, **row, other_cores=load.cores(), **machine(given))
    return fits
