"""Whether the columns tell anything about the label, and whether they would a few rows further."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.chance import separation
from nnexp.diagnosis.audit.learners.forest import Judged, judged_by, out_of_bag, sample
from nnexp.diagnosis.audit.learners.linear import by_ridge, standardised
from nnexp.diagnosis.audit.learners.yardstick import Yardstick, majority
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.apart import are_apart
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

LAGS = (1, -1, 2, -2, 3, -3)  # rows that labels can have slipped by
STRONG = 0.93  # area from which on no lag can add RESTORED by much
WEAK = 0.6  # area under the ROC curve: a signal this small may be the tail of a lost one
BOUND = 0.62  # upper bound of the area, by 1.64 standard errors, up to which there is nothing
ERRORS = 2.5  # standard errors of a signal that is there
WIDER = 1.4  # standard error of an area over that of independent scores: out-of-bag votes of
# neighbours depend on each other (made noise of 2 to 30 columns and 2 to 10 classes)
ALONE = 2  # columns that may hold the label of another row, as in a forecast
RESTORED = 0.1  # what a lag has to add to the area under the curve
LAG_ERRORS = 5.0  # and by how many standard errors, for six lags
ELSEWHERE = 0.65  # area on held-out rows that shows that only the labels of train are lost
TOGETHER = 0.53  # area under the ROC curve of telling rows from rows of shuffled columns: unrelated
# columns stay below 0.49, made moons and circles reach 0.57, measured tables 0.75 to 1
LEAF = 3  # rows of a leaf for that
# Held against normal columns times 1e39, of which seven tenths are beyond float32.
LOST = 0.5  # share of the numbers that are beyond float32, from which on labels are not suspected


@dataclass(frozen=True)
class Signal:
    """How well the classes are told apart by rows that were not learnt from.

    Arguments:
        area: area under the ROC curve, each class against the rest, weighted by their rows; 0.5
            of rows of one class, which have none.
        error: its standard error where nothing is told; infinite of rows of one class.
        accuracy: share of rows told rightly.
        majority: share of the most frequent class.
    """

    area: float
    error: float
    accuracy: float
    majority: float

    @property
    def errors(self) -> float:
        """The distance from chance in standard errors."""
        return (self.area - 0.5) / self.error if np.isfinite(self.error) else 0.0

    @property
    def bound(self) -> float:
        """The upper 95 % bound of the area."""
        return self.area + 1.64 * self.error


def signal_of(judged: Judged, y: np.ndarray) -> Signal:
    """The signal in what trees say of rows that they did not learn from."""
    truth = y[judged.rows]
    counts = np.bincount(truth, minlength=judged.votes.shape[1])
    present = np.flatnonzero((counts > 0) & (counts < len(truth)))
    areas = [separation(judged.votes[:, place], truth == place) for place in present]
    if not len(present):
        return Signal(0.5, float("inf"), float((judged.predicted == truth).mean()), majority(truth))
    weights = counts[present] / counts[present].sum()
    area = float(sum(w * a for w, (a, _) in zip(weights, areas, strict=True)))
    error = float(np.sqrt(sum((w * e) ** 2 for w, (_, e) in zip(weights, areas, strict=True))))
    if len(present) == 2:  # the two sides are one test
        error = float(areas[0][1])
    return Signal(area, WIDER * error, float((judged.predicted == truth).mean()), majority(truth))


def check(sheet: Sheet, trees: Yardstick) -> Audit:
    """Labels that nothing in their rows tells, and labels that belong to a row nearby."""
    if not sheet.names:
        return Audit([_constant(sheet)])
    here = signal_of(trees.inside, sheet.y)
    if here.majority == 1:  # of train rows of one class no column tells anything
        return Audit()
    line = (
        f"extremely randomised trees reach an accuracy of {here.accuracy:.3f} on train rows they "
        f"did not see (majority {here.majority:.3f}; area under the ROC curve {here.area:.3f})"
    )
    if here.area > WEAK:
        # a file whose rows resemble their neighbours keeps some signal
        lags = _likely_lags(sheet, here) if here.area < STRONG else []
        slipped = _slipped(sheet, here, lags) if lags else None
        return Audit(checked=[line]) if slipped is None else Audit([slipped])
    slipped = _slipped(sheet, here, LAGS) or _lost_in_train(sheet, trees, here)
    if slipped is not None:
        return Audit([slipped])
    whole, linear = (signal_of(one, sheet.y) for one in (trees.together, trees.linear))
    if max(whole.errors, linear.errors) > ERRORS or max(whole.bound, linear.bound) > BOUND:
        return Audit(checked=[line])
    return Audit(_nothing(sheet, whole, linear))


def _lost_in_train(sheet: Sheet, trees: Yardstick, here: Signal) -> Nomination | None:
    """Train labels that tell nothing, while held-out rows tell theirs among themselves."""
    if here.errors > ERRORS or len(sheet.held_out) < 30:
        return None
    judged = out_of_bag(sheet.matrix, sheet.y, len(sheet.classes), sheet.held_out)
    there = signal_of(judged, sheet.y)
    if there.area < ELSEWHERE or there.errors < LAG_ERRORS:
        return None
    # what tells held-out rows beyond chance was learnt from labels of which a part is right
    told = [signal_of(one, sheet.y) for one in trees.outside.values()]
    if any(one.errors > LAG_ERRORS for one in told) or are_apart(sheet, sheet.held_out):
        return None
    return Nomination(
        "label_permuted",
        (
            Evidence(
                "area under the ROC curve of trees among train rows, and among held-out rows",
                f"{here.area:.3f}, {there.area:.3f}",
                "the same",
            ),
        ),
        "The labels of the train rows do not belong to them, those of the held-out rows do: what "
        "is learnt is memorised, and tells held-out rows by chance.",
        (),
        strength=0.95,
        certain=True,
    )


def _likely_lags(sheet: Sheet, here: Signal) -> list[int]:
    """The lags whose labels a ridge regression tells better than the trees tell the row's own."""
    rows = sample(sheet.train[(sheet.train >= 3) & (sheet.train < len(sheet.y) - 3)])
    classes = len(sheet.classes)
    x = standardised(sheet.matrix[rows])
    if len(rows) < 30 or not x.shape[1]:
        return []
    found = []
    for lag, there in zip(LAGS, _of_lags(sheet, rows, x), strict=True):
        if there.area - here.area >= max(RESTORED / 2, LAG_ERRORS * there.error / 2):
            found.append(lag)
    if not found:
        return []
    # a column may hold what the label was a row ago, as in a forecast, and that is no mistake
    moved = np.eye(classes)[np.roll(sheet.y, found[0])[rows]]
    related = np.abs(x.T @ (moved - moved.mean(0))).max(1)
    others = x[:, np.argsort(-related)[ALONE:]]
    if not others.shape[1]:
        return []
    without = dict(zip(LAGS, _of_lags(sheet, rows, others), strict=True))
    return [lag for lag in found if without[lag].area - here.area >= RESTORED / 2]


