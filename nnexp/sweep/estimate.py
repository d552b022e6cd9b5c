"""What a sweep will take, measured by a few steps of each of its stacks."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from nnexp.runs.stack import RunStack
from nnexp.runs.task import Task
from nnexp.sweep.chunk import Chunk
from nnexp.sweep.execute import Execution
from nnexp.train.machine import threads as with_threads
from nnexp.train.outcome import Callbacks
from nnexp.train.trainer import fit

BUDGET = 0.3  # seconds of steps that are timed for each stack
FOLDER_SECONDS = 0.02  # to write the files of a run


@dataclass(frozen=True)
class Estimate:
    """What a group of runs that share a stack will take.

    Arguments:
        runs: how many.
        chunks: in how many stacks they are trained.
        bytes: of memory, for the largest chunk.
        seconds: of one process, for all of them to their last epoch.
    """

    runs: int
    chunks: int
    bytes: int
    seconds: float


def estimate(execution: Execution) -> list[Estimate]:
    """Time a few steps of each group of an execution; nothing is written."""
    found = []
    for chunks in execution.chunks:
        if not chunks:
            continue
        largest = max(chunks, key=lambda chunk: len(chunk.places))
        each = _member_epoch(execution, largest)
        jobs = [execution.jobs[place] for chunk in chunks for place in chunk.places]
        epochs = sum(job.config.trainer.epochs for job in jobs if job.config)
        seconds = each * epochs + FOLDER_SECONDS * len(jobs)
        found.append(Estimate(len(jobs), len(chunks), largest.each * len(largest.places), seconds))
    return found


def total_seconds(estimates: list[Estimate], processes: int) -> float:
    """Wall-clock seconds of all, divided among so many processes."""
    return sum(own.seconds for own in estimates) / max(1, processes)


def _member_epoch(execution: Execution, chunk: Chunk) -> float:
    """Seconds of an epoch, for each member of a chunk."""
    jobs = [execution.jobs[place] for place in chunk.places]
    tasks = [Task(job.config, job.folder) for job in jobs if job.config]
    stack = RunStack(tasks, [execution.datasets[place] for place in chunk.places])
    problem = stack.problem
    steps = math.ceil(problem.data.train_rows / problem.plan.batch_size)
    taken, begun = 0, 0.0

    def stop() -> bool:
        nonlocal taken, begun
        now = time.monotonic()
        if not taken:
            begun = now
        taken += 1
        return now - begun > BUDGET

    with with_threads(1):
        fit(stack.model, problem, stack.members, Callbacks(stop=stop), until=1)
        lasted = time.monotonic() - begun
    return lasted / max(1, min(taken, steps)) * steps / len(tasks)
