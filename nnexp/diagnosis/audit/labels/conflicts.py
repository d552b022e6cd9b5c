"""Equal rows with different labels."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import binomial_p
from nnexp.diagnosis.audit.learners import forest
from nnexp.diagnosis.audit.rows import DistinctRows
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import p_text, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

AGAINST = 1e-6  # p of rows that are there twice disagreeing so often by chance: by nature they
# disagree less often than labels drawn at random, not more
WORSE, WORSE_Z = 0.15, 4.0  # accuracy of other learners on held-out rows that equal train rows,
# below that on train rows, and in standard errors
LOST = 0.02  # accuracy that no model can have, since one of two equal rows is always wrong


def check(sheet: Sheet, rows: DistinctRows) -> Audit:
    """Rows that repeat with another label though the table has too many values for repeats."""
    used = sheet.used
    y, kind, classes = sheet.y[used], rows.kind[used], len(sheet.classes)
    pairs, counts = np.unique(kind * classes + y, return_counts=True)
    owner = pairs // classes
    best = np.zeros(len(rows.counts), dtype=np.int64)
    np.maximum.at(best, owner, counts)
    total = np.bincount(kind, minlength=len(best))
    conflict = np.flatnonzero(best < total)
    if not len(conflict):
        return Audit(checked=["no two equal rows have different labels"])
    lost = float((total - best).sum() / len(y))
    concerned = int(total[conflict].sum())
    line = f"{concerned} rows ({percent(concerned / len(y))}) equal one with another label"
    pairs = _pairs(kind)
    if (mismatch := _meets(sheet, pairs)) is not None:
        return Audit([mismatch])
    twice, disagree, p = _disagree(y[pairs])
    # copies that agree may have been left out: of those that are left, all disagree
    whole = sheet.config.duplicates == "keep"
    if lost < LOST or not whole or not (rows.copied(conflict) or p < AGAINST):
        return Audit(
            notes=[f"{line}, which bounds the accuracy to {1 - lost:.3f}: repeats by nature"]
        )
    return Audit(
        [
            Nomination(
                "conflicting_labels",
                (
                    Evidence(
                        "rows that equal one with another label",
                        f"{concerned} ({percent(concerned / len(y))})",
                        "none in a table of so many values",
                    ),
                    Evidence("accuracy that such rows allow at most", round(1 - lost, 3), "1"),
                    Evidence(
                        "such rows differ from all others in as many columns as rows do that "
                        "stand once",
                        len(conflict),
                        "none where rows repeat by nature",
                    )
                    if p >= AGAINST
                    else Evidence(
                        "of the rows that are there twice, how many have two labels",
                        f"{disagree} of {twice} ({p_text(p)})",
                        "no more than labels drawn at random would",
                    ),
                ),
                "Rows that are equal in every column have different labels: one of the two is "
                "wrong whatever the network says, and its loss on them cannot fall.",
                (),
                strength=min(0.95, 0.8 + lost),
                certain=True,
            )
        ]
    )


def _disagree(pairs: np.ndarray) -> tuple[int, int, float]:
    """Whether rows that are there twice have different labels more often than rows at random.

    Arguments:
        pairs: the labels of each two (n, 2).

    Returns:
        How many there are, how many of them have two labels, and the p of so many by labels drawn
        from those of all such rows.
    """
    if not len(pairs):
        return 0, 0, 1.0
    disagree = int((pairs[:, 0] != pairs[:, 1]).sum())
    shares = np.bincount(pairs.reshape(-1)) / pairs.size
    return len(pairs), disagree, binomial_p(disagree, len(pairs), 1 - float((shares**2).sum()))


def _pairs(kind: np.ndarray) -> np.ndarray:
    """The two places (n, 2) of each kind of row that is there exactly twice."""
    order = np.argsort(kind, kind="stable")
    sizes = np.bincount(kind)
    first = (np.cumsum(sizes) - sizes)[sizes == 2]
    return np.asarray(order[np.stack((first, first + 1), 1)])


def _meets(sheet: Sheet, pairs: np.ndarray) -> Nomination | None:
    """Held-out rows that equal train rows, which do not equal each other, and which learners who
    know these train rows tell far worse than train rows that they do not know.

    Repeated measurements stand in two parts as well, but what is learned of the one holds of the
    other.

    Arguments:
        sheet: the table.
        pairs: places (n, 2) among its used rows of what is there exactly twice.
    """
    part = np.zeros(len(sheet.y), dtype=np.int64)
    for place, rows in enumerate((sheet.valid, sheet.test), 1):
        part[rows] = place
    part = part[sheet.used]
    if not len(pairs):
        return None
    shares = np.bincount(part) / len(part)
    apart = part[pairs[:, 0]] != part[pairs[:, 1]]
    p = binomial_p(int(apart.sum()), len(pairs), 1 - float((shares**2).sum()))
    if p >= AGAINST:
        return None
    places = pairs[apart].reshape(-1)
    held = sheet.used[places[part[places] > 0]]
    classes = len(sheet.classes)
    known = forest.out_of_bag(sheet.matrix, sheet.y, classes, sheet.train)
    there = forest.held_out(sheet.matrix, sheet.y, classes, sheet.train, held)
    told, usual = (float((own.predicted == sheet.y[own.rows]).mean()) for own in (there, known))
    error = np.sqrt(usual * (1 - usual) * (1 / len(held) + 1 / len(known.rows)) + 1e-12)
    if usual - told < max(WORSE, WORSE_Z * float(error)):
        return None
    return Nomination(
        "preprocessing_mismatch",
        (
            Evidence(
                "pairs of equal rows, and how many of them stand in two parts",
                f"{len(pairs)}, {int(apart.sum())} ({p_text(p)})",
                "as many as by chance",
            ),
            Evidence(
                "accuracy of other learners on these held-out rows", round(told, 3), f"{usual:.3f}"
            ),
        ),
        "Held-out rows equal train rows that do not equal each other, and have other labels: the "
        "same numbers mean other things in the parts, as where each part is coded or prepared by "
        "itself.",
        (),
        strength=0.93,
        certain=True,
    )
