"""Targets whose numbers are wrong: none at all, far away from what the outputs start with, or
beyond what an activation of the outputs lets through.
"""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.loop.kernel import Kernel

FAR = 10.0  # root mean square of a target, of which outputs near 1 are far away
LEARNED = 0.1  # share of the variance, above which its scale is no hindrance
CUT = 0.05  # share of the predictions that stand at a bound of an activation
NEAR = 0.02  # distance from a bound that an activation comes near to and never reaches
SPAN = 0.5  # of the interval between two such bounds, that predictions cover
LOST = 0.25  # how far beyond the bound the targets of these rows are in the mean, in their spread
SURE = 4.0  # standard errors of that mean
# targets that were standardised have a mean and a spread within so much of 0 and 1; held-out ones
# are then not where they are farther away, or as many times as wide; of others many times as wide
STANDARD, TIMES, MANY_TIMES = 0.1, 3.0, 10.0
FEWEST = 50  # rows, below which all this says little
KNOWN = "train on the rows with torch.isfinite(y) alone"
UNBOUNDED = "no activation behind the last layer"
SAME_SCALE = "scale the targets of valid= by those of the train rows, as y"
TARGET_SCALE = "scale y by the train rows, (y - y.mean()) / y.std(), and predictions back"


def unknown_targets(count: int) -> list[Nomination]:
    """Targets that are no numbers, in a loop whose loss or weights became none by them.

    Arguments:
        count: train rows whose target is NaN or infinity, at least one.
    """
    return [
        Nomination(
            "label_encoding",
            (Evidence("train rows whose target is NaN or infinity", count, "0"),),
            "the loss of such a row is no number, nor is the gradient of its batch: after one step "
            "no weight is",
            (KNOWN,),
            0.99,
            subject="targets that are missing",
        )
    ]


def unscaled_target(kernel: Kernel, given: np.ndarray, predicted: np.ndarray) -> list[Nomination]:
    """A target on a large scale, with predictions that have not come near it.

    Arguments:
        kernel: of the loss.
        given, predicted: quantities of train rows (n,).
    """
    fine = np.isfinite(given) & np.isfinite(predicted)
    if kernel.kind not in ("squared", "absolute") or fine.sum() < 2:
        return []
    given, predicted = given[fine], predicted[fine]
    size, variance = float(np.sqrt((given**2).mean())), float(given.var())
    if size < FAR or variance == 0:
        return []
    learned = 1 - float(((given - predicted) ** 2).mean()) / variance
    if learned > LEARNED:
        return []
    return [
        Nomination(
            "label_encoding",
            (
                Evidence("size (root mean square) of the target", size, "about 1"),
                Evidence("share of its variance that is predicted", learned, "above 0"),
                Evidence(
                    "size of the predictions", float(np.sqrt((predicted**2).mean())), f"{size:.3g}"
                ),
            ),
            "outputs start near 0, and steps of a usual size take long to a target this far away: "
            "until then the network learns its mean and nothing of the rows",
            (TARGET_SCALE,),
            0.95,
            subject="a target on a large scale",
        )
    ]


def other_scale(given: np.ndarray, held: np.ndarray) -> list[Nomination]:
    """Held-out targets on another scale than those of train rows.

    Arguments:
        given: quantities of train rows (n,).
        held: of held-out rows (m,).
    """
    given, held = given[np.isfinite(given)], held[np.isfinite(held)]
    if min(len(given), len(held)) < FEWEST or not (np.ptp(given) and np.ptp(held)):
        return []
    spread, its = float(given.std()), float(held.std())
    away = abs(float(held.mean() - given.mean())) / spread
    times = max(its / spread, spread / its)
    scaled = abs(float(given.mean())) < STANDARD and abs(spread - 1) < STANDARD
    if times < (TIMES if scaled else MANY_TIMES) and not (scaled and away > TIMES):
        return []
    return [
        Nomination(
            "preprocessing_mismatch",
            (
                Evidence(
                    "mean and spread (standard deviation) of the train targets",
                    f"{given.mean():.3g}, {spread:.3g}",
                    "those of held-out rows",
                ),
                Evidence(
                    "the same of held-out targets", f"{held.mean():.3g}, {its:.3g}", "those above"
                ),
            ),
            "the targets of held-out rows are on another scale than those that are learnt: their "
            "loss says nothing of what was learnt",
            (SAME_SCALE,),
            0.95,
            certain=True,
            subject="held-out targets",
        )
    ]


