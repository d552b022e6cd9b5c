"""Probes of a run: it is changed on purpose in a dozen ways, which are trained together.

Some probes change the rows (one batch to learn by heart, inputs of zero, labels dealt anew) and
show whether loss, inputs and labels are joined at all; the others change one choice (the rate,
the optimizer at its best rate, the width, the penalties, the epochs) and show which of them holds
the score down. What a probe shows it nominates; only a proof, with other seeds, confirms it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nnexp.arms import Arm, member_seconds, train_arms
from nnexp.changes import changed
from nnexp.config.saved import read_config
from nnexp.config.schema import Config
from nnexp.data import Dataset
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.probe import Probe
from nnexp.errors import UserError
from nnexp.examine import read_overrides
from nnexp.leaderboard.statistics import paired_test

SEEDS = 5  # runs of each probe
FIRST = 1000  # seeds of probes, beyond those of proofs
BATCH = 32  # rows to learn by heart
STEPS = 300  # on the rows to learn by heart
LEARNT = 0.95  # accuracy on them
RATES = (0.1, 10.0)  # times the run's learning rate, and times the usual one of another optimizer
USUAL = {"sgd": 0.05, "adam": 0.001, "rmsprop": 0.001}  # learning rates, times RATES and 1
LONGER = 4  # times the epochs
WIDER = 4  # times the width of each hidden layer
LEAST_GAIN = 0.02  # of accuracy, and three standard errors, for a nomination
FREE = {
    "reg.l1": 0.0,
    "reg.l2": 0.0,
    "reg.weight_decay": 0.0,
    "reg.dropout": 0.0,
    "reg.input_dropout": 0.0,
    "reg.label_smoothing": 0.0,
    "optimizer.weight_decay": 0.0,
}
# a gain -> how surely it is the cause; a rate too low makes all that follow it look like one
STRENGTH = {
    "lr_too_low": 0.9,
    "lr_too_high": 0.9,
    "over_regularized": 0.9,
    "underfit_capacity": 0.78,
    "unsuitable_optimizer": 0.74,
    "undertrained": 0.7,
}
WHY = {
    "lr_too_low": "with larger steps the same network learns what it has not learnt here",
    "lr_too_high": "with smaller steps the same network settles where it has not settled here",
    "over_regularized": "without its penalties the same network learns what they hold back",
    "underfit_capacity": "a larger network learns what this one cannot express",
    "unsuitable_optimizer": "at its best rate the other optimizer goes where this one, at the "
    "best of its rates, does not",
    "undertrained": "with more epochs the same run goes on improving",
}


@dataclass(frozen=True)
class Probed:
    """What the probes of a run showed.

    Arguments:
        probes: in the order of their table; the run as it is first.
        nominations: the causes that they point to.
        seconds: what they took.
        runs: how many were trained.
    """

    probes: Sequence[Probe] = ()
    nominations: Sequence[Nomination] = ()
    seconds: float = 0.0
    runs: int = 0


@dataclass(frozen=True)
class _Plan:
    """A probe that is to be made.

    Arguments:
        name: in words.
        words: the overrides.
        arm: its runs.
        cause: that its gain would point to; "" for one that changes the rows.
    """

    name: str
    words: tuple[str, ...]
    arm: Arm
    cause: str = ""


def probe(
    folder: str | Path, *, seeds: int = SEEDS, budget: float | None = None, trust: bool = False
) -> Probed:
    """Train the probes of a run, as few stacks as can be.

    Arguments:
        folder: the run folder, for its configuration.
        seeds: runs of each probe, >= 2; they share the run's split.
        budget: seconds that they may take, about: fewer seeds, and then fewer probes, are made;
            None for no limit.
        trust: see `nnexp.load`.

    Raises:
        UserError: there is no validation row to judge by, or the configuration is damaged.
    """
    folder = Path(folder)
    start = time.monotonic()
    plans = planned(read_config(folder, trust), read_overrides(folder))
    if budget is not None:
        each = member_seconds(folder)
        while len(plans) * seeds * each > budget and seeds > 2:
            seeds -= 1
        plans = plans[: max(4, int(budget / (seeds * each)))]
    train_arms([own.arm for own in plans], range(FIRST, FIRST + seeds), resplit=False)
    if not any(np.isfinite(plans[0].arm.accuracies)):
        raise UserError(
            "no re-run of the configuration came to a validation score",
            "a run with validation rows",
            "data.split.valid=0.2",
        )
    found = [_read(own, plans) for own in plans]
    taken = time.monotonic() - start
    return Probed(found, _nominations(plans), taken, len(plans) * seeds)


def planned(base: Config, overrides: Sequence[str]) -> list[_Plan]:
    """The probes of a configuration, those that change the rows first; what does not fit it is
    left out.
    """
    plans = [_Plan("as it is", (), Arm(base))]

    def add(
        name: str,
        words: Sequence[str],
        cause: str = "",
        adapt: Callable[[Dataset], Dataset] | None = None,
    ) -> None:
        config = changed(base, overrides, words)
        if config is not None and (adapt is not None or config != base):
            plans.append(_Plan(name, tuple(words), Arm(config, (len(plans),), adapt), cause))

    free = [override(key, value) for key, value in FREE.items() if _get(base, key) not in (0, None)]
    rows = min(BATCH, max(8, base.trainer.batch_size))
    add(
        f"{rows} rows, learnt by heart",
        [
            *free,
            "scheduler=constant",
            override("reg.patience", None),
            override("loss.class_weight", None),
            override("trainer.epochs", STEPS),
            override("trainer.batch_size", rows),
            "trainer.checkpoint=last",
            "trainer.monitor=train_loss",
        ],
        adapt=lambda dataset: one_batch(dataset, rows),
    )
    add("inputs of zero", [], adapt=blank)
    add("train labels dealt anew", [], adapt=dealt)
    rate = base.optimizer.lr
    for factor, cause in zip(RATES, ("lr_too_high", "lr_too_low"), strict=True):
        words = [override("optimizer.lr", float(f"{rate * factor:.3g}"))]
        add(f"learning rate x {factor:g}", words, cause)
    add("no regularization", free, "over_regularized")
    hidden = [int(WIDER * width) for width in getattr(base.model, "hidden", None) or ()]
    if hidden or hasattr(base.model, "hidden"):
        wider = override("model.hidden", hidden or [64])
        add("a larger network", [wider], "underfit_capacity")
    elif base.model.name == "linear":
        add("a larger network", ["model=mlp", "model.hidden=[64]"], "underfit_capacity")
    epochs = [override("trainer.epochs", LONGER * base.trainer.epochs)]
    add(f"{LONGER} times the epochs", epochs, "undertrained")
    for name, usual in USUAL.items():
        if name == base.optimizer.name:
            continue
        for factor in (RATES[0], 1.0, RATES[1]):
            value = float(f"{usual * factor:.3g}")
            words = [f"optimizer={name}", override("optimizer.lr", value)]
            add(" ".join(words), words, "unsuitable_optimizer")
    return plans


# ------------------------------------------------------------------------------ changed rows
def one_batch(dataset: Dataset, rows: int) -> Dataset:
    """The table with so many train rows, the same ones to judge by."""
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.choice(dataset.train, min(rows, len(dataset.train)), replace=False))
    return replace(dataset, train=chosen, valid=chosen, test=chosen[:0])


def blank(dataset: Dataset) -> Dataset:
    """The table with every input 0, and every code that of no known level."""
    codes = None if dataset.codes is None else np.zeros_like(dataset.codes)
    return replace(dataset, x=np.zeros_like(dataset.x), codes=codes)


def dealt(dataset: Dataset) -> Dataset:
    """The table with the labels of its train rows in a random order."""
    order = np.random.default_rng(0).permutation(len(dataset.train))
    y = dataset.y.copy()
    y[dataset.train] = y[dataset.train[order]]
    raw = dataset.raw
    if raw is not None:
        raw = raw.copy()
        raw[dataset.train] = raw[dataset.train[order]]
    return replace(dataset, y=y, raw=raw)


# ------------------------------------------------------------------------------ what they show
def _read(own: _Plan, plans: Sequence[_Plan]) -> Probe:
    value = float(np.nanmean(own.arm.accuracies)) if _scored(own) else float("nan")
    base = plans[0]
    by_heart = own.arm.adapt is not None and own.words
    where = "train" if by_heart else "val"
    gain, interval = None, None
    if own is not base and not by_heart and _scored(own):
        compared = paired_test(_gains(base, own), step=1 / max(base.arm.rows, 1))
        gain = float(compared.mean.mean)
        interval = float(compared.mean.low), float(compared.mean.high)
    return Probe(
        own.name, own.words if own.cause else (), f"accuracy/{where}", value, gain, interval,
        _meaning(own, value, gain, interval),
    )  # fmt: skip


def _meaning(
    own: _Plan, value: float, gain: float | None, interval: tuple[float, float] | None
) -> str:
    if not _scored(own):
        return "came to no score"
    if own.arm.adapt is not None and own.words:
        if value >= LEARNT:
            return "can learn: loss, gradients and labels are joined"
        return "cannot learn even these: rate, loss or labels"
    if gain is None or interval is None:
        return ""
    if own.arm.adapt is not None:
        what = "inputs" if own.arm.adapt is blank else "labels"
        if interval[1] < -LEAST_GAIN:
            return f"what the {what} are worth"
        if gain < -LEAST_GAIN:
            return "no clear difference"
        other = "without inputs" if own.arm.adapt is blank else "with random labels"
        return f"as good {other}: nothing was learnt from them"
    if gain >= LEAST_GAIN and interval[0] > 0:
        return "better"
    if interval[1] < 0:
        return "worse"
    return "no clear difference" if interval[1] >= LEAST_GAIN else "no better"


def _nominations(plans: Sequence[_Plan]) -> list[Nomination]:
    """The causes whose change gains, by the largest gain of each."""
    base = plans[0]
    best: dict[str, tuple[float, _Plan]] = {}
    for own in plans[1:]:
        if own.cause and _scored(own):
            before = _best_rate(plans) if own.cause == "unsuitable_optimizer" else base
            gains = _gains(before, own)
            gains = gains[np.isfinite(gains)]
            error = max(gains.std(ddof=1), 1 / max(base.arm.rows, 1)) / np.sqrt(len(gains))
            mean = float(gains.mean())
            if mean >= max(LEAST_GAIN, 3 * error) and mean > best.get(own.cause, (0.0,))[0]:
                best[own.cause] = mean, own
    if not best:
        return []
    most = max(gain for gain, _ in best.values())
    found = []
    for cause, (gain, own) in best.items():
        before = _best_rate(plans) if cause == "unsuitable_optimizer" else base
        name = "the run" if before is base else f"the run at {' '.join(before.words) or 'its rate'}"
        evidence = Evidence(
            f"accuracy on validation rows with {' '.join(own.words)}",
            round(float(np.nanmean(own.arm.accuracies)), 4),
            f"no better than {np.nanmean(before.arm.accuracies):.3f}, that of {name} "
            f"({len(own.arm.accuracies)} seeds)",
        )
        strength = STRENGTH[cause] * float(np.sqrt(gain / most))
        found.append(Nomination(cause, (evidence,), WHY[cause], own.words, strength, certain=True))
    return found


def _best_rate(plans: Sequence[_Plan]) -> _Plan:
    """The run with its own optimizer, at the best of its rates."""
    own = [plans[0], *(p for p in plans if p.cause in ("lr_too_low", "lr_too_high"))]
    return max((p for p in own if _scored(p)), key=lambda p: float(np.nanmean(p.arm.accuracies)))


def _scored(own: _Plan) -> bool:
    return int(np.isfinite(own.arm.accuracies).sum()) >= 2


def _gains(before: _Plan, after: _Plan) -> np.ndarray:
    return np.array(after.arm.accuracies) - np.array(before.arm.accuracies)


def _get(config: Config, key: str) -> object:
    section, _, name = key.partition(".")
    return getattr(getattr(config, section), name, None)
