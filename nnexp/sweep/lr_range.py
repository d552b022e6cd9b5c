"""A learning-rate range test: many rates, each constant and with several seeds, in one stack.

Smith 2017 (Cyclical Learning Rates for Training Neural Networks, section 3.3) raises the rate of
one run step by step and reads the loss along the way. What a rate shows there depends on the rates
before it. The members of a stack cost little, so here each rate has runs of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnexp.config.schema.config import Config
from nnexp.config.schema.scheduler import ConstantSchedulerConfig
from nnexp.data import Dataset
from nnexp.runs.stack import RunStack
from nnexp.runs.task import Task
from nnexp.seeds import generator
from nnexp.sweep.grouping import MOST, cut
from nnexp.sweep.memory import free_bytes, member_bytes
from nnexp.train.machine import pick_device, threads
from nnexp.train.outcome import Callbacks, Epoch
from nnexp.train.plan import Part
from nnexp.train.trainer import fit

STEPS = 200  # of each run, where the user gives no epochs


@dataclass(frozen=True)
class Budget:
    """How far each run of the test is trained.

    Arguments:
        epochs: passes over the rows, >= 1.
        rows: how many train rows a pass takes.
        steps: steps in a pass.
    """

    epochs: int
    rows: int
    steps: int


@dataclass(frozen=True)
class Losses:
    """What R rates with S seeds reached.

    Arguments:
        train: (R, S) train loss of the last epoch; NaN for runs that diverged.
        valid: (R, S) validation loss, of the best epoch or, as the configuration's checkpoint
            asks for, the last; NaN for runs that diverged; None without validation rows.
        untrained: mean loss before training, on validation rows where there are any.
    """

    train: NDArray[np.float64]
    valid: NDArray[np.float64] | None
    untrained: float


def plan_budget(train_rows: int, config: Config, epochs: int | None) -> Budget:
    """The budget of a table.

    Arguments:
        train_rows: of the table, >= 1.
        config: for the batch size, and for the length of a run, which is never exceeded unless
            `epochs` says so.
        epochs: what the user asks for; None for about `STEPS` steps, which on a long table are
            part of an epoch.
    """
    batch = config.trainer.batch_size
    if epochs is None:
        rows = min(train_rows, STEPS * batch)
        steps = math.ceil(rows / batch)
        return Budget(min(config.trainer.epochs, math.ceil(STEPS / steps)), rows, steps)
    return Budget(epochs, train_rows, math.ceil(train_rows / batch))


def train_rates(
    config: Config,
    dataset: Dataset,
    rates: Sequence[float],
    seeds: int,
    budget: Budget,
    *,
    observe: Callable[[int, int], None] = lambda epoch, total: None,
    stop: Callable[[], bool] = lambda: False,
) -> Losses:
    """Train every rate with every seed, and without training for comparison.

    Members differ from the configured run in rate and `seed` alone, but that the rate is held
    constant and no run ends early for want of progress.

    Arguments:
        config: a checked configuration.
        dataset: its table.
        rates: R rates > 0.
        seeds: S >= 1; the configuration's and those after it.
        budget: from `plan_budget`.
        observe: called after every epoch with its number and how many there will be.
        stop: asked before every step; True ends the test.

    Raises:
        UserError: the table and the configuration do not fit each other.
        KeyboardInterrupt: `stop` ended the test.
    """
    config = replace(
        config,
        trainer=replace(config.trainer, epochs=budget.epochs),
        scheduler=ConstantSchedulerConfig(),
        reg=replace(config.reg, patience=None),
    )
    # a rate of 0 scores the initial weights
    tasks = [
        Task(
            replace(config, seed=config.seed + seed, optimizer=replace(config.optimizer, lr=rate)),
            Path(),
        )
        for rate in (0.0, *rates)
        for seed in range(seeds)
    ]
    stack = RunStack(tasks, [dataset] * len(tasks))
    problem = stack.problem
    (part,) = problem.data.parts
    data = replace(problem.data, parts=(_shorten(part, budget.rows, config.seed),))
    problem = replace(problem, data=data)
    device = pick_device(config.device).type
    room = free_bytes(gpu=device == "cuda") // 2
    chunks = cut(len(tasks), min(MOST[device], room // member_bytes(stack)))
    total = budget.epochs * len(chunks)
    history = {name: np.full((budget.epochs, len(tasks)), np.nan) for name in _COLUMNS}
    finished = np.zeros(len(tasks), dtype=bool)

    with threads(stack.threads(config.threads)):
        for number, chunk in enumerate(chunks):

            def record(epoch: Epoch, number: int = number, chunk: range = chunk) -> None:
                members = [chunk[member] for member in epoch.members]
                for name, values in history.items():
                    if name in epoch.record:
                        values[epoch.number - 1, members] = epoch.record[name]
                observe(number * budget.epochs + epoch.number, total)

            members = stack.members[chunk.start : chunk.stop]
            told = Callbacks(observe=record, stop=stop)
            outcomes = fit(stack.model, problem, members, told)
            if any(outcome.status == "interrupted" for outcome in outcomes):
                raise KeyboardInterrupt
            finished[chunk.start : chunk.stop] = [o.status == "done" for o in outcomes]

    def ended(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(finished, values, np.nan).reshape(-1, seeds)

    train = ended(history["train_loss"][-1])
    if not len(dataset.valid):
        return Losses(train[1:], None, float(train[0].mean()))
    losses = history["val_loss"]
    valid = ended(losses[-1] if config.trainer.checkpoint == "last" else _least(losses))
    return Losses(train[1:], valid[1:], float(valid[0].mean()))


_COLUMNS = ("train_loss", "val_loss")


def _shorten(part: Part, rows: int, seed: int) -> Part:
    """At most `rows` train rows drawn at random, and then as many validation rows."""
    if len(part.train) <= rows:
        return part
    return Part(_draw(part.train, rows, seed), _draw(part.valid, rows, seed))


def _draw(index: Tensor, rows: int, seed: int) -> Tensor:
    """At most `rows` of the row numbers (n,), ascending."""
    chosen = np.sort(generator(seed, "batches").permutation(len(index))[:rows])
    return index[torch.from_numpy(chosen).to(index.device)]


def _least(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least of each column of (epochs, members), NaN left out; NaN where all are."""
    return np.asarray(np.fmin.reduce(values, axis=0))
