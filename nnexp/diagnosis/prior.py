"""What a run's own loss is of naming the class shares: of the best outputs that never change."""

from __future__ import annotations

import math

import numpy as np

from nnexp.config.schema.config import Config

# losses that are least where the outputs, behind this activation, are the class shares
_OF_SHARES = {
    "cross_entropy": "logits",
    "nll": "log_softmax",
    "bce_with_logits": "logits",
    "bce": "sigmoid",
}
_OF_NUMBERS = ("logits", "softmax", "sigmoid", "relu", "tanh")  # outputs that can be such


def entropy(shares: np.ndarray) -> float:
    """Cross-entropy of naming the class shares (C,), in nats."""
    known = shares[shares > 0]
    return float(-(known * np.log(known)).sum())


def prior_loss(config: Config, counts: np.ndarray, outputs: int) -> float:
    """The mean loss of a row where every row gets the best outputs that are the same for all.

    Arguments:
        config: of the run; class weights and the loss's factor count.
        counts: train rows of each class (C,).
        outputs: of the network.

    Returns:
        A loss on the scale of history.csv, without penalty; NaN where it is not known: for losses
        that are summed or climbed, labels that are numbers, and outputs that do not fit the loss.
    """
    loss, output = config.loss, config.model.output
    if loss.reduction != "mean" or config.data.labels == "raw" or not counts.sum():
        return math.nan
    if loss.scale <= 0 or (outputs == 1 and len(counts) != 2):
        return math.nan
    if output != _OF_SHARES.get(loss.name, output) or (
        loss.name in ("mse", "mae") and output not in _OF_NUMBERS
    ):
        return math.nan
    shares = _weighted(loss.class_weight, counts)
    if shares is None:
        return math.nan
    if loss.name in ("cross_entropy", "nll"):
        return loss.scale * entropy(shares)
    if outputs == 1:
        shares = shares[1:2]
    each = {
        "mse": shares * (1 - shares),
        "mae": np.minimum(shares, 1 - shares),
    }.get(loss.name)
    if each is None:
        return loss.scale * sum(entropy(np.array([p, 1 - p])) for p in shares) / outputs
    if loss.name == "mae" and output == "softmax":  # outputs sum to 1: all on the largest class
        each = np.array([2 * (1 - shares.max())])
    return loss.scale * float(each.sum()) / outputs


def _weighted(weights: object, counts: np.ndarray) -> np.ndarray | None:
    """The class shares (C,), each row counted as the loss weighs it."""
    own = counts.astype(float)
    if weights == "balanced":
        own = (counts > 0).astype(float)
    elif isinstance(weights, list):
        if len(weights) != len(counts):
            return None
        own = own * np.asarray(weights, dtype=float)
    return own / own.sum() if own.sum() > 0 else None
