"""A sweep of 24 runs by nnexp and by its peers, on the same work.

    python scripts/bench_sweep.py [--rounds 3] [--tables digits adult] [--data FOLDER]
                                  [--parts grid members memory cuda] [--only NAME ...] [--quick]

The grid: 4 learning rates x 3 L2 penalties x 2 seeds of a perceptron with three hidden layers of
64, ReLU, dropout 0.2, Adam, 10 epochs, validation loss and accuracy after every epoch; `digits`
(1,438 train rows) with batches of 32, and 30,000 rows of `adult` (24,000 train rows), which
needs adult_train.csv.gz in FOLDER, with batches of 256. All train on the arrays that nnexp
prepared. `pip install '.[bench]'` brings the peers; those that are not there are left out.

Every system has a process of its own, without nnexp in the peers'. Every round asks each in turn,
so that they share the machine's moods. Printed are the medians of microseconds a run-step (a
training step of one run), of the ratios within a round, and the mean validation accuracy, by
which one sees that all trained the same. Beside a ratio to nnexp's sweep stands what it should be
at least (`target`). There are two tables, and ratios never cross them:

- **in process**: all is imported, and JAX's program is compiled (the seconds are said). nnexp's
  time includes reading the table, run folders, TensorBoard events and the leaderboard; the peers
  write nothing, but for Lightning as its introduction has it, which leaves events and weights.
  Keras, Lightning and skorch train only the first few runs.
- **whole process**: from the start of Python to its end, imports and compilation included:
  `python train.py -m ...` as it is typed, and for each peer a fresh process.

The other parts are about nnexp alone: `members`, time a run and memory against the members of one
stack; `memory`, peak memory against sweep.memory; `cuda`, runs a second of a grid of 1,024.
`--quick` does a little of everything, to see that it works; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from bench_grid import (
    BATCH,
    QUICK,
    Result,
    Setting,
    Size,
    Work,
    cores,
    load_work,
    settings,
)

PARTS = ("grid", "members", "memory", "cuda")


@dataclass(frozen=True)
class Entry:
    """A system to be measured: `function` of `module`, which needs `package`.

    Arguments:
        options: of the function.
        few: it trains a few runs only.
        target: how many times nnexp's time it should take at least, 0 where nothing is promised.
    """

    name: str
    module: str
    function: str
    package: str
    options: dict[str, Any] = field(default_factory=dict, hash=False)
    few: bool = False
    target: float = 0.0


OWN = Entry("nnexp.multirun", "bench_own", "sweep", "nnexp")
TRAINER = Entry("nnexp's trainer alone, 1 thread", "bench_own", "trainer", "nnexp")
COMMAND = Entry("python train.py -m", "bench_own", "command", "nnexp")
LOOP = Entry("PyTorch loop, run after run", "bench_peers", "torch_loop", "torch", target=6)
GRID_PEERS = (
    Entry("JAX, jit(vmap(scan))", "bench_jax", "jax_vmap", "jax", target=1),
    Entry("JAX, the same, a device a core", "bench_jax", "jax_devices", "jax"),
    LOOP,
    Entry("PyTorch loop, joblib", "bench_peers", "torch_joblib", "torch"),
    Entry("scikit-learn, joblib, no dropout", "bench_peers", "sklearn_joblib", "sklearn", target=3),
)
FEW_PEERS = (
    Entry("skorch", "bench_frameworks", "skorch_runs", "skorch", few=True),
    *(
        Entry(
            f"Lightning, {how}",
            "bench_frameworks",
            "lightning_runs",
            "lightning",
            options={"usual": usual},
            few=True,
            target=25,
        )
        for how, usual in (("as introduced", True), ("all but fit off", False))
    ),
    *(
        Entry(
            f"Keras, {backend}",
            "bench_frameworks",
            "keras_runs",
            "keras",
            options={"backend": backend},
            few=True,
            target=25,
        )
        for backend in ("jax", "torch")
    ),
)


# ---------------------------------------------------------------------- in a system's process
def call(module: str, function: str, *arguments: Any, **options: Any) -> Any:
    """Call a function of a module beside this one, imported here."""
    return getattr(importlib.import_module(module), function)(*arguments, **options)


def measure(entry: Entry, path: Path, runs: Sequence[Setting]) -> tuple[float, Result]:
    """Seconds of a call without preparing and clearing up, and what was made of the runs."""
    work = load_work(path)
    start = time.perf_counter()
    result: Result = call(entry.module, entry.function, work, runs, **entry.options)
    return time.perf_counter() - start - result.setup - result.aside, result


def measure_members(path: Path, runs: Sequence[Setting]) -> tuple[float, float]:
    """Seconds of a stack of so many members, and the peak memory of this process in MiB."""
    entry = TRAINER
    measure(entry, path, runs[:1])  # a warm-up
    seconds, _ = measure(entry, path, runs)
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ------------------------------------------------------------------------------- in this one
def process() -> ProcessPoolExecutor:
    """A fresh Python that does one thing at a time."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process that ends with it."""
    with process() as own:
        return own.submit(function, *arguments).result()


