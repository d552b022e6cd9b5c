"""Scores by their names: a loss is the better the lower it is, every other score the higher."""

from __future__ import annotations


def is_loss(name: str) -> bool:
    """Whether less of a score is better, such as `loss`, `val_loss` or `train_loss`."""
    return name.endswith("loss")


def sign(name: str) -> float:
    """What a score is multiplied by so that less is better: 1 for a loss, else -1."""
    return 1.0 if is_loss(name) else -1.0
