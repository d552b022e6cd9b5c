"""What one member of a stack has for itself: its seeds and its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seeds:
    """The seeds of a member, each >= 0."""

    init: int = 0
    batches: int = 0
    dropout: int = 0


@dataclass(frozen=True)
class Member:
    """The hyperparameters that may differ between the members of one stack.

    Arguments:
        seeds: of initial weights, row order and dropout.
        optimizer: numbers by torch.optim's names: `lr`, and those the optimizer takes besides.
        schedule: numbers of the learning-rate schedule, by the names of its configuration.
        l1, l2: penalties on weight matrices, `l1 * sum|w| + l2 * sum w^2`, >= 0.
        weight_decay: decoupled decay of weight matrices, `lr * weight_decay * w` a step, >= 0.
        dropout: rates of the inputs and of each hidden layer, in [0, 1).
        label_smoothing: share of the target spread over the classes, in [0, 1).
        grad_clip: longest gradient; infinity for no limit.
        patience: epochs without a better value before it stops; infinity for never.
        min_delta: smallest change that counts as better for `patience`, >= 0.
        epochs: passes over its train rows, >= 1; None for as many as the plan says.
        part: which of the table's parts it trains and validates on, an index.
    """

    seeds: Seeds = Seeds()
    optimizer: Mapping[str, float] = field(default_factory=lambda: {"lr": 1e-3})
    schedule: Mapping[str, float] = field(default_factory=dict)
    l1: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0
    dropout: tuple[float, ...] = ()
    label_smoothing: float = 0.0
    grad_clip: float = math.inf
    patience: float = math.inf
    min_delta: float = 0.0
    epochs: int | None = None
    part: int = 0
