"""The keys of `reg`, which the options of `regularizer=` set."""

# ruff: noqa: RUF009  (option() returns a dataclasses.field; it copies lists for each instance)
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from nnexp.config.schema.option import option


@dataclass
class RegConfig:
    l1: float = option(0.0, "adds l1 * sum|w| over weight matrices to the loss", ge=0)
    l2: float = option(0.0, "adds l2 * sum w^2 over weight matrices to the loss", ge=0)
    weight_decay: float = option(
        0.0, "decoupled decay of weight matrices, lr * weight_decay * w a step", ge=0
    )
    dropout: Any = option(
        0.0,
        "share of hidden units dropped; a list gives each hidden layer its own",
        accepts="a number or a list of numbers",
        ge=0,
        lt=1,
    )
    input_dropout: float = option(0.0, "share of inputs dropped", ge=0, lt=1)
    label_smoothing: float = option(
        0.0, "share of the target spread evenly over the classes", ge=0, lt=1
    )
    grad_clip: Optional[float] = option(
        None, "longest gradient, by the norm over all parameters; null for no limit", gt=0
    )
    patience: Optional[int] = option(
        None, "stop after so many epochs without a better trainer.monitor; null for never", ge=1
    )
    min_delta: float = option(0.0, "smallest change that counts as better", ge=0)
