"""Where the loss stands: below 0, at that of guessing, no number, or far from the accuracy."""

from __future__ import annotations

import math

import numpy as np

from nnexp.diagnosis.curve_rules.curve import ROUNDING, SHORT, Curves, CurveSign
from nnexp.diagnosis.finding import Evidence

ABOVE, WORSE = 3.0, 1.2  # times the loss of guessing, at the beginning and at the end
FLAT = 0.02  # of the loss of guessing: a loss that near is at it
HEAVY = 1.0  # scikit-learn's alpha from which on its penalty may hold a training down
HELD = 0.5  # of the loss of guessing: a data loss above it, under such a penalty

# accuracy from which on a loss tells whether its floor is that of a softmax twice; of two classes,
# where a healthy loss is as high with every tenth label wrong
LEARNT, LEARNT_OF_TWO = 0.85, 0.96
SETTLED = 0.02  # fall of the loss over the last quarter of the epochs, at most
OVER_FLOOR = 0.03  # above the floor and the share of wrong rows, that such a loss ends at most


def broken(own: Curves) -> list[CurveSign]:
    """NaN or infinity."""
    for name, values in (("loss", own.loss), ("validation loss", own.val_loss)):
        # held-out rows may not be looked at in each epoch: what is NaN there is no number missing
        absent = len(own.train_loss) > 0 and name != "loss"
        bad = np.isinf(values) if absent else ~np.isfinite(values)
        if name == "loss" and len(own.val_loss) == len(values):  # the same weights have a loss
            bad &= ~(np.isnan(values) & np.isfinite(own.val_loss))
        wrong = np.flatnonzero(bad)
        if not len(wrong) or np.isfinite(values[wrong[0] :]).any():
            continue  # a gap, such as of epochs without validation
        first = int(wrong[0])
        evidence = (Evidence(f"first epoch without a finite {name}", first + 1, "none"),)
        if first == 0:
            return [
                CurveSign(
                    "nonfinite_inputs",
                    evidence,
                    "a loss that is no number from the start has met NaN or infinity in the inputs",
                    "fill the missing cells before training",
                    "np.isfinite(X).all() does",
                    0.9,
                )
            ]
        return [
            CurveSign(
                "lr_too_high",
                evidence,
                "a loss that was finite and is no longer has diverged: steps too long for the "
                "scale of inputs and weights",
                "a tenth of the learning rate, and scaled inputs",
                "a re-run with a tenth of the learning rate does; so does np.isfinite(X).all()",
                0.9,
            )
        ]
    return []


def negative(own: Curves) -> list[CurveSign]:
    """A loss below 0, where an accuracy says that there are classes."""
    values = np.concatenate((own.train_loss, own.val_loss))
    values = values[np.isfinite(values)]
    told = len(own.accuracy) or own.classes
    if not len(values) or values.min() >= -ROUNDING or not told:
        return []
    low, high = float(values.min()), float(values.max())
    evidence = (Evidence("lowest and highest loss", [low, high], "a cross-entropy is above 0"),)
    if low >= -1 - ROUNDING and high <= ROUNDING:
        return [
            CurveSign(
                "nll_on_probabilities",
                evidence,
                "a loss within [-1, 0] is the negative mean probability of the true class: NLL fed "
                "probabilities instead of their logarithms",
                "cross-entropy on the logits",
                "look at what is applied to the outputs before the loss",
                0.95,
            )
        ]
    guess = own.majority if own.classes else 0.5
    accuracy = own.accuracy[np.isfinite(own.accuracy)]
    if len(accuracy) and guess is not None and accuracy[-1] < 0.5 * guess:
        return [
            CurveSign(
                "loss_sign_flipped",
                (*evidence, Evidence("last accuracy", float(accuracy[-1]), f"{guess:.3f} or more")),
                "a loss that falls without bound while the accuracy falls below guessing is "
                "maximised where it should be minimised",
                "the loss without its minus, maximize=False",
                "look for a minus before the loss, and for maximize=True",
                0.9,
            )
        ]
    first = CurveSign(
        "nll_on_logits",
        evidence,
        "no cross-entropy of classes is below 0: NLL fed raw outputs falls without bound",
        "cross-entropy on the logits",
        "look at which loss it is: NLL takes log-probabilities",
        0.85,
    )
    second = CurveSign(
        "label_encoding",
        evidence,
        "binary cross-entropy falls below 0 where targets lie outside [0, 1], such as 2 or -1",
        "targets 0 and 1",
        "look at the lowest and the highest target that the loss gets",
        0.86 if own.classes == 2 else 0.84,
    )
    return [first, second]