class Table:
    """Measured seconds of systems, by name and round."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.times: dict[Entry, list[float]] = {}  # microseconds a run-step
        self.results: dict[Entry, Result] = {}

    def add(self, entry: Entry, seconds: float, result: Result) -> None:
        """Note a round of a system."""
        steps = self.work.steps * len(result.accuracies)
        self.times.setdefault(entry, []).append(seconds / steps * 1e6)
        self.results[entry] = result

    def show(self, base: Entry, setups: dict[Entry, float] | None = None) -> None:
        """Print medians, ratios to one of the systems and their targets, accuracies."""
        title = f"x {base.name}"
        print(f"  {'':34}{'us a run-step':>22}{title:>26}{'target':>8}  accuracy")
        for entry, values in self.times.items():
            ratios = [v / own for v, own in zip(values, self.times[base], strict=True)]
            target = f"{entry.target:.0f}" if entry.target else ""
            if statistics.median(ratios) < entry.target:
                target = f"< {target}"
            result = self.results[entry]
            accuracy = statistics.mean(result.accuracies)
            said = [f"{len(result.accuracies)} runs", result.remark]
            if setups and setups[entry]:
                said.append(f"once before: {setups[entry]:.1f} s")
            print(
                f"  {entry.name:34}{_spread(values, 0):>22}{_spread(ratios, 2):>26}{target:>8}"
                f"  {accuracy:.3f}     ({', '.join(filter(None, said))})"
            )


def in_process(path: Path, entries: Sequence[Entry], size: Size, rounds: int) -> None:
    """The grid by each system, everything imported and compiled."""
    table, setups = Table(load_work(path)), {}
    with ExitStack() as stack:
        processes = {entry: stack.enter_context(process()) for entry in entries}
        for turn in range(rounds + 1):
            for entry in entries:
                runs = settings()[: size.few if entry.few else size.runs]
                seconds, result = processes[entry].submit(measure, entry, path, runs).result()
                note(f"round {turn}: {entry.name} {seconds:.1f} s")
                if turn == 0:  # a warm-up
                    setups[entry] = result.setup
                else:
                    table.add(entry, seconds, result)
    print("\n in process, imported and compiled")
    table.show(OWN, setups)


def whole_process(path: Path, entries: Sequence[Entry], size: Size, rounds: int) -> None:
    """The grid by each system, in a fresh process from its start to its end."""
    table, runs = Table(load_work(path)), settings()[: size.runs]
    for turn in range(1, rounds + 1):
        for entry in entries:
            start = time.perf_counter()
            if entry is COMMAND:
                result = call(entry.module, entry.function, load_work(path), runs)
            else:
                _, result = apart(measure, entry, path, runs)
            seconds = time.perf_counter() - start
            note(f"round {turn}: whole process, {entry.name} {seconds:.1f} s")
            table.add(entry, seconds, result)
    print("\n whole process, imports and compilation included")
    table.show(COMMAND)


def grid(path: Path, size: Size, rounds: int, only: Sequence[str] | None) -> None:
    """Both tables of the grid."""
    peers = chosen(GRID_PEERS, only)
    if LOOP in peers:
        threads = apart(call, "bench_peers", "torch_threads", load_work(path))
        peers[peers.index(LOOP)] = replace(LOOP, options={"threads": threads})
    in_process(path, [OWN, TRAINER, *peers, *chosen(FEW_PEERS, only)], size, rounds)
    whole_process(path, [COMMAND, *peers], size, rounds)


def members(path: Path, size: Size) -> None:
    """Time a run and memory against the number of runs."""
    work = load_work(path)
    print("\n K runs in stacks as a sweep cuts them, on one thread, the trainer alone")
    for count in size.members:
        seconds, peak = apart(measure_members, path, [Setting(1e-3, 0.0, s) for s in range(count)])
        each = seconds / count
        print(
            f"  K = {count:4} {each * 1e3:9.1f} ms a run {each / work.steps * 1e6:7.0f} us a "
            f"run-step   peak memory {peak:6.0f} MiB",
            flush=True,
        )


def memory(path: Path, size: Size) -> None:
    """Peak memory of `train.py -m` with many runs in one process, against sweep.memory."""
    work, epochs = load_work(path), min(size.epochs, 2)
    runs = [Setting(1e-3, 0.0, seed) for seed in range(size.members[-1])]
    print(f"\n python train.py -m, {len(runs)} seeds, {epochs} epochs, one process")
    for limit in size.memory:
        more = (f"sweep.memory={limit}", "sweep.processes=1", f"trainer.epochs={epochs}")
        start = time.perf_counter()
        result: Result = call("bench_own", "command", work, runs, more=more)
        seconds = time.perf_counter() - start
        print(
            f"  sweep.memory={limit:<6} {seconds:7.1f} s   peak memory {result.peak:6.0f} MiB",
            flush=True,
        )


def cuda(path: Path, size: Size) -> None:
    """Runs a second of a grid against the members of a stack on a GPU."""
    if not apart(call, "bench_own", "has_cuda"):
        print("\n cuda: skipped, PyTorch finds no GPU")
        return
    rates = [1e-4 * 10 ** (place / 7.5) for place in range(16)]
    penalties = [0.0, *(10.0**-power for power in range(7, 0, -1))]
    runs = [Setting(*values) for values in product(rates, penalties, range(8))]
    runs = runs[: size.cuda_members[-1]]
    print(f"\n cuda: a grid of {len(runs)} runs, the trainer alone")
    with process() as own:
        for count in size.cuda_members:
            arguments = ("bench_own", "cuda_rate", load_work(path), runs, count, 4)
            rate = own.submit(call, *arguments).result()
            print(f"  K = {count:4} {rate:9.2f} runs a second", flush=True)


def chosen(entries: Sequence[Entry], only: Sequence[str] | None) -> list[Entry]:
    """Those asked for whose package is installed; says which are not."""
    found = []
    for entry in entries:
        if only and not any(word.lower() in entry.name.lower() for word in only):
            continue
        if importlib.util.find_spec(entry.package) is None:
            print(f" {entry.name}: skipped, {entry.package} is not installed")
            continue
        found.append(entry)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", choices=list(BATCH), default=list(BATCH))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--only", nargs="+", metavar="NAME", help="peers whose names hold a word")
    parser.add_argument("--quick", action="store_true", help="see that it works, in one round")
    options = parser.parse_args()
    size, rounds = (QUICK, 1) if options.quick else (Size(), options.rounds)
    print(f"{cores()} cores, {rounds} rounds")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.tables:
            source = options.data / "adult_train.csv.gz"
            if name == "adult" and not source.exists():
                print(f"\nadult: skipped, {source} is not there")
                continue
            # in a process of its own: importing nnexp sets what other processes would inherit
            arguments = (name, source, Path(folder), size.epochs)
            path = apart(call, "bench_own", "write_work", *arguments)
            work = load_work(path)
            widths = "-".join(map(str, work.widths))
            print(
                f"\n{name}: {len(work.x_train)} train and {len(work.x_valid)} validation rows, "
                f"{widths}, batch {work.batch}, {work.epochs} epochs, {size.runs} runs of "
                f"{work.steps} steps; load {_load()}",
                flush=True,
            )
            if "grid" in options.parts:
                grid(path, size, rounds, options.only)
            for part, function in (("members", members), ("memory", memory), ("cuda", cuda)):
                if part in options.parts:
                    function(path, size)
            print(f" load at the end {_load()}")


def note(line: str) -> None:
    """Say on the terminal's other stream how far it is."""
    print(line, file=sys.stderr, flush=True)


def _spread(values: Sequence[float], digits: int) -> str:
    """Median, least and most."""
    median, least, most = statistics.median(values), min(values), max(values)
    return f"{median:.{digits}f} [{least:.{digits}f}, {most:.{digits}f}]"


def _load() -> str:
    """Processes that wanted to run in the last minute, on average."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


if __name__ == "__main__":
    main()
