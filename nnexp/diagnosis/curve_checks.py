"""Curves that cannot be what they are called: of other lengths, or no shares and no percents."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nnexp.errors import UserError

ROUNDING = 1e-6  # beyond 0 and 1 that a share may be
MANY = 100  # classes from which on guessing is right in 1 % or less
LEAP = 20.0  # from one epoch to the next: from a share to a percent, not from a percent to another
FEW = 5.0  # percents up to which many classes make them likely
FILLED = (
    "nnexp.diagnose_history(pandas.DataFrame("
    "{name: pandas.Series(own) for name, own in curves.items()}))"
)
REMEDY = 'nnexp.diagnose_history({"loss": [0.9, 0.5], "accuracy": [0.6, 0.8]})'


def check_lengths(
    curves: Mapping[str, np.ndarray], epochs: np.ndarray, called: Mapping[str, object]
) -> None:
    """Refuse curves whose values are of no common epochs.

    Those of held-out rows may be of every second epoch, third and so on.

    Arguments:
        curves: `train_loss`, `val_loss` and so on, each (epochs,), or empty where it is not there.
        epochs: the number of each row; empty where it is not told.
        called: what a curve is called where it came from.

    Raises:
        UserError: two are of different lengths.
    """
    told = {name: len(own) for name, own in {"epoch": epochs, **curves}.items() if len(own)}
    held_out = [name for name in told if name.startswith("val_")]
    others = [name for name in told if name not in held_out]
    pairs = [(others[0], name) for name in others[1:]]
    pairs += [(held_out[0], name) for name in held_out[1:]]
    wrong = next(((a, b) for a, b in pairs if told[a] != told[b]), None)
    if wrong is None and others and held_out and not _seldom(told[others[0]], told[held_out[0]]):
        wrong = others[0], held_out[0]
    if wrong is not None:
        a, b = wrong
        raise UserError(
            f"{called.get(a, a)!r} has {told[a]} values, and {called.get(b, b)!r} has {told[b]}",
            "curves with a value for each epoch, NaN where there is none; those of held-out rows "
            "may be of every second epoch, third and so on",
            FILLED,
        )


def _seldom(epochs: int, values: int) -> bool:
    """Whether so many values are of every k-th of some epochs, k from 1."""
    steps = range(1, epochs + 1)
    return any(values in (epochs // step, -(-epochs // step)) for step in steps)


def accuracy_shares(name: object, curve: np.ndarray, classes: int) -> np.ndarray:
    """An accuracy by epoch in [0, 1], of shares or of percents.

    Arguments:
        name: of the curve, for messages.
        curve: (rows,), NaN where there is none.
        classes: how many there are; 0 where that is not known.

    Raises:
        UserError: a value is beyond 100, or below 0, or some are shares and others percents.
    """
    rows = np.flatnonzero(np.isfinite(curve))
    values = curve[rows]
    beyond = (values < -ROUNDING) | (values > 100 * (1 + ROUNDING))
    if not beyond.any():
        if not len(values) or values.max() <= 1 + ROUNDING:
            return np.clip(curve, 0.0, 1.0)
        beyond = _mixed(values, not classes) if classes < MANY else beyond
    if beyond.any():
        row = int(rows[beyond.argmax()])
        raise UserError(
            f"{name!r} is {curve[row]:g} in row {row + 1} of {len(curve)}",
            "accuracies that are all shares, from 0 to 1, or all percents, from 0 to 100; of 100 "
            "classes or more, which classes= tells, any percents",
            REMEDY,
        )
    return np.clip(curve / 100, 0.0, 1.0)


def _mixed(values: np.ndarray, untrained: bool) -> np.ndarray:
    """Which accuracies (n,), some of them beyond 1, are of the other kind than most of them.

    Percents rise from below 1 step by step.

    Arguments:
        values: of which the largest is beyond 1.
        untrained: the first may be of a network that is not yet trained, and a percent below 1.
    """
    share = (values > 0) & (values <= 1 + ROUNDING)
    percent = (values > 0) & ~share
    if values.max() <= FEW and share.any():
        return percent
    begin = 1 if untrained else 0
    known = np.log(np.where(values > 0, values, np.nan)[begin:])
    crossed = (np.abs(np.diff(known)) > np.log(LEAP)) & (np.diff(share[begin:].astype(int)) != 0)
    if not crossed.any():
        return np.zeros(len(values), dtype=bool)
    return percent if share.sum() > percent.sum() else share
