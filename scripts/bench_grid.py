"""The work that `bench_sweep.py` gives to every system: a table, a network, a grid of runs.

Nothing here imports a framework, so that a system's process holds that system alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

HIDDEN = (64, 64, 64)
DROPOUT = 0.2
EPOCHS = 10
BATCH = {"digits": 32, "adult": 256}
ADULT_ROWS = 30_000

LEARNING_RATES = (3e-4, 1e-3, 3e-3, 1e-2)
L2 = (0.0, 1e-4, 1e-3)
SEEDS = (0, 1)


@dataclass(frozen=True)
class Setting:
    """What a run of the grid has for itself.

    Arguments:
        lr: learning rate of Adam, > 0.
        l2: `l2 * sum w^2` over weight matrices is added to the loss, >= 0.
        seed: of initial weights, row order and dropout.
    """

    lr: float
    l2: float
    seed: int


@dataclass(frozen=True)
class Size:
    """How much is done.

    Arguments:
        epochs: of every run, but of those that only show the memory.
        runs: of the grid, from its front.
        few: runs of the systems that take long.
        members: of one stack.
        memory: values of sweep.memory, GiB.
        cuda_members: of one stack on a GPU.
    """

    epochs: int = EPOCHS
    runs: int = 24
    few: int = 2
    members: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    memory: tuple[float, ...] = (0.125, 0.25, 0.5, 1.0)
    cuda_members: tuple[int, ...] = (1, 4, 16, 64, 256, 1024)


QUICK = Size(epochs=2, runs=2, few=1, members=(1, 2), memory=(0.25,), cuda_members=(1, 2))


@dataclass(frozen=True, eq=False)
class Work:
    """What all runs share.

    Arguments:
        x_train, x_valid: float32 of shape (n, D) and (m, D), scaled.
        y_train, y_valid: int64 of shape (n,) and (m,), class index 0..C-1.
        batch: rows of a step, the last step of an epoch takes what is left.
        epochs: passes over the train rows.
        overrides: the same work as nnexp is told it.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_valid: np.ndarray
    y_valid: np.ndarray
    batch: int
    epochs: int
    overrides: tuple[str, ...] = ()

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of every layer, inputs and outputs included."""
        return (self.x_train.shape[1], *HIDDEN, int(self.y_train.max()) + 1)

    @property
    def steps(self) -> int:
        """Training steps of one run."""
        return self.epochs * -(-len(self.x_train) // self.batch)


@dataclass(frozen=True)
class Result:
    """What a system made of the runs that it was given.

    Arguments:
        accuracies: validation accuracy after the last epoch, one a run.
        setup: seconds of it that went into what a process does once (compilation).
        aside: seconds of it that went into removing what the benchmark has no use for.
        remark: what a reader should know of how it was done.
        peak: the most memory that a process of it held, MiB; 0 where it was not asked.
    """

    accuracies: list[float]
    setup: float = 0.0
    aside: float = 0.0
    remark: str = ""
    peak: float = 0.0


System = Callable[[Work, Sequence[Setting]], Result]


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def settings() -> list[Setting]:
    """The 24 runs, the seed innermost."""
    return [Setting(*values) for values in product(LEARNING_RATES, L2, SEEDS)]


def save_work(path: Path, work: Work) -> None:
    """Leave it for other processes."""
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in vars(work).items()}
    np.savez(path, **arrays)


@lru_cache(maxsize=4)
def load_work(path: Path) -> Work:
    """Read what `save_work` left, once in a process."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["batch"], arrays["epochs"] = int(arrays["batch"]), int(arrays["epochs"])
    arrays["overrides"] = tuple(arrays["overrides"].tolist())
    return Work(**arrays)