def _of_lags(sheet: Sheet, rows: np.ndarray, x: np.ndarray) -> list[Signal]:
    """What a ridge regression on some columns tells of the labels of each lag."""
    moved = [np.roll(sheet.y, lag) for lag in LAGS]
    truth = np.concatenate([np.eye(len(sheet.classes))[own[rows]] for own in moved], 1)
    told = np.split(by_ridge(x, truth), len(LAGS), 1)
    return [signal_of(judged_by(rows, votes), own) for own, votes in zip(moved, told, strict=True)]


def _slipped(sheet: Sheet, here: Signal, lags: Sequence[int]) -> Nomination | None:
    """Labels that fit the columns of a row a little further up or down."""
    best: tuple[float, int, Signal] | None = None
    for lag in lags:
        moved = np.roll(sheet.y, lag)
        rows = sample(sheet.train[(sheet.train >= 3) & (sheet.train < len(sheet.y) - 3)])
        if len(rows) < 30 or len(np.unique(moved[rows])) < 2:
            return None
        judged = out_of_bag(sheet.matrix, moved, len(sheet.classes), rows)
        there = signal_of(judged, moved)
        gain = there.area - max(here.area, 0.5)
        if gain >= RESTORED and gain >= LAG_ERRORS * there.error and gain > (best or (0,))[0]:
            best = (gain, lag, there)
    if best is None:
        return None
    _, lag, there = best
    where = f"{abs(lag)} row{'s' if abs(lag) > 1 else ''} {'earlier' if lag > 0 else 'later'}"
    return Nomination(
        "label_permuted",
        (
            Evidence(
                f"accuracy of trees with the label of the row {where}",
                round(there.accuracy, 3),
                f"{here.accuracy:.3f}, as with the row's own label",
            ),
            Evidence(
                "area under the ROC curve with it, and with the row's own",
                f"{there.area:.3f}, {here.area:.3f}",
                "higher with the row's own",
            ),
        ),
        f"The labels have slipped against the rows: each row's label stands {where}. A network "
        "can memorise that, so its train loss falls, and tells held-out rows by chance.",
        (),
        strength=0.98,
        certain=True,
    )


