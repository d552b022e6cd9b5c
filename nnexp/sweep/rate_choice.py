"""Which learning rate to suggest, from the losses that rates of a range reached.

The rule is ours. Two of its parts are old: a rate beyond the first that spoils the loss is out
(Smith 2017, Cyclical Learning Rates for Training Neural Networks, section 3.3), and a rate should
keep a distance from there (fastai's `lr_find` divides the rate of the least loss by 10). docs/
lr-find.md compares it with others.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SPAN = 2.0  # a rate is judged by all rates from its half to its double
DIGITS = 3  # of a rate, so that what is trained is what is shown and typed


def log_spaced(start: float, stop: float, count: int) -> list[float]:
    """Rates from `start` to `stop`, equally far apart on a logarithmic scale.

    Arguments:
        start, stop: the ends, 0 < start < stop.
        count: how many, >= 2.

    Returns:
        Ascending rates of three significant digits; fewer than `count` where digits coincide.
    """
    exponents = np.linspace(math.log10(start), math.log10(stop), count)
    return sorted({float(f"{10.0**exponent:.{DIGITS}g}") for exponent in exponents})


def smoothed(
    rates: NDArray[np.float64], losses: NDArray[np.float64], untrained: float
) -> NDArray[np.float64]:
    """For each rate the mean loss of the rates from its half to its double.

    A rate that did no better than no training counts with the loss of no training. So one lucky
    rate does not stand out, and a rate beside those that diverge pays for its neighbours.

    Arguments:
        rates: (R,) ascending rates > 0, equally far apart on a logarithmic scale.
        losses: (R,) the loss of each; NaN or infinite where it diverged.
        untrained: the loss before training.

    Returns:
        (R,) means; beyond the ends the rates are taken to do as the ends do.
    """
    capped = np.where(np.isfinite(losses), np.minimum(losses, untrained), untrained)
    step = math.log(rates[-1] / rates[0]) / max(len(rates) - 1, 1)
    # the nearest rate on each side at least: a coarse range needs it most
    reach = max(1, int(math.log(SPAN) / step + 1e-2)) if step else 0
    padded = np.pad(capped, reach, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).mean(1)


def judged(
    train: NDArray[np.float64], valid: NDArray[np.float64] | None, untrained: float
) -> NDArray[np.float64]:
    """The losses (R,) that rates are judged by: those of validation rows, where there are any.

    A rate that ends with the train rows worse than it found them has learnt nothing, whatever its
    best epoch did on a few validation rows: it is judged by the greater of both.

    Arguments:
        train: (R,) train loss of the last epoch.
        valid: (R,) validation loss of the best epoch, or None.
        untrained: the loss before training.

    >>> judged(np.array([0.5, 62.0]), np.array([0.6, 0.0]), 2.6).tolist()
    [0.6, 62.0]
    """
    if valid is None:
        return train
    return np.where(train > untrained, np.fmax(train, valid), valid)


def stable(losses: NDArray[np.float64], untrained: float) -> NDArray[np.bool_]:
    """Which rates lie below the cliff: from the first that learns to the last before one does not.

    A rate learns where its loss falls by at least half of the greatest fall. Beyond the cliff runs
    are thrown about, and the best of many epochs may be low by luck, above all where a validation
    part is small: nothing is believed above a rate that raises the loss by as much as any lowers
    it.

    Arguments:
        losses: (R,) by ascending rate; NaN or infinite where it diverged.
        untrained: the loss before training.

    Returns:
        (R,) bool, True in one unbroken range; all False where no loss falls.

    >>> stable(np.array([0.9, 0.2, 0.1, 5.0, 0.0]), 1.0).tolist()
    [False, True, True, False, False]
    >>> stable(np.array([82.0, 40.0, 0.0, 900.0]), 1.0).tolist()
    [False, False, False, False]
    """
    falls = np.where(np.isfinite(losses), untrained - losses, -math.inf)
    if not falls.max() > 0:
        return np.zeros(len(losses), dtype=bool)
    falls[np.logical_or.accumulate(falls < -falls.max())] = -math.inf  # it rose that far, or broke
    if not falls.max() > 0:
        return np.zeros(len(losses), dtype=bool)
    learns = falls >= falls.max() / 2
    first = int(np.argmax(learns))
    steps = np.arange(len(losses))
    failures = np.flatnonzero(~learns & (steps > first))
    return (steps >= first) & (steps < (failures[0] if len(failures) else len(losses)))


def choose(rates: NDArray[np.float64], losses: NDArray[np.float64], untrained: float) -> int | None:
    """The index of the rate to train with: of the `stable` ones the least by `smoothed` loss.

    Arguments:
        rates, losses, untrained: as for `smoothed`.

    Returns:
        None where no rate is better than no training. Of rates that are equally good the largest.
    """
    candidates = stable(losses, untrained)
    if not candidates.any():
        return None
    means = np.where(candidates, smoothed(rates, losses, untrained), math.inf)
    return int(np.flatnonzero(means == means.min())[-1])
