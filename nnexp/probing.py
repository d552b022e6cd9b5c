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
from nnexp.changes import changed, value_of
from nnexp.config.saved import read_config
from nnexp.config.schema import Config
from nnexp.data import Dataset
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.probe import Probe
from nnexp.errors import UserError
from nnexp.examine import read_overrides
from nnexp.leaderboard.statistics import holm, paired_test

SEEDS = 5  # runs of each probe
FIRST = 1000  # seeds of probes, beyond those of proofs
BATCH = 32  # rows to learn by heart
STEPS = 300  # on the rows to learn by heart
LEVEL = 0.05  # of the paired t-test, after Holm's correction
LEARNT = 0.95  # accuracy on them
RATES = (0.1, 10.0)  # times the run's learning rate, and times the usual one of another optimizer
USUAL = {"sgd": 0.05, "adam": 0.001, "rmsprop": 0.001}  # learning rates, times RATES and 1
LONGER = 4  # times the epochs
WIDER = 4  # times the width of each hidden layer
PAIRS = 3  # with a score, for a nomination
WIDEST = 1024  # units of a layer that is made larger
LEAST_GAIN = 0.02  # of accuracy, and two standard errors of the rows, for a nomination
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

    @property
    def by_heart(self) -> bool:
        """Whether it is judged by the rows it learns."""
        return self.arm.adapt is not None and bool(self.words)

    @property
    def is_scored(self) -> bool:
        """Whether enough of its runs came to a score."""
        return int(np.isfinite(self.arm.accuracies).sum()) >= 2


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
        costs = np.cumsum([_cost(own, plans[0]) for own in plans]) * member_seconds(folder)
        while costs[-1] * seeds > budget and seeds > 2:
            seeds -= 1
        plans = plans[: max(4, int((costs * seeds <= budget).sum()))]
    train_arms([own.arm for own in plans], range(FIRST, FIRST + seeds), resplit=False)
    if not any(np.isfinite(own.arm.accuracies).any() for own in plans if not own.by_heart):
        raise UserError(
            "no probe came to a validation score",
            "a run with validation rows that is not beyond all help",
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
            plans.append(_Plan(name, tuple(words), Arm(config, adapt=adapt), cause))

    free = [override(key, value) for key, value in FREE.items() if value_of(base, key) != 0]
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
    hidden = [
        max(width, min(WIDER * width, WIDEST))
        for width in getattr(base.model, "hidden", None) or ()
    ]
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
    """The table with so many train rows, of each class as many as can be, the same to judge by."""
    rng = np.random.default_rng(0)
    order = rng.permutation(dataset.train)
    turn = np.zeros(len(order), dtype=np.int64)
    for label in np.unique(dataset.y[order]):
        own = dataset.y[order] == label
        turn[own] = np.arange(own.sum())
    chosen = np.sort(order[np.argsort(turn, kind="stable")][:rows])
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
    known = np.array(own.arm.accuracies)[np.isfinite(own.arm.accuracies)]
    value = float(known.mean()) if len(known) else None
    base = plans[0]
    gain, interval = None, None
    if own is not base and not own.by_heart and own.is_scored:
        compared = paired_test(_gains(base, own), step=1 / max(own.arm.rows, 1))
        if np.isfinite(compared.mean.low):
            gain = float(compared.mean.mean)
            interval = float(compared.mean.low), float(compared.mean.high)
    return Probe(
        own.name,
        own.words if own.cause else (),
        "accuracy/train" if own.by_heart else "accuracy/val",
        value,
        gain,
        interval,
        _meaning(own, value, gain, interval),
    )


def _meaning(
    own: _Plan, value: float | None, gain: float | None, interval: tuple[float, float] | None
) -> str:
    if value is None:
        return "came to no score"
    if own.by_heart:
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
    """The causes whose change gains, by the largest gain of each.

    A gain counts where the paired t-test over the seeds, corrected for the number of probes
    (Holm), and the validation rows, which all of them share, can tell it from none.
    """
    tried = [own for own in plans[1:] if own.cause and own.is_scored]
    before = [_before(own, plans) for own in tried]
    gains = [_gains(base, own) for base, own in zip(before, tried, strict=True)]
    gains = [own[np.isfinite(own)] for own in gains]
    step = [1 / max(own.arm.rows, 1) for own in tried]
    tests = [paired_test(own, step=one) for own, one in zip(gains, step, strict=True)]
    sided = [t.p / 2 if t.mean.mean > 0 else 1.0 for t in tests]
    p_values = holm([p if np.isfinite(p) else 1.0 for p in sided]) if sided else np.zeros(0)
    best: dict[str, tuple[float, _Plan, _Plan]] = {}
    for own, base, gain, one, p in zip(tried, before, gains, step, p_values, strict=True):
        mean = float(gain.mean()) if len(gain) >= PAIRS else 0.0
        # rows that are told otherwise are as many as the gain, and some go back and forth
        rows = float(np.sqrt((abs(mean) + LEAST_GAIN) * one))
        if (
            mean >= max(LEAST_GAIN, 2 * rows)
            and p < LEVEL
            and mean > best.get(own.cause, (0.0,))[0]
        ):
            best[own.cause] = mean, own, base
    most = max((gain for gain, *_ in best.values()), default=1.0)
    return [
        Nomination(
            cause,
            (
                Evidence(
                    f"accuracy on validation rows with {' '.join(own.words)}",
                    round(float(np.nanmean(own.arm.accuracies)), 4),
                    f"no better than {_mean(base):.3f}, that of the run "
                    f"{'as it is' if base is plans[0] else 'with ' + ' '.join(base.words)} "
                    f"({len(own.arm.accuracies)} seeds)",
                ),
            ),
            WHY[cause],
            own.words,
            STRENGTH[cause] * float(np.sqrt(gain / most)),
            certain=True,
        )
        for cause, (gain, own, base) in best.items()
    ]


def _before(own: _Plan, plans: Sequence[_Plan]) -> _Plan:
    """What a probe is compared with: another optimizer with this one at the best of its rates."""
    return _best_rate(plans) if own.cause == "unsuitable_optimizer" else plans[0]


def _best_rate(plans: Sequence[_Plan]) -> _Plan:
    """The run with its own optimizer, at the best of its rates."""
    rates = [own for own in plans if own.cause in ("lr_too_low", "lr_too_high")]
    return max((plans[0], *rates), key=_mean)


def _mean(own: _Plan) -> float:
    return float(_told(own).mean())


def _told(own: _Plan) -> np.ndarray:
    """Accuracies by seed; a run that came to no score has none."""
    return np.nan_to_num(np.array(own.arm.accuracies, dtype=float), nan=0.0)


def _gains(before: _Plan, after: _Plan) -> np.ndarray:
    return np.array(after.arm.accuracies) - _told(before)


def _cost(own: _Plan, base: _Plan) -> float:
    """About how much longer than the run a probe takes, by its epochs and widths."""
    if own.by_heart:
        return 1.0
    wide, usual = (sum(getattr(p.arm.config.model, "hidden", None) or [1]) for p in (own, base))
    epochs = own.arm.config.trainer.epochs / base.arm.config.trainer.epochs
    return epochs * max(1.0, wide / usual)
