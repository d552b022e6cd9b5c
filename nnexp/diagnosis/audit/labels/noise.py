"""Wrong labels, by the errors that remain where the table is plain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.chance import at_least
from nnexp.diagnosis.audit.labels import additive
from nnexp.diagnosis.audit.labels.mistaken import Mistaken, find_mistaken
from nnexp.diagnosis.audit.learners import discriminant
from nnexp.diagnosis.audit.learners.forest import Judged, out_of_bag
from nnexp.diagnosis.audit.learners.yardstick import Yardstick, majority, right
from nnexp.diagnosis.audit.rows import DistinctRows
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split import order
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

ROWS = 80  # of train, below which no share of errors tells anything

# Chosen on digits, breast cancer, moons, circles, adult, titanic, abalone and letter with 0 to 40 %
# of the labels exchanged, held against wine, iris, car, mushroom, vowel, housing, electricity and
# two overlapping Gaussians 0.5 to 2 standard deviations apart.
PLAIN = 0.06  # error of the most confident quarter, its lower bound: clean tables stay below ...
FLAT = 0.5  # ... that bound over the error of all rows: 0.1 to 0.4 where rows are hard, not wrong
FLAT_TOP = 0.55  # and the error of the most confident tenth over that of all rows
LEARNT = 0.35  # share of the majority's errors that the trees remove: below it all rows are hard
PLAINLY = 0.6  # where they remove so much, ...
FLAT_HALF = 0.55  # ... the bound of the surest half over the error of all rows says as much, ...
THINNED = 0.35  # ... unless errors thin out within it, as where pairs of classes overlap: error of
# the surest quarter over that of all rows
EVEN = (0.25, 0.6, 0.7)  # where they remove less, at least the first of these, both are larger yet:
# two to six overlapping Gaussians in 2 to 20 dimensions stay at or below 0.62 and 0.63
CLOSE = 0.03  # accuracy that a linear discriminant analysis may lack beside all learners: to it
# then none of the benchmark's healthy tables looks wrong
LITTLE = 0.2  # where they remove less than LEARNT but this, of two classes, ...
MUCH = 0.15  # ... and the bound is this large, the votes have to fall into two heaps, as those of
HEAPS = 0.77  # overlapping classes do not: share of their variance between two heaps (Gaussians 0.5
# to 1.25 standard deviations apart reach 0.74, one heap alone 0.64)

# equal rows, and share of the surest rows' errors that is between such ones
OFTEN, MOSTLY = 10, 0.7

CLEANER = 0.1  # accuracy on held-out rows above that on train rows, which only noise in train makes
CLEANER_ERRORS = 4.0  # standard errors of that
VOTERS = 200  # trees, of which a train row gets as many votes as a held-out row of `forest.TREES`


@dataclass(frozen=True)
class Confidence:
    """Where the errors are.

    Arguments:
        accuracy: of all rows.
        majority: share of the most frequent class.
        quarter: error of the most confident quarter.
        bound: its lower 95 % bound.
        tenth: error of the most confident tenth.
        half: lower 95 % bound of the error of the more confident half.
        heaps: of two classes, the share of the votes' variance that lies between two heaps.
    """

    accuracy: float
    majority: float
    quarter: float
    bound: float
    tenth: float
    half: float
    heaps: float

    @property
    def learnt(self) -> float:
        """The share of the majority's errors that are removed."""
        return (self.accuracy - self.majority) / max(1e-12, 1 - self.majority)

    @property
    def wrong(self) -> bool:
        """Whether the errors do not thin out with confidence."""
        error = 1 - self.accuracy
        flat = self.bound >= max(PLAIN, FLAT * error) and self.tenth >= FLAT_TOP * error
        thinned = self.quarter < THINNED * error
        if self.learnt >= PLAINLY and self.half >= max(PLAIN, FLAT_HALF * error) and not thinned:
            return True
        if self.learnt >= LEARNT:
            return flat
        even = self.bound >= EVEN[1] * error and self.tenth >= EVEN[2] * error
        if self.learnt >= EVEN[0] and even:
            return True
        return self.learnt >= LITTLE and self.bound >= MUCH and self.heaps >= HEAPS


