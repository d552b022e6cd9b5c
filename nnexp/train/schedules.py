"""Learning-rate schedules: the share of the learning rate at each step, for each member.

A schedule's clock starts when its warm-up ends; while that lasts the rate rises linearly. Formulas
follow torch.optim.lr_scheduler's StepLR, CosineAnnealingLR (stepped every batch), OneCycleLR
(cosine annealing, the rate alone) and ReduceLROnPlateau (relative threshold).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nnexp.train.columnwise import columnwise


class Schedule:
    """The constant rate, and what all schedules share.

    Arguments:
        numbers: for each member its numbers, by the names of the configuration.
        steps_per_epoch: steps in an epoch.
        epochs: for each member the epochs of its run.
    """

    def __init__(
        self, numbers: Sequence[Mapping[str, float]], steps_per_epoch: int, epochs: Sequence[int]
    ) -> None:
        self.numbers = list(numbers)
        self.steps_per_epoch = steps_per_epoch
        self.total = steps_per_epoch * np.array(epochs)  # (K,) steps

    def array(self, name: str, default: float = 0.0) -> np.ndarray:
        """One number of every member, (K,) float64."""
        return np.array([n.get(name, default) for n in self.numbers], dtype=np.float64)

    def factors(self, epoch: int) -> np.ndarray:
        """Shares of the learning rate (S, K) float64 at the steps of `epoch` >= 1."""
        step = (epoch - 1) * self.steps_per_epoch + np.arange(self.steps_per_epoch)[:, None]
        warmup = np.round(self.array("warmup") * self.steps_per_epoch)  # (K,) steps
        start = self.array("warmup_start", 1.0)
        rising = start + (1 - start) * step / np.maximum(warmup, 1)  # (S, K)
        clock = np.maximum(step - warmup, 0)
        total = np.maximum(self.total - warmup, 1)
        return np.where(step < warmup, rising * self.first(), self.after_warmup(clock, total))

    def after_warmup(self, clock: np.ndarray, total: np.ndarray) -> np.ndarray:
        """Shares (S, K) at `clock` (S, K) of `total` (K,) steps, both counted after warm-up."""
        return np.ones_like(clock, dtype=np.float64)

    def first(self) -> np.ndarray:
        """Shares (K,) where the clock stands at 0: what a warm-up rises to."""
        return self.after_warmup(np.zeros((1, len(self.numbers))), np.ones(len(self.numbers)))[0]

    def observe(self, values: np.ndarray, epoch: int) -> None:
        """Take note of the monitored values (K,) after `epoch`; lower is better."""

    def state(self) -> dict[str, np.ndarray]:
        """Arrays (K,) by name that a resumed run needs; the schedule's own, not copies."""
        return {}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what `state` gave, an entry for each member."""
        for name, value in state.items():
            setattr(self, name, value)

    def keep(self, rows: list[int]) -> None:
        """Keep only the members `rows`, in this order."""
        for name, value in self.state().items():
            setattr(self, name, value[rows])
        self.numbers = [self.numbers[row] for row in rows]
        self.total = self.total[rows]


class StepSchedule(Schedule):
    """Times `gamma` every `step_size` epochs."""

    def after_warmup(self, clock: np.ndarray, total: np.ndarray) -> np.ndarray:
        drops = np.floor(clock / self.steps_per_epoch) // self.array("step_size", 1)
        return columnwise(np.power, self.array("gamma", 1.0), drops)


class CosineSchedule(Schedule):
    """Half a cosine from 1 down to `min_factor`, which it would reach one step after the end."""

    def after_warmup(self, clock: np.ndarray, total: np.ndarray) -> np.ndarray:
        least = self.array("min_factor")
        return least + (1 - least) * (1 + columnwise(np.cos, np.pi * clock / total)) / 2


class OneCycleSchedule(Schedule):
    """From 1 / div_factor up to 1 at `peak` of the run, then down to the end (Smith 2018)."""

    def after_warmup(self, clock: np.ndarray, total: np.ndarray) -> np.ndarray:
        start = 1 / self.array("div_factor", 25.0)
        end = start / self.array("final_div_factor", 1e4)
        top = np.maximum(self.array("peak", 0.3) * total - 1, 1e-9)
        bottom = np.maximum(total - 1 - top, 1e-9)

        def cosine(first: np.ndarray, last: np.ndarray, share: np.ndarray) -> np.ndarray:
            angle = np.pi * np.clip(share, 0, 1)
            return last + (first - last) / 2 * (1 + columnwise(np.cos, angle))

        ones = np.ones_like(start)
        rising = cosine(start, ones, clock / top)
        falling = cosine(ones, end, (clock - top) / bottom)
        return np.where(clock <= top, rising, falling)


class PlateauSchedule(Schedule):
    """Times `factor` after more than `patience` epochs without a better monitored value."""

    def __init__(
        self, numbers: Sequence[Mapping[str, float]], steps_per_epoch: int, epochs: Sequence[int]
    ) -> None:
        super().__init__(numbers, steps_per_epoch, epochs)
        members = len(self.numbers)
        self.share = np.ones(members)
        self.best = np.full(members, np.inf)
        self.waited = np.zeros(members)
        self.cooling = np.zeros(members)

    def after_warmup(self, clock: np.ndarray, total: np.ndarray) -> np.ndarray:
        return np.broadcast_to(self.share, clock.shape).copy()

    def first(self) -> np.ndarray:
        return np.ones(len(self.numbers))

    def observe(self, values: np.ndarray, epoch: int) -> None:
        counted = epoch > np.ceil(self.array("warmup"))
        best = np.where(np.isinf(self.best), 0, self.best)
        bar = best - np.abs(best) * self.array("threshold")
        with np.errstate(invalid="ignore"):  # NaN is not better
            better = values < np.where(np.isinf(self.best), np.inf, bar)
        self.best = np.where(better, values, self.best)
        self.waited = np.where(better, 0, self.waited + counted)
        cooling = self.cooling > 0
        self.cooling = np.maximum(self.cooling - 1, 0)
        self.waited = np.where(cooling, 0, self.waited)
        drop = self.waited > self.array("patience", 10)
        lower = np.maximum(self.share * self.array("factor", 0.1), self.array("min_factor"))
        self.share = np.where(drop, lower, self.share)
        self.cooling = np.where(drop, self.array("cooldown"), self.cooling)
        self.waited = np.where(drop, 0, self.waited)

    def state(self) -> dict[str, np.ndarray]:
        return {
            "share": self.share,
            "best": self.best,
            "waited": self.waited,
            "cooling": self.cooling,
        }


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Schedule,
    "step": StepSchedule,
    "cosine": CosineSchedule,
    "one_cycle": OneCycleSchedule,
    "plateau": PlateauSchedule,
}
