"""Jobs on one device or on several GPUs, several at a time, within a budget of seconds.

A job starts when its estimate fits into what is left: steps that remain x seconds a step + fixed seconds. Seconds a step are those measured
at the same kind of job in this call, else the job's guess times what nearby jobs took beyond their guesses. At the end of the
budget what runs gets SIGTERM, which a `regard train` answers with a checkpoint; the same call again goes on from there.
"""
import dataclasses
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

SAMPLE_STEPS = 60  # of a job, before its speed is believed
STOP_SECONDS = 5  # at least, for a checkpoint after SIGTERM; then SIGKILL


@dataclasses.dataclass
class Command:
    """Done when `result` exists and is not empty; `output` takes what the command prints."""
    arguments: list
    result: pathlib.Path
    output: pathlib.Path | None = None

    def done(self):
        return self.result.exists() and self.result.stat().st_size > 0


@dataclasses.dataclass
class Job:
    name: str
    kind: tuple  # (task, sizes, attention): jobs of one kind take the same time a step
    folder: pathlib.Path  # where metrics.jsonl grows
    commands: list  # one after the other
    steps: int = 0  # 0: no steps are counted, `fixed` is all
    guess: float = 0.0  # seconds a step, alone on the device
    fixed: float = 10.0  # seconds for start, data and evaluation
    fill: bool = False  # may be cut by the end of the budget
    rescue: Command | None = None  # after a stop, with what the reserve leaves
    info: dict = dataclasses.field(default_factory=dict)  # for the results
    state: str = "waiting"  # waiting, running, done, stopped, failed, skipped
    note: str = ""
    seconds: float = 0.0  # of this call

    @property
    def log(self):
        return self.folder.with_name(self.folder.name + ".log")


def tail_lines(path, size=8192):
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []


def last_step(folder):
    for line in reversed(tail_lines(folder / "metrics.jsonl")):
        try:
            return int(json.loads(line)["step"])
        except (ValueError, KeyError, TypeError):
            continue
    return 0


class Running:
    """A job's present process, and how fast it goes."""

    def __init__(self, job, environment, gpu=None):
        self.job, self.environment, self.gpu = job, environment, gpu
        self.began, self.first, self.process, self.output = time.monotonic(), None, None, None
        self.before = last_step(job.folder)  # of an earlier call
        self.start_next()

    def start_next(self):
        """The next command that has no result; False when there is none."""
        left = [command for command in self.job.commands if not command.done()]
        if not left:
            return False
        self.process, self.output = start(left[0], self.job.log, self.environment)
        self.result = left[0]
        return True

    def measure(self):
        """Seconds a step since the first new line of metrics, or None."""
        step, now = last_step(self.job.folder), time.monotonic()
        if self.first is None:
            if step != self.before:
                self.first = step, now
            return None
        return (now - self.first[1]) / (step - self.first[0]) if step - self.first[0] >= SAMPLE_STEPS else None


def start(command, log, environment):
    for folder in {log.parent, *([command.output.parent] if command.output else [])}:
        folder.mkdir(parents=True, exist_ok=True)
    output = open(command.output.with_name(command.output.name + ".part"), "wb") if command.output else None
    with open(log, "ab") as file:
        process = subprocess.Popen([str(a) for a in command.arguments], stdin=subprocess.DEVNULL, stdout=output or file,
                                   stderr=file, env=environment)
    return process, output


def keep_output(command, output):
    """What a command printed becomes its result only when it ended well."""
    if output:
        output.close()
        os.replace(output.name, command.output)