def cut_off(
    kernel: Kernel, given: np.ndarray, predicted: np.ndarray, kind: str = "logits"
) -> list[Nomination]:
    """Predictions that stand at the bound of an activation, with targets beyond it in the mean.

    Targets that lie beyond by chance, as of a quantity that is never negative and measured with
    noise, lie around the bound.

    Arguments:
        kernel, given, predicted: as for `unscaled_target`.
        kind: of the outputs, as of `Nature`.
    """
    fine = np.isfinite(given) & np.isfinite(predicted)
    if kernel.kind not in ("squared", "absolute") or fine.sum() < FEWEST:
        return []
    given, predicted = given[fine], predicted[fine]
    lowest, highest = float(predicted.min()), float(predicted.max())
    if lowest == highest == 0 < float(np.ptp(given)) and kind == "relu":
        return [_dead(len(given))]
    if lowest == 0 < highest and float((predicted == 0).mean()) >= CUT:  # what a ReLU leaves
        ends = [(0.0, -1.0, predicted == 0)]
    else:
        low, high = (0.0, 1.0) if lowest >= 0 else (-1.0, 1.0)
        known = kind in ("sigmoid", "tanh") or highest - lowest >= SPAN * (high - low)
        if lowest < low or highest > high or not known:
            return []
        ends = [(low, -1.0, predicted < low + NEAR), (high, 1.0, predicted > high - NEAR)]
    beyond = [_beyond(given, bound, side, at) for bound, side, at in ends]
    if max(beyond) < LOST:
        return []
    held = float(np.mean([at for *_, at in ends], axis=1).sum())
    return [
        Nomination(
            "activation_on_logits",
            (
                Evidence(
                    "predictions of train rows", f"{lowest:.3g} to {highest:.3g}", "any number"
                ),
                Evidence("share of them at the end of that", round(held, 3), "next to none"),
                Evidence(
                    "how far beyond it their targets are in the mean, in standard deviations",
                    round(max(beyond), 3),
                    "about 0",
                ),
            ),
            "an activation behind the last layer bounds what is predicted: the targets beyond "
            "cannot be reached, and no gradient comes back from rows that are held at the bound",
            (UNBOUNDED,),
            0.97,
            certain=True,
        )
    ]


def _dead(rows: int) -> Nomination:
    """A ReLU behind the last layer that lets no row through."""
    return Nomination(
        "activation_on_logits",
        (
            Evidence("predictions of train rows", "all 0", "any number"),
            Evidence("rows through which a gradient comes back", f"0 of {rows}", "all"),
        ),
        "a ReLU behind the last layer holds all predictions at 0, and no gradient comes back from "
        "there: nothing is learnt any more",
        (UNBOUNDED,),
        0.97,
        certain=True,
    )


def _beyond(given: np.ndarray, bound: float, side: float, at: np.ndarray) -> float:
    """How far the targets of rows at a bound are beyond it in the mean, in their spread over all
    rows; 0 where it may be chance.
    """
    spread = float(given.std())
    if at.sum() < max(10, CUT * len(at)) or not spread:
        return 0.0
    apart = side * (given[at] - bound)
    error = float(apart.std(ddof=1)) / float(np.sqrt(len(apart)))
    return float(apart.mean()) / spread if apart.mean() > SURE * error else 0.0