def _constant(sheet: Sheet) -> Nomination:
    return Nomination(
        "uninformative_inputs",
        (Evidence("inputs that vary among the train rows", f"0 of {len(sheet.columns)}", "all"),),
        "All train rows are alike: no input varies. They may have been scaled, filled in or chosen "
        "by mistake; of alike rows nothing is learnt but the class shares.",
        (),
        strength=0.98,
        certain=True,
    )


def _nothing(sheet: Sheet, here: Signal, linear: Signal) -> list[Nomination]:
    evidence = (
        Evidence(
            "accuracy of trees, neighbours and a ridge regression on rows they did not see",
            round(here.accuracy, 3),
            f"above {here.majority:.3f}, the share of the most frequent class",
        ),
        Evidence(
            "area under their ROC curve, and that of the ridge regression alone",
            f"{here.area:.3f} and {linear.area:.3f} (+- {here.error:.3f})",
            "above 0.5",
        ),
    )
    if (lost := _lost(sheet)) >= LOST:
        return [_too_large(evidence, lost)]
    related = _relatedness(sheet)
    shape = Evidence(
        "area under the ROC curve of telling rows from rows of shuffled columns",
        round(related, 3),
        f"above {TOGETHER} where rows are real and only the labels are lost",
    )
    whole = related >= TOGETHER
    told = (
        "The columns tell nothing about the label. Either the labels do not belong to these rows "
        "(shuffled, or joined in another order) or the columns are without information; the data "
        "cannot tell the two apart"
    )
    permuted = Nomination(
        "label_permuted",
        (*evidence, shape),
        f"{told}, but the columns hang together, as those of real rows do. The network learns the "
        "class shares and then memorises: the train loss falls, the accuracy stays."
        if whole
        else f"{told}. The network memorises: the train loss falls, the accuracy stays.",
        (),
        strength=0.85 if whole else 0.6,
        certain=True,
    )
    empty = Nomination(
        "uninformative_inputs",
        (*evidence, shape),
        f"{told}. The loss stays at that of the class shares for held-out rows.",
        (),
        strength=0.6 if whole else 0.85,
        certain=True,
    )
    return [permuted, empty]


def _lost(sheet: Sheet) -> float:
    """The share of the cells of numeric columns that are infinite or beyond float32."""
    return sum(sheet.beyond.values()) / max(1, len(sheet.numbers) * len(sheet.y))


def _too_large(evidence: tuple[Evidence, ...], lost: float) -> Nomination:
    cells = Evidence(
        "cells of numbers that are infinite or beyond float32, and so missing", percent(lost), "0"
    )
    return Nomination(
        "uninformative_inputs",
        (cells, *evidence),
        "What is left of the columns tells nothing about the label: most numbers are too large for "
        "float32 and are missing. In another unit they would be there.",
        (),
        strength=0.95,
        certain=True,
    )


def _relatedness(sheet: Sheet) -> float:
    """How well rows are told from rows of shuffled columns (Breiman 2003, Manual 4.0).

    The area under the ROC curve of trees; 0.5 and less where the columns do not depend on each
    other (less, since each value of a shuffled column stands in a real row too).
    """
    rows = sample(sheet.train, 1500)
    x, rng = sheet.matrix[rows], np.random.default_rng(0)
    made = np.stack([column[rng.permutation(len(rows))] for column in x.T], 1)
    both = np.concatenate((x, made))
    side = np.repeat((1, 0), len(rows))
    judged = out_of_bag(both, side, 2, np.arange(len(both)), LEAF)
    return separation(judged.votes[:, 1], side[judged.rows] == 1)[0]
