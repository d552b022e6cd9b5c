"""The keys of `loss`."""

# ruff: noqa: RUF009  (option() returns a dataclasses.field; it copies lists for each instance)
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nnexp.config.schema.option import option


@dataclass
class LossConfig:
    name: str = option(
        "cross_entropy",
        "the data loss",
        choices=("cross_entropy", "nll", "bce", "bce_with_logits", "mse", "mae"),
    )
    reduction: str = option("mean", "over the rows of a batch", choices=("mean", "sum"))
    class_weight: Any = option(
        None,
        "balanced (rows over classes times rows of the class), a list in class order, or null",
        accepts="null or balanced or a list of numbers",
        ge=0,
    )
    scale: float = option(1.0, "factor on the data loss; a negative one climbs")
