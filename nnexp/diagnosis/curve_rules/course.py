"""How curves run: in jumps, apart, still downwards, or after the rate has died."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.curve_rules.curve import ROUNDING, SHORT, Curves, CurveSign
from nnexp.diagnosis.finding import Evidence

RISE = 0.3  # of the validation loss over its least, as a share of the loss of guessing
JUMPS = 0.25  # share of epochs that jump up by a tenth
FALLING = 0.05  # of what was learnt, that the last quarter still brings


def jumps(own: Curves) -> list[CurveSign]:
    """A loss that jumps up again and again, or runs away."""
    loss = own.loss[np.isfinite(own.loss)]
    if len(loss) < 2 * SHORT or loss.min() < -ROUNDING:
        return []
    before, after = loss[:-1], loss[1:]
    scale = max(float(np.median(loss)), 1e-3)
    share = float((after - before > 0.1 * before + 0.02 * scale).mean())
    low = float(loss.min())
    away = float(loss[-1]) > 3 * float(loss[0]) + 0.1 and float(loss[-1]) > 10 * max(low, 1e-3)
    high = float(np.median(loss[len(loss) // 2 :])) > 0.05 * float(loss[: len(loss) // 4].mean())
    if not away and not (share >= JUMPS and high):
        return []
    return [
        CurveSign(
            "lr_too_high",
            (
                Evidence("share of epochs in which the loss jumped up", share, f"below {JUMPS}"),
                Evidence("first, least and last loss", [float(loss[0]), low, float(loss[-1])], ""),
            ),
            "the loss is thrown about from epoch to epoch: steps overshoot",
            "a tenth of the learning rate",
            "a re-run with a tenth of the learning rate does",
            0.8 if away else 0.7,
        )
    ]


def overfit(own: Curves) -> list[CurveSign]:
    """A validation loss that rises while the train loss falls."""
    loss, train, epochs = _together(own)
    if len(loss) < SHORT or epochs[-1] < 2 * SHORT:
        return []
    at = own.guessing or 0.5
    least = int(loss.argmin())
    ended = float(np.median(loss[-3:]))
    falls = np.isfinite(train).all() and float(np.median(train[-3:])) < float(train[least])
    if ended - loss[least] < RISE * at or not falls or least >= len(loss) - 3:
        return []
    return [
        CurveSign(
            "overfit",
            (
                Evidence("validation loss at the end", ended, f"{loss[least]:.3f}"),
                Evidence(
                    "epoch of the least validation loss", int(epochs[least]), f"near {epochs[-1]}"
                ),
            ),
            "training improves while validation gets worse: the network grows certain where it is "
            "wrong, which the loss shows long before the accuracy",
            f"stop near epoch {epochs[least]}, and keep those weights",
            "weights of that epoch, scored on rows that nobody looked at, do",
            0.75,
        )
    ]


def _together(own: Curves) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Validation and train loss where both are known, and the epochs (n,) of that, from 1.

    A validation loss of every so many epochs has as many fewer values, or gaps between them.
    """
    loss, train = own.val_loss, own.train_loss
    every = -(-len(train) // max(1, len(loss)))
    if len(loss) and len(train) % len(loss) == 0:
        epochs = every * np.arange(1, len(loss) + 1)  # the last epoch among them
    else:
        epochs = 1 + every * np.arange(len(loss))  # the first
    if not len(loss) or len(train) < len(loss) or len(loss) != -(-len(train) // every):
        return np.zeros(0), np.zeros(0), np.zeros(0, np.int64)
    train = train[epochs - 1]
    known = np.isfinite(loss)
    return loss[known], train[known], epochs[known]


def slow(own: Curves) -> list[CurveSign]:
    """A loss that is still falling at the end."""
    if len(own.train_loss) and not np.isfinite(own.train_loss[-1]):  # it ended in NaN
        return []
    loss = own.val_loss if len(own.val_loss) else own.train_loss
    loss = loss[np.isfinite(loss)]
    if len(loss) < SHORT or loss.min() < -ROUNDING:
        return []
    accuracy = own.accuracy[np.isfinite(own.accuracy)]
    if len(accuracy) and accuracy[-1] > 0.97:
        return []
    quarter = max(1, len(loss) // 4)
    fall = float(loss[-quarter - 1] - loss[-1])
    learned = float(loss[0] - loss[-1])
    level = own.guessing or float(loss[0])
    late = float(loss[-max(1, len(loss) // 10) - 1] - loss[-1])
    if (
        learned <= 0
        or late < 0.01 * learned
        or int(loss.argmin()) < len(loss) - 1 - len(loss) // 10
    ):
        return []
    if fall < 3 * FALLING * learned or fall < FALLING / 2 * level:
        straight = fall >= 0.15 * learned and 0 < learned < 0.1 * level
        if not straight or len(loss) < 2 * SHORT:
            return []
        if own.guessing is not None and loss[-1] < 0.7 * own.guessing:
            return []
        return [
            CurveSign(
                "lr_too_low",
                (
                    Evidence("fall of the loss over the run", learned, f"most of {level:.3f}"),
                    Evidence("share of it in the last quarter", fall / learned, "next to none"),
                ),
                "the loss falls steadily but hardly",
                "ten times the learning rate",
                "a re-run with ten times the learning rate does",
                0.6,
            )
        ]
    if len(own.lr) > 1 and own.lr[-1] < 0.02 * own.lr.max():
        return []
    return [
        CurveSign(
            "undertrained",
            (
                Evidence("fall of the loss over the last quarter", fall, "about 0 at the end"),
                Evidence("epochs", len(loss), "until the loss stays"),
            ),
            "the loss was still falling when training ended",
            f"train for {5 * len(loss)} epochs",
            "more epochs do",
            0.6,
        )
    ]


def died(own: Curves) -> list[CurveSign]:
    """A learning rate that was next to nothing for most of the run."""
    rates, loss = own.lr, own.loss[np.isfinite(own.loss)]
    if len(rates) < 2 * SHORT or not np.isfinite(rates).all() or rates.max() <= 0:
        return []
    alive = float((rates > 0.02 * rates.max()).mean())
    accuracy = own.accuracy[np.isfinite(own.accuracy)]
    if alive >= 0.5 or (len(accuracy) and accuracy[-1] > 0.97) or not len(loss):
        return []
    return [
        CurveSign(
            "lr_too_low",
            (Evidence("share of epochs with a learning rate worth the name", alive, "1"),),
            "the schedule brought the learning rate to next to nothing long before the end",
            "a schedule that lasts the whole run",
            "a re-run with a constant rate does",
            0.8,
        )
    ]


RULES = (jumps, overfit, slow, died)
