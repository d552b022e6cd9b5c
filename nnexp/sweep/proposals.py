"""Configurations proposed by Optuna, a batch at a time, each better informed than the last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nnexp.config.schema.sweep import SweepConfig
from nnexp.errors import UserError
from nnexp.sweep.draw import repetitions
from nnexp.sweep.space import Axis, Space, with_folds


class Proposals:
    """An Optuna study over the axes of a sweep, asked and told a stack at a time.

    The same scores bring the same proposals, so a sweep that is resumed asks for what it had.

    Arguments:
        spaces: its blocks, among which the study chooses.
        settings: of which `n`, `seed`, `sampler` and `batch` are read.

    Raises:
        UserError: Optuna is not installed.
    """

    def __init__(self, spaces: Sequence[Space], settings: SweepConfig) -> None:
        try:
            import optuna
        except ImportError:
            raise UserError(
                "sweep.method=optuna needs Optuna, which is not installed",
                "the package optuna, which nnexp does not install by itself",
                "pip install 'nnexp[optuna]'",
            ) from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.spaces, self.left, self.batch = list(spaces), settings.n or 0, settings.batch
        self.failed = optuna.trial.TrialState.FAIL
        self.study = optuna.create_study(sampler=_sampler(optuna, settings))
        self.asked: list[tuple[Any, int]] = []  # trials, each with the number of its jobs

    def ask(self) -> list[list[str]]:
        """The jobs of the next batch; none where all have been proposed."""
        jobs: list[list[str]] = []
        self.asked = []
        for _ in range(min(self.batch, self.left)):
            trial = self.study.ask()
            place = 0
            if len(self.spaces) > 1:
                place = trial.suggest_categorical("block", list(range(len(self.spaces))))
            space = self.spaces[place]
            chosen = [_suggest(trial, place, axis) for axis in space.axes if not axis.repeats]
            own = with_folds(list(repetitions(space, chosen)))
            jobs += own
            self.asked.append((trial, len(own)))
        self.left -= len(self.asked)
        return jobs

    def tell(self, losses: Sequence[float | None]) -> None:
        """What became of the jobs of the last batch.

        Arguments:
            losses: for each of them, in the order of `ask`, a value to be small; None where it
                has none.
        """
        place = 0
        for trial, count in self.asked:
            own = [loss for loss in losses[place : place + count] if loss is not None]
            place += count
            if len(own) < count or not all(map(math.isfinite, own)):
                self.study.tell(trial, state=self.failed)
            else:
                self.study.tell(trial, math.fsum(own) / count)


def _sampler(optuna: Any, settings: SweepConfig) -> Any:
    import warnings

    seed = settings.seed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Optuna calls experimental is what was asked for
        if settings.sampler == "tpe":
            # those of a batch are told apart by taking the open ones for bad
            return optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        if settings.sampler == "gp":
            return optuna.samplers.GPSampler(seed=seed)
        if settings.sampler == "qmc":
            return optuna.samplers.QMCSampler(seed=seed, scramble=True)
        return optuna.samplers.RandomSampler(seed=seed)


def _suggest(trial: Any, block: int, axis: Axis) -> tuple[str, ...]:
    name = f"{block}: {' '.join(axis.keys)}"
    interval = axis.interval
    if interval is None:
        return axis.values[trial.suggest_categorical(name, list(range(len(axis.values))))]
    if interval.whole:
        low, high = int(interval.low), int(interval.high)
        return axis.word(trial.suggest_int(name, low, high, log=interval.log))
    value = trial.suggest_float(name, interval.low, interval.high, log=interval.log)
    return axis.word(interval.rounded(value))