def confidence_of(judged: Judged, y: np.ndarray) -> Confidence:
    """Errors by confidence; rows of equal confidence in a fixed order."""
    wrong = judged.predicted != y[judged.rows]
    surest = wrong[np.argsort(-judged.confidence, kind="stable")]
    size = len(surest)
    quarter, half = surest[: max(1, size // 4)], surest[: max(1, size // 2)]
    return Confidence(
        accuracy=1 - float(wrong.mean()),
        majority=majority(y[judged.rows]),
        quarter=float(quarter.mean()),
        bound=at_least(int(quarter.sum()), len(quarter)),
        tenth=float(surest[: max(1, size // 10)].mean()),
        half=at_least(int(half.sum()), len(half)),
        heaps=between_heaps(judged.votes[:, 1]) if judged.votes.shape[1] == 2 else 0.0,
    )


def between_heaps(values: np.ndarray) -> float:
    """The share of the variance that lies between two heaps, cut where it is largest.

    >>> round(between_heaps(np.array([0.0, 0.0, 1.0, 1.0])), 3)
    1.0
    """
    ordered = np.sort(values)
    size, total = len(ordered), float(((ordered - ordered.mean()) ** 2).sum())
    if size < 2 or total <= 0:
        return 0.0
    below = np.arange(1, size)
    gap = np.cumsum(ordered)[:-1] - ordered.sum() * below / size
    return float((gap**2 / (below * (size - below) / size)).max() / total)


def check(sheet: Sheet, trees: Yardstick, equal: DistinctRows) -> Audit:
    """A plateau of confidence: rows that trees are surest of are wrong nearly as often as all.

    Where classes overlap, errors gather at the border and sure rows are right. Labels that were
    exchanged at random are wrong everywhere alike (the plateau: Angluin & Laird 1988; the use of
    out-of-sample confidence: Northcutt, Jiang & Chuang 2021, JAIR 70). Noise in train alone also
    shows by held-out rows that are told better than train rows. Where the table has but few
    distinct rows, the surest ones are wrong as often as equal rows have different labels, and the
    columns may be too few rather than the labels wrong. And where effects that add up tell all that
    is told, the odds that they make are no mistakes.
    """
    if len(sheet.train) < ROWS:
        return Audit()
    cleaner = _cleaner(sheet, trees)
    look = confidence_of(trees.together, sheet.y)
    line = (
        f"of the rows that trees are surest of (a quarter) {percent(look.quarter)} are wrong, of "
        f"all {percent(1 - look.accuracy)}"
    )
    judged, who = trees.together, "trees are"
    if not look.wrong and cleaner is None and (plane := _by_plane(sheet, look)) is not None:
        judged, look, who = *plane, "a linear discriminant analysis is"
    if not look.wrong and cleaner is None:
        mistaken = find_mistaken(trees.together, sheet.y, len(sheet.classes))
        if mistaken is None or _are_conflicts(sheet, mistaken.rows, equal, mistaken.place):
            return Audit(checked=[line])
        return Audit([_one_for_another(sheet, mistaken)])
    surest = np.argsort(-judged.confidence, kind="stable")[: max(1, len(judged.rows) // 4)]
    if cleaner is None and _are_conflicts(
        sheet, judged.rows[surest], equal, judged.predicted[surest]
    ):
        note = f"where {who} sure and wrong, equal rows have different labels"
        return Audit(
            notes=[f"{note}: the columns are too few, or labels are wrong"], checked=[line]
        )
    if cleaner is None and additive.explains(sheet, trees.together):
        return Audit(checked=[line])
    plateau = (
        Evidence(
            f"errors among the quarter of the rows that {who} surest of",
            f"{percent(look.quarter)} (at least {percent(look.bound)})",
            "near 0: where classes overlap, sure rows are right",
        ),
        Evidence("errors among all rows", percent(1 - look.accuracy), "more by far"),
    )
    share = percent(look.quarter)
    return Audit(
        [
            Nomination(
                "label_noise",
                plateau if cleaner is None else (cleaner, *plateau),
                f"About {share} of the labels look exchanged at random. No accuracy above the "
                "rest can be reached on such labels, and confident mistakes about them keep the "
                "loss up while the network memorises them.",
                (override("reg.label_smoothing", 0.1),),
                strength=0.8 if look.learnt >= LEARNT or cleaner else 0.65,
            )
        ]
    )


def _by_plane(sheet: Sheet, look: Confidence) -> tuple[Judged, Confidence] | None:
    """What linear discriminant analyses see, where they tell rows about as well as all learners
    together and find labels wrong: in a small table they are surer of a row than trees.
    """
    if not discriminant.is_fit(sheet):
        return None
    judged = discriminant.out_of_fold(sheet, sheet.used)
    own = confidence_of(judged, sheet.y)
    as_well = own.accuracy >= look.accuracy - CLOSE and own.learnt >= LEARNT
    return (judged, own) if as_well and own.wrong else None


def _one_for_another(sheet: Sheet, found: Mistaken) -> Nomination:
    own = repr(sheet.classes[found.place])
    other = "another" if found.other is None else repr(sheet.classes[found.other])
    return Nomination(
        "label_noise",
        (
            Evidence(
                f"rows labelled {other} among the quarter that trees are surest of to be {own}",
                percent(found.quarter),
                "near 0, as in other classes: where classes overlap, sure rows are right",
            ),
            Evidence(f"the same among all rows taken for {own}", percent(found.error), "more"),
        ),
        f"About {percent(found.quarter)} of the rows of {own} look labelled as {other}, whatever "
        "their columns say. No accuracy above the rest can be reached on such labels.",
        (override("reg.label_smoothing", 0.1),),
        strength=0.65,
        subject=f"{own} labelled as {other}",
    )


def _are_conflicts(
    sheet: Sheet, rows: np.ndarray, equal: DistinctRows, predicted: np.ndarray | int
) -> bool:
    """Whether the errors among some rows (n,) are mostly labels that a row's equals outvote."""
    used, classes = sheet.used, len(sheet.classes)
    votes = np.zeros((len(equal.counts), classes), dtype=np.int64)
    np.add.at(votes, (equal.kind[used], sheet.y[used]), 1)
    own = votes[equal.kind[rows]]
    often = own.sum(1) >= OFTEN
    outvoted = often & (own[np.arange(len(rows)), sheet.y[rows]] < own.max(1))
    wrong = predicted != sheet.y[rows]
    return bool(wrong.any() and (outvoted & wrong).sum() >= MOSTLY * wrong.sum())


def _cleaner(sheet: Sheet, trees: Yardstick) -> Evidence | None:
    """Held-out rows that agree with the trees better than rows of train do."""
    found = _told_better(sheet, trees, trees.inside)
    if found is None:
        return None
    # of so few trees the votes for a train row, by those that did not see it, are fewer still
    judged = out_of_bag(sheet.matrix, sheet.y, len(sheet.classes), sheet.train, trees=VOTERS)
    return _told_better(sheet, trees, judged)


def _told_better(sheet: Sheet, trees: Yardstick, train: Judged) -> Evidence | None:
    inside = right(train, sheet.y)
    for name, judged in trees.outside.items():
        outside = right(judged, sheet.y)
        gain = float(outside.mean() - inside.mean())
        error = float(np.sqrt(inside.var() / len(inside) + outside.var() / len(outside)))
        alike = order.total_variation(
            *(
                np.bincount(sheet.y[rows], minlength=len(sheet.classes))
                for rows in (train.rows, judged.rows)
            )
        )
        # noise shows in the rows that trees are surest of, too
        wrong = confidence_of(train, sheet.y).quarter
        if (
            wrong >= gain / 2
            and gain >= CLEANER
            and gain >= CLEANER_ERRORS * error
            and alike <= CLEANER
        ):
            return Evidence(
                f"accuracy of trees on {name} rows, and on train rows that they did not see",
                f"{outside.mean():.3f}, {inside.mean():.3f}",
                "the same",
            )
    return None