class Schedule:
    def __init__(self, jobs, budget, total=None, parallel=1, reserve=0.0, environment=None, tell=None, poll=0.5, gpus=()):
        self.jobs, self.parallel, self.poll, self.environment = jobs, parallel, poll, environment
        self.gpus = tuple(gpus)  # numbers of nvidia-smi; empty: all jobs see what this process sees
        self.began = time.monotonic()
        self.end = self.began + budget - reserve  # SIGTERM then
        self.last = self.began + budget
        self.horizon = self.began + max(budget, total or 0) - reserve  # what starts may go on in a later call until then
        self.resumes = (total or 0) > budget
        self.tell = tell or (lambda text: print(text, file=sys.stderr, flush=True))
        self.running, self.rates, self.signal = [], {}, 0

    def run(self, after_each=lambda: None):
        """Runs until all is done or the budget ends; `after_each` follows every change of state."""
        before = {s: signal.signal(s, self.note_signal) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            for job in self.jobs:
                if all(command.done() for command in job.commands):
                    job.state = "done"
            while not self.signal and time.monotonic() < self.end:
                changed = self.collect() | self.fill_slots()
                if changed:
                    after_each()
                if not self.running:
                    break
                time.sleep(self.poll)
            self.stop_all()
            for job in self.jobs:
                if job.state == "waiting":
                    job.state = "skipped"
                    job.note = job.note or "the budget ended before"
            after_each()
            if not self.signal and not self.resumes:
                self.rescue_stopped()
                after_each()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def note_signal(self, number, _):
        self.signal = number

    # Estimates

    def expected_rate(self, job):
        """Seconds a step: measured at this kind of job, else the guess times the slowness of the nearest jobs that were measured."""
        if job.kind in self.rates:
            return self.rates[job.kind][0]
        for near in range(len(job.kind) - 1, -1, -1):
            ratios = [rate / guess for kind, (rate, guess) in self.rates.items() if kind[:near] == job.kind[:near] and guess > 0]
            if ratios:
                return job.guess * statistics.median(ratios)
        return job.guess * max(1, 0.8 * self.parallel / max(1, len(self.gpus)))

    def estimate(self, job):
        return job.fixed + max(0, job.steps - last_step(job.folder)) * self.expected_rate(job)

    def fits(self, job):
        need, left = self.estimate(job), self.horizon - time.monotonic()
        if need <= left or job.fill:
            return True
        job.note = (f"{job.steps} steps at {1e3 * self.expected_rate(job):.2f} ms and {job.fixed:.0f} s would take {need:.0f} s, "
                    f"and {max(0, left):.0f} s were left")
        return False

    # Processes

    def free_gpu(self):
        """The GPU with the fewest jobs, or None where none are named."""
        busy = [run.gpu for run in self.running]
        return min(self.gpus, key=busy.count, default=None)

    def environment_on(self, gpu):
        if gpu is None:
            return self.environment
        return {**(os.environ if self.environment is None else self.environment), "CUDA_VISIBLE_DEVICES": str(gpu)}

    def fill_slots(self):
        changed = False
        for job in self.jobs:
            if len(self.running) >= self.parallel:
                break
            if job.state == "waiting" and self.fits(job):
                job.note, job.state = "", "running"
                gpu = self.free_gpu()
                self.running.append(Running(job, self.environment_on(gpu), gpu))
                self.tell(f"{self.clock()} start {job.name}: about {self.estimate(job):.0f} s")
                changed = True
        return changed

    def collect(self):
        changed = False
        for run in list(self.running):
            rate = run.measure()
            if rate is not None:
                run.job.info["wall_ms_a_step"] = 1e3 * rate
                self.rates[run.job.kind] = rate, run.job.guess
            code = run.process.poll()
            if code is None:
                continue
            changed = True
            if code == 0:
                keep_output(run.result, run.output)
                if not run.result.done():
                    self.finish(run, "failed", f"{run.result.result} was expected, and is not there")
                elif not run.start_next():
                    self.finish(run, "done", "")
            else:
                self.finish(run, "failed", f"exit code {code}: {last_sentence(run.job.log)}")
        return changed

    def finish(self, run, state, note):
        self.running.remove(run)
        run.job.state, run.job.note = state, note
        run.job.seconds = time.monotonic() - run.began
        self.tell(f"{self.clock()} {state} {run.job.name}: {run.job.seconds:.0f} s{', ' + note if note else ''}")

    def stop_all(self):
        for run in self.running:
            run.process.terminate()
        until = max(time.monotonic() + STOP_SECONDS, self.last)
        for run in list(self.running):
            try:
                run.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                run.process.kill()
                run.process.wait()
            if run.output:
                run.output.close()
            if run.process.returncode == 0:  # it ended by itself meanwhile
                keep_output(run.result, run.output)
            if all(command.done() for command in run.job.commands):
                self.finish(run, "done", "")
            else:
                self.finish(run, "stopped", f"at step {last_step(run.job.folder)} of {run.job.steps}" if run.job.steps else "")

    def rescue_stopped(self):
        """The test of stopped runs' best checkpoints, side by side, until the budget is over."""
        live = []
        stopped = [job for job in self.jobs if job.state == "stopped" and job.rescue and not job.rescue.done()]
        for number, job in enumerate(stopped):
            gpu = self.gpus[number % len(self.gpus)] if self.gpus else None
            live.append((job, *start(job.rescue, job.log, self.environment_on(gpu))))
        while live and not self.signal and time.monotonic() < self.last:
            for job, process, output in list(live):
                if process.poll() is not None:
                    live.remove((job, process, output))
                    if process.returncode == 0:
                        keep_output(job.rescue, output)
            time.sleep(self.poll)
        for _, process, output in live:
            process.kill()
            process.wait()
            output.close()

    def clock(self):
        return f"{time.monotonic() - self.began:6.0f} s "


def last_sentence(log):
    lines = [line.strip() for line in tail_lines(log) if line.strip()]
    return lines[-1][:400] if lines else "it said nothing"
