"""Microseconds of a training step with one thread and with two or more, over sizes of a step.

    python scripts/bench_threads.py [--threads 2] [--rounds 5]

`threads=auto` takes a thread, and one more for each FLOPS_WORTH_A_THREAD of a step's arithmetic;
this shows where more threads begin to pay. Settings alternate within a round; medians are printed.
Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from nnexp.model.mlp import MLP
from nnexp.train.decision import Decision
from nnexp.train.losses import Loss
from nnexp.train.machine import FLOPS_WORTH_A_THREAD, keep_freed_memory
from nnexp.train.member import Member
from nnexp.train.plan import Data, Part, Plan, Problem
from nnexp.train.targets import Targets
from nnexp.train.trainer import fit

# inputs, hidden widths, batch rows
SIZES = [
    (64, (128, 128), 32),
    (64, (128, 128), 256),
    (108, (256, 256), 128),
    (108, (256, 256), 256),
    (784, (256, 256), 64),
    (784, (256, 256), 128),
    (784, (256, 256), 256),
    (784, (512, 512), 256),
]
CLASSES = 10
STEPS = 40


def step_time(inputs: int, hidden: tuple[int, ...], batch: int, threads: int) -> float:
    """Microseconds of a step."""
    torch.set_num_threads(threads)
    rows = STEPS * batch
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, CLASSES, (rows,), generator=generator)
    data = Data(
        torch.randn(rows, inputs, generator=generator),
        None,
        Targets(labels, CLASSES, labels),
        (Part(torch.arange(rows), torch.arange(0)),),
    )
    plan = Plan(epochs=1, batch_size=batch, monitor="train_loss", checkpoint="last")
    decision = Decision("cross_entropy", "logits", tuple(range(CLASSES)))
    start = time.perf_counter()
    fit(MLP(inputs, CLASSES, hidden), Problem(data, Loss(), decision, plan), [Member()])
    return (time.perf_counter() - start) / STEPS * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    keep_freed_memory()
    print(f"threads=auto: one more for each {FLOPS_WORTH_A_THREAD:.0e} operations of a step")
    for inputs, hidden, batch in SIZES:
        times: dict[int, list[float]] = {1: [], options.threads: []}
        for turn in range(options.rounds + 1):
            for threads, seen in times.items():
                taken = step_time(inputs, hidden, batch, threads)
                if turn > 0:
                    seen.append(taken)
        one, more = (statistics.median(seen) for seen in times.values())
        flops = 6.0 * batch * MLP(inputs, CLASSES, hidden).layout.weights
        widths = "-".join(map(str, (inputs, *hidden, CLASSES)))
        print(
            f"{widths:18} batch {batch:4}  {flops:.1e} operations  1 thread {one:7.0f} us  "
            f"{options.threads} threads {more:7.0f} us  ratio {one / more:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