def held_down(own: Curves) -> list[CurveSign]:
    """A heavy penalty of an estimator of scikit-learn, under which the data loss stays high."""
    at, loss = own.guessing, own.loss[np.isfinite(own.loss)]
    if at is None or not own.alpha >= HEAVY or not len(loss):
        return []
    data = float(loss[-1]) - own.penalty
    if data < HELD * at:
        return []
    return [
        CurveSign(
            "over_regularized",
            (
                Evidence("alpha", own.alpha, "1e-4, unless it is said"),
                Evidence("last loss without the penalty", data, f"well below {at:.3f}"),
                Evidence("penalty at the end, a part of the loss", own.penalty, "a small part"),
            ),
            "the L2 penalty keeps the weights too small for the classes to be told apart",
            f"alpha={own.alpha / 100:g}",
            "a fit with a hundredth of alpha does",
            0.9,
        )
    ]


def guessing(own: Curves) -> list[CurveSign]:
    """A loss that stays where guessing has it."""
    at = own.guessing
    loss = own.loss[np.isfinite(own.loss)]
    if at is None or len(loss) < SHORT or loss.min() < -ROUNDING or own.alpha >= HEAVY:
        return []
    tail = loss[len(loss) // 2 :]
    near = abs(float(np.median(tail)) - at) <= FLAT * at
    other = math.log(own.classes) if own.shares is not None and own.classes > 1 else at
    near = near or abs(float(np.median(tail)) - other) <= FLAT * other / 4
    if not near or float(np.ptp(tail)) > 4 * FLAT * at:
        return []
    evidence = [
        Evidence("loss over the second half", float(np.median(tail)), f"well below {at:.3f}"),
        Evidence("change of the loss over the run", float(loss[-1] - loss[0]), "most of it"),
    ]
    text = (
        "a loss that stays at that of naming the class shares says that the outputs do not follow "
        "the inputs"
    )
    needs = (
        "features on other scales, shuffled labels, dead units and parameters that are not trained "
        "look alike; nnexp.watch in the loop tells them apart"
    )
    moved = abs(float(loss[0]) - float(np.median(tail))) > 0.2 * at
    if moved:
        return [
            CurveSign(
                "unscaled_features",
                (*evidence, Evidence("first loss", float(loss[0]), f"near {other:.3f}")),
                f"{text}; it began far above, as with inputs on large scales",
                "scale the columns of X",
                needs,
                0.7,
            )
        ]
    slow = bool((np.diff(loss) < 0).mean() > 0.9) and float(loss[0] - loss[-1]) > 1e-7
    cause = "lr_too_low" if slow else "uninformative_inputs"
    fix = "ten times the learning rate" if slow else "check that each row has its own label"
    return [CurveSign(cause, tuple(evidence), text, fix, needs, 0.65)]


def far_above(own: Curves) -> list[CurveSign]:
    """A loss that begins or ends far above that of guessing."""
    at = own.guessing
    loss, accuracy = own.loss[np.isfinite(own.loss)], own.accuracy[np.isfinite(own.accuracy)]
    if at is None or len(loss) < SHORT or own.alpha >= HEAVY:  # the penalty is in the loss
        return []
    first, last = float(loss[0]), float(np.median(loss[-SHORT:]))
    fine = last < 0.1 * at or (len(accuracy) > 0 and accuracy[-1] > 0.97)
    if fine or (first < ABOVE * at and last < WORSE * at):
        return []
    evidence = (Evidence("first and last loss", [first, last], f"{at:.3f} or less"),)
    text = (
        "a fresh network has about the loss of guessing: one that is sure of its answers before it "
        "has learned any gets inputs on large scales, or makes steps that are too long"
    )
    needs = "np.abs(X).max() does; so does a re-run with a tenth of the learning rate"
    scales = CurveSign("unscaled_features", evidence, text, "scale the columns of X", needs, 0.62)
    rate = CurveSign("lr_too_high", evidence, text, "a tenth of the learning rate", needs, 0.61)
    return [scales, rate] if first >= ABOVE * at else [rate]


def majority_share(own: Curves) -> list[CurveSign]:
    """An accuracy that stays at a majority's share while the loss falls."""
    accuracy = own.accuracy[np.isfinite(own.accuracy)]
    loss = own.loss[np.isfinite(own.loss)]
    share = float(own.shares.max()) if own.shares is not None else None
    if len(accuracy) < SHORT or len(loss) < SHORT or np.ptp(accuracy) > 2e-3:
        return []
    level = float(accuracy[-1])
    if level > 0.995 or (share is None and level < 0.6) or loss[-1] >= loss[0] - 1e-4:
        return []
    if share is not None and (abs(level - share) > 0.01 or share < 0.6):
        return []
    at = Evidence("accuracy, from first to last epoch", [float(accuracy.min()), level], "rising")
    return [
        CurveSign(
            "class_imbalance",
            (at, Evidence("fall of the loss", float(loss[0] - loss[-1]), "with the accuracy")),
            "an accuracy that does not move while the loss falls is that of naming one class: the "
            "loss falls as its rows grow more certain",
            "balanced class weights",
            "the share of the most frequent class does, and the recall of the others"
            if share is None
            else "the recall of the rarer classes does",
            0.8 if share is not None else 0.6,
        )
    ]


def softmax_twice(own: Curves) -> list[CurveSign]:
    """A loss whose floor is that of a cross-entropy fed probabilities.

    Of probabilities, which are at most 1 apart, the softmax leaves the true class e / (C - 1 + e)
    at most: the loss of a row told rightly and surely is ln(C - 1 + e) - 1, of one told wrongly and
    surely 1 more. So the loss runs between the two, and ends at the first plus the share of rows
    told wrongly.
    """
    together = len(own.loss) == len(own.accuracy) and own.classes > 1
    known = np.isfinite(own.loss) & np.isfinite(own.accuracy) if together else np.zeros(0, bool)
    if known.sum() < SHORT:
        return []
    loss, accuracy = own.loss[known], own.accuracy[known]
    floor = math.log(own.classes - 1 + math.e) - 1
    inside = (loss > floor - ROUNDING) & (loss < floor + 1 + ROUNDING)
    last, wrong = float(loss[-1]), 1 - float(accuracy[-1])
    over = last - floor - wrong
    learnt = 1 - wrong >= (LEARNT if own.classes > 2 else LEARNT_OF_TWO)
    settled = float(loss[-1 - max(1, len(loss) // 4)]) - last <= SETTLED
    if not (inside.all() and learnt and settled) or not -wrong / 2 - ROUNDING <= over <= OVER_FLOOR:
        return []
    return [
        CurveSign(
            "softmax_twice",
            (
                Evidence("lowest loss", float(loss.min()), "near 0 at such an accuracy"),
                Evidence("least cross-entropy of probabilities", floor, "no floor but 0"),
                Evidence("last accuracy", 1 - wrong, f"a loss below {last:.3f}"),
            ),
            "the loss ends at the least that a cross-entropy has if it is fed probabilities, plus "
            "the share of rows told wrongly: a softmax before a loss that applies one",
            "the logits to the loss, without the softmax",
            "look at whether the network ends in a softmax",
            0.9,
        )
    ]


def flat_accuracy(own: Curves) -> list[CurveSign]:
    """A loss that falls nearly to 0 while the accuracy stays low."""
    accuracy = own.train_accuracy[np.isfinite(own.train_accuracy)]
    loss = own.train_loss[np.isfinite(own.train_loss)]
    if len(accuracy) < SHORT or len(loss) < SHORT or not len(own.train_loss):
        return []
    # cross-entropy of n rows bounds how many are wrong: a wrong row costs at least ln 2
    most_wrong = float(loss[-1]) / math.log(2)
    wrong = 1 - float(accuracy[-1])
    if loss[-1] < 0 or wrong <= 2 * most_wrong + 0.1 or loss[-1] >= 0.7 * loss[0]:
        return []
    return [
        CurveSign(
            "metric_mismatch",
            (
                Evidence("last train accuracy", float(accuracy[-1]), f"above {1 - most_wrong:.3f}"),
                Evidence("last train loss", float(loss[-1]), "at least 0.693 for each wrong row"),
            ),
            "each row told wrongly costs a cross-entropy of ln 2 or more: with this loss so many "
            "cannot be wrong, unless the accuracy counts something else or the loss is another",
            "(logits.argmax(1) == y).mean(); of one logit (logit > 0) == y",
            "compute the accuracy of the predicted classes by hand; a squared error has no such "
            "bound",
            0.75,
        )
    ]


RULES = (
    broken,
    negative,
    softmax_twice,
    held_down,
    guessing,
    far_above,
    majority_share,
    flat_accuracy,
)
