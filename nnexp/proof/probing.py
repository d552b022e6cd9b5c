"""Probes of a run: it is changed on purpose in a dozen ways, which are trained together.

Some probes change the rows (one batch to learn by heart, inputs of zero, labels dealt anew) and
show whether loss, inputs and labels are joined at all; the others change one choice (the rate,
the optimizer at its best rate, the width, the penalties, the epochs, the scaling, each setting that
was typed) and show which of them holds the score down. What a probe shows it nominates; only a
proof, with other seeds, confirms it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnexp.config.changes import changed, config_value
from nnexp.config.contradictions.monitor import may_validate
from nnexp.config.saved import read_config
from nnexp.config.schema.config import Config
from nnexp.config.typed import read_typed
from nnexp.data import Dataset
from nnexp.data.altered import blank, dealt, one_batch
from nnexp.data.cache import Tables
from nnexp.diagnosis.finding import Nomination
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.probe import Probe
from nnexp.errors import UserError
from nnexp.proof.arms import Arm, cost, member_seconds, train_arms
from nnexp.proof.probed import PAIRS, PlannedProbe, left_out, nominations, read_probe
from nnexp.proof.typed_back import typed_back

SEEDS = 5  # runs of each probe
FIRST = 1000  # seeds of probes, beyond those of proofs
FEWEST = 4  # probes that are made however little time there is
BATCH = 32  # rows to learn by heart
STEPS = 300  # on the rows to learn by heart
RATES = (0.1, 10.0)  # times the run's learning rate, and times the usual one of another optimizer
USUAL = {"sgd": 0.05, "adam": 0.001, "rmsprop": 0.001}  # learning rates, times RATES and 1
NEAR = 3.0  # times a rate that is tried, within which no other need be
SCALINGS = ("standard", "quantile")  # by the mean, which outliers move, and by rank
HELD = 0.01  # reg.l2 that holds back a network which learns rows by heart
LONGER = 4  # times the epochs
WIDER = 4  # times the width of each hidden layer
WIDEST = 1024  # units of a layer that is made larger
FREE = {
    "reg.l1": 0.0,
    "reg.l2": 0.0,
    "reg.weight_decay": 0.0,
    "reg.dropout": 0.0,
    "reg.input_dropout": 0.0,
    "reg.label_smoothing": 0.0,
    "optimizer.weight_decay": 0.0,
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


def probe(
    folder: str | Path,
    *,
    seeds: int = SEEDS,
    budget: float | None = None,
    unasked: bool = False,
    trust: bool = False,
    tables: Tables | None = None,
) -> Probed:
    """Train the probes of a run, as few stacks as can be.

    Arguments:
        folder: the run folder, for its configuration.
        seeds: runs of each probe, >= 2; they share the run's split.
        budget: seconds that they may take, about: fewer seeds, and then fewer probes, are made;
            None for no limit.
        unasked: make none where there is no time for a change that can be a cause.
        trust: see `nnexp.load`.
        tables: which have read its table already; None to read it.

    Raises:
        UserError: there is no validation row to judge by, or the configuration is damaged.
    """
    folder = Path(folder)
    start = time.monotonic()
    base, typed = read_config(folder, trust), read_typed(folder, trust) or []
    if not may_validate(base.data.split):
        raise _unjudged("data.split.valid=0 leaves no validation rows to judge probes by")
    plans = every = planned(base, typed)
    if budget is not None:
        each = member_seconds(folder)
        costs = [_cost(own, plans[0]) * each for own in plans]
        while sum(costs) * seeds > budget and seeds > PAIRS:  # fewer nominate nothing
            seeds -= 1
        plans = affordable(plans, costs, budget / seeds)
        if not any(own.cause for own in plans):
            plans = every[:1] if unasked else every[:FEWEST]
    if len(plans) == 1:
        return Probed()
    tables = None if tables is None else tables.without_datasets()
    train_arms([own.arm for own in plans], range(FIRST, FIRST + seeds), tables=tables)
    if not any(np.isfinite(own.arm.accuracies).any() for own in plans if not own.by_heart):
        raise _unjudged("no probe came to a validation score")
    found = [read_probe(own, plans) for own in plans]
    if len(plans) < len(every):
        found.append(left_out(len(every) - len(plans)))
    taken = time.monotonic() - start
    return Probed(found, nominations(plans), taken, len(plans) * seeds)


def _unjudged(wrong: str) -> UserError:
    allowed = "a run with validation rows that is not beyond all help"
    return UserError(wrong, allowed, "data.split.valid=0.2")


def affordable(
    plans: Sequence[PlannedProbe], costs: Sequence[float], budget: float
) -> list[PlannedProbe]:
    """The run as it is, and what of the others goes into the seconds of a seed, in their order.

    Changes that can be a cause come first: the others nominate nothing.
    """
    spent, kept = costs[0], {0}
    for place in sorted(range(1, len(plans)), key=lambda place: not plans[place].cause):
        if spent + costs[place] <= budget:
            kept.add(place)
            spent += costs[place]
    return [plans[place] for place in sorted(kept)]


def planned(base: Config, overrides: Sequence[str]) -> list[PlannedProbe]:
    """The probes of a configuration, those that change the rows first; what does not fit it is
    left out.
    """
    weighted = base.loss.class_weight is not None
    plans = [PlannedProbe("as it is", (), Arm(base, weighted=weighted))]

    def add(
        name: str,
        words: Sequence[str],
        cause: str = "",
        adapt: Callable[[Dataset], Dataset] | None = None,
        typed: bool = False,
    ) -> None:
        config = changed(base, overrides, words)
        if config is not None and (adapt is not None or config != base):
            arm = Arm(config, adapt=adapt, weighted=weighted)
            plans.append(PlannedProbe(name, tuple(words), arm, cause, typed))

    free = [override(key, value) for key, value in FREE.items() if config_value(base, key) != 0]
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
    for value in _usual_rates(base):
        cause = "lr_too_low" if value > rate else "lr_too_high"
        add(f"learning rate {value:g}", [override("optimizer.lr", value)], cause)
    add("no regularization", free, "over_regularized")
    if base.reg.l2 * NEAR < HELD:
        add(f"reg.l2={HELD:g}", [override("reg.l2", HELD)], "overfit")
    unscaled = base.data.scaling == "none"
    for scaling in SCALINGS:
        cause = "unscaled_features" if unscaled else "outlier_crushed_feature"
        add(f"data.scaling={scaling}", [override("data.scaling", scaling)], cause)
    hidden = [
        max(width, min(WIDER * width, WIDEST))
        for width in getattr(base.model, "hidden", None) or ()
    ]
    if hidden or hasattr(base.model, "hidden"):
        wider = override("model.hidden", hidden or [64])
        add("a larger network", [wider], "underfit_capacity")
    elif base.model.name == "linear":
        add("a larger network", ["model=mlp", "model.hidden=[64]"], "underfit_capacity")
    if isinstance(base.loss.class_weight, list):  # by hand, which may be far from balanced
        add("loss.class_weight=balanced", ["loss.class_weight=balanced"], "class_imbalance")
    for word, cause in typed_back(base, overrides):
        add(f"{word}, as by itself", [word], cause, typed=True)
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


def _usual_rates(base: Config) -> list[float]:
    """Rates that are usual for the run's optimizer, far from its own and what is tried of that:
    only at its best does it tell that another one suits better.
    """
    usual = USUAL.get(base.optimizer.name, 0.0)
    rate = base.optimizer.lr
    tried = [rate, *(rate * factor for factor in RATES)]
    wanted = [float(f"{usual * factor:.3g}") for factor in (RATES[0], 1.0, RATES[1])]
    return [
        value
        for value in wanted
        if value > 0 and all(not 1 / NEAR <= value / other <= NEAR for other in tried if other > 0)
    ]


def _cost(own: PlannedProbe, base: PlannedProbe) -> float:
    """About how much longer than the run a probe takes."""
    return 1.0 if own.by_heart else cost(own.arm.config, base.arm.config)
