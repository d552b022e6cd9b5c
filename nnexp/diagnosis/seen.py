"""All that is known of a run when it is diagnosed, and the questions that every rule asks of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config.schema.config import Config
from nnexp.diagnosis.judged import BEHIND_ODD_Z, BEHIND_Z, Modes, Rows
from nnexp.diagnosis.prior import entropy, prior_loss

FREQUENT = 0.9  # share of a class that an accuracy hardly exceeds
TELLING = 0.1  # of accuracy beyond the prior's: a yardstick below it says nothing


@dataclass(frozen=True)
class Inputs:
    """What reaches the network of the train rows.

    Arguments:
        names: of the D columns.
        rms: root of the mean square of each (D,); NaN where a cell is not finite.
        std: of each (D,).
        finite: whether all cells of a column are (D,), held-out rows included.
    """

    names: Sequence[str]
    rms: np.ndarray
    std: np.ndarray
    finite: np.ndarray

    @property
    def largest(self) -> float:
        """The largest `rms` of a finite column; 0 where there is none."""
        known = self.rms[np.isfinite(self.rms)]
        return float(known.max()) if len(known) else 0.0

    @property
    def mean_square(self) -> float:
        """Of all finite columns together; 0 where there is none."""
        known = self.rms[np.isfinite(self.rms)]
        return float(np.mean(known**2)) if len(known) else 0.0


@dataclass(frozen=True)
class Units:
    """The hidden units of the kept weights, on up to 512 train rows.

    Arguments:
        dead: layer -> share of units that are 0 on all rows (relu).
        saturated: layer -> share of units that are saturated on nearly all (tanh, sigmoid).
        alike: layer -> share of units whose weights equal another's of the layer.
    """

    dead: dict[str, float]
    saturated: dict[str, float]
    alike: dict[str, float]


@dataclass(frozen=True)
class OwnModule:
    """What a user's own module shows; of another network, and where it is not at hand, nothing.

    Arguments:
        frozen: parameters with requires_grad=False.
        unregistered: lists that hold layers which it does not know.
        matrices: layer -> shape of its weights, outputs first.
        emitted: the activation that it ends in, by what it gives; none: "".
        cut: layers that its outputs depend on and no gradient reached.
        modes: its train rows in training and in evaluation mode; None where not at hand.
        unsteady: share of train rows that it tells otherwise when it is asked once more, in
            evaluation mode.
        mixes: whether outputs depend on the other rows of a batch, in evaluation mode.
        is_constant: whether it gives the same for all train rows.
        is_linear: whether its logits are those of one linear layer.
    """

    frozen: Sequence[str] = ()
    unregistered: Sequence[str] = ()
    matrices: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    emitted: str = ""
    cut: Sequence[str] = ()
    modes: Modes | None = None
    unsteady: float = 0.0
    mixes: bool = False
    is_constant: bool = False
    is_linear: bool = False


@dataclass(frozen=True)
class Seen:
    """A run, its table and its signals.

    Arguments:
        config: its configuration.
        overrides: what the user typed.
        status, reason: of status.json.
        history: history.csv, a row an epoch.
        signals: signals.csv, from epoch 0; None where nothing was watched.
        best_epoch: of the kept weights.
        classes: the labels in index order.
        counts: train rows of each class (C,).
        outputs: width of the last layer.
        widths: of the network, inputs first and outputs last.
        steps: of a row of the history.
        valid_rows, rows: how many rows validate, and how many the table has.
        inputs: what reaches the network; None where the table is not at hand.
        valid, train: rows that validate, and some that train; None where not at hand.
        units: of the kept weights; None where not at hand.
        train_loss: data loss of `train` in evaluation mode; None where not at hand.
        label_changes: changes of label from train row to train row, over those of a random order;
            None where the table is not at hand.
        ordinal: categories of more than two levels that reach the network as numbers.
        module: what a user's own module shows.
        passes: over the train rows; None for one a row of the history.
        moved: share of its weights that a step usually moves the layer that it moves most; None to
            take the median of the signals.
        first_rate: the learning rate of the first step; None for that of the configuration.
        unread: why a run's weights were not looked at; "" where they were.
    """

    config: Config
    overrides: Sequence[str]
    status: str
    reason: str
    history: pd.DataFrame
    signals: pd.DataFrame | None
    best_epoch: int
    classes: Sequence[Any]
    counts: np.ndarray
    outputs: int
    widths: Sequence[int]
    steps: int
    valid_rows: int
    rows: int
    inputs: Inputs | None = None
    valid: Rows | None = None
    train: Rows | None = None
    units: Units | None = None
    train_loss: float | None = None
    label_changes: float | None = None
    ordinal: Sequence[str] = ()
    module: OwnModule = field(default_factory=OwnModule)
    passes: float | None = None
    moved: float | None = None
    first_rate: float | None = None
    unread: str = ""

    @property
    def epochs(self) -> float:
        """Passes over the train rows that were made."""
        return len(self.history) if self.passes is None else self.passes

    # ---------------------------------------------------------------------------- the prior
    @property
    def shares(self) -> np.ndarray:
        """Of each class among the train rows (C,)."""
        return np.asarray(self.counts / max(1, self.counts.sum()))

    @property
    def prior_accuracy(self) -> float:
        """Of always naming the most frequent class; NaN where the table is not known."""
        return float(self.shares.max()) if len(self.shares) else math.nan

    @property
    def prior_loss(self) -> float:
        """The run's own loss of always naming the class shares; NaN where it is not known."""
        return prior_loss(self.config, self.counts, self.outputs)

    @property
    def loss_scale(self) -> float:
        """What a change of the loss is held against: that of the prior, or else its entropy."""
        prior = self.prior_loss
        return prior if math.isfinite(prior) else entropy(self.shares)

    # ---------------------------------------------------------------------------- the harm
    @property
    def diverged(self) -> bool:
        """Whether NaN or infinity ended it."""
        return self.status == "diverged"

    @property
    def broke_at_once(self) -> bool:
        """Whether the run diverged at its first step, before a weight had moved."""
        return self.diverged and self.reason.startswith("epoch 1, step 1: NaN or infinity began in")

    @cached_property
    def is_behind(self) -> bool:
        """Whether the run is worse than its table allows, beyond chance and by what matters."""
        return self._is_behind(BEHIND_Z)

    @cached_property
    def may_be_behind(self) -> bool:
        """The same with less certainty, for runs whose settings are odd anyway."""
        return self._is_behind(BEHIND_ODD_Z)

    def _is_behind(self, least: float) -> bool:
        if self.diverged:
            return True
        parts = [part for part in (self.valid, self.train) if part is not None]
        if self.is_behind_in_recall:
            return True
        if any(self.is_part_behind(part, least) for part in parts):
            return True
        # where one class makes the accuracy, a run may lose all that it tells of the others by it
        frequent = self.prior_accuracy >= FREQUENT
        return frequent and any(part.is_behind_in_order(least) for part in parts)

    def is_part_behind(self, part: Rows, least: float = BEHIND_Z) -> bool:
        """Whether the run is worse on some rows than the yardstick, and not for more recall of the
        rare classes where its loss asks for that.
        """
        return part.is_behind(least) and not (self.raises_rare and part.is_ahead_in_recall)

    @property
    def raises_rare(self) -> bool:
        """Whether the loss weighs the rarest class above the most frequent one."""
        weights = self.config.loss.class_weight
        if not isinstance(weights, list) or len(weights) != len(self.counts):
            return weights is not None and not isinstance(weights, list)
        rare = int(np.argmin(np.where(self.counts > 0, self.counts, np.inf)))
        return float(weights[rare]) > float(weights[int(np.argmax(self.counts))])

    @property
    def has_yardstick(self) -> bool:
        """Whether other learners learn enough of the table to judge a run by."""
        if self.train is None:
            return False
        frequent = np.bincount(self.train.true).max() / len(self.train.true)
        better = np.nanmean(self.train.possible_recalls) - 1 / max(2, len(self.classes))
        return bool(self.train.possible - frequent > TELLING or better > TELLING)

    @cached_property
    def is_behind_in_recall(self) -> bool:
        """Whether the mean recall of the classes is far below what the table allows."""
        if self.train is None:
            return False
        run, possible = np.nanmean(self.train.recalls), np.nanmean(self.train.possible_recalls)
        return bool(possible - run > 0.1)

    @property
    def gap(self) -> float:
        """How far the run is behind, as a share of all rows; 0 where it is not known."""
        parts = [part for part in (self.valid, self.train) if part is not None]
        return max([0.0, *(part.gap for part in parts)])

    @property
    def knows_table(self) -> bool:
        """Whether the yardstick is there."""
        return self.train is not None

    # ---------------------------------------------------------------------------- the signals
    def signal(self, name: str) -> np.ndarray:
        """A column of signals.csv without its gaps; empty where it is not there."""
        if self.signals is None or name not in self.signals:
            return np.zeros(0)
        values = self.signals[name].to_numpy(dtype=float)
        return values[np.isfinite(values)]

    def of_layers(self, kind: str) -> dict[str, np.ndarray]:
        """The columns KIND/LAYER of signals.csv, by layer, without gaps."""
        if self.signals is None:
            return {}
        names = [str(name) for name in self.signals if str(name).startswith(f"{kind}/")]
        return {name.partition("/")[2]: self.signal(name) for name in names}

    def column(self, name: str) -> np.ndarray:
        """A column of the history (epochs,); empty where it is not there."""
        if name not in self.history:
            return np.zeros(0)
        return self.history[name].to_numpy(dtype=float)

    @property
    def initial_loss(self) -> float | None:
        """Data loss before the first step, on train rows; None where it was not watched."""
        values = self.signal("slice_loss")
        return float(values[0]) if len(values) else None

    @property
    def update_ratio(self) -> float | None:
        """Median over epochs of the largest layer's change of a step over its weights' norm."""
        if self.moved is not None:
            return self.moved
        layers = [own for own in self.of_layers("update_ratio").values() if len(own)]
        if not layers:
            return None
        length = min(map(len, layers))
        return float(np.median(np.max([own[:length] for own in layers], 0)))

    @property
    def died(self) -> float:
        """Largest share of a layer's units that fired before the first step and not at the end."""
        layers = [own for own in self.of_layers("dead").values() if len(own) > 1]
        return max((float(own[-1] - own[0]) for own in layers), default=0.0)
