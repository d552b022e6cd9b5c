"""One class whose rows are often labelled as another, beside classes that are told plainly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.chance import at_least, separation
from nnexp.diagnosis.audit.learners.forest import Judged

# Held against the clean tables of scikit-learn and shared/data and the made ones of the benchmark,
# against overlapping Gaussians, and against the same tables with a third of a class mislabelled.
ROWS = 100  # that are taken for the class
OFTEN, MOST = 0.2, 0.6  # share of them with another label; more of them are no rows of the class
PLAIN = 0.18  # error of their most confident quarter, its lower bound, ...
FLAT = 0.6  # ... over the error of all of them; of the most confident tenth likewise
ONE = 0.8  # share of those labels that is of one other class, ...
MANY, EVENLY = 3, 0.5  # ... or of so many classes each other one has so much of its even share, ...
AT_RANDOM, ERRORS = 0.52, 2.0  # ... and nothing tells which rows they are: area under the ROC curve
# of the votes for the other class, less its standard errors; where classes lie close it is larger
BESIDE = 0.4  # the same quarter's error of a class that is told plainly, over this one's

# rows of the other class that are taken for it, over those that this one's region has: below it,
# nothing tells the two apart
REGION = 0.5
# share of the rows with the class' label that are taken for it: labels that are wrong leave those
# that are right where they were, and what lies between two classes is taken for either of them
KEPT = 0.5
LEARNT = 0.2  # share of the majority's errors that the trees remove: below it all rows are hard


@dataclass(frozen=True)
class Mistaken:
    """A class that is often labelled as another.

    Arguments:
        place: the class.
        other: what its rows are labelled as; None for any other.
        error: share of the rows taken for it that have another label.
        quarter: the same of the most confident quarter of them.
        rows: that quarter (n,).
    """

    place: int
    other: int | None
    error: float
    quarter: float
    rows: np.ndarray


def find_mistaken(judged: Judged, y: np.ndarray, classes: int) -> Mistaken | None:
    """The class where errors do not thin out with confidence, while they do in another.

    Arguments:
        judged: rows as learners see them that did not learn from them.
        y: class indices (N,).
        classes: C.
    """
    wrong = judged.predicted != y[judged.rows]
    base = 1 - np.bincount(y[judged.rows]).max() / len(wrong)
    if not base or 1 - wrong.mean() / base < LEARNT:
        return None
    quarters: dict[int, float] = {}
    found: list[Mistaken] = []
    for place in range(classes):
        own = np.flatnonzero(judged.predicted == place)
        if len(own) < ROWS:
            continue
        own = own[np.argsort(-judged.confidence[own], kind="stable")]
        quarter, tenth = own[: len(own) // 4], own[: len(own) // 10]
        error, surely = float(wrong[own].mean()), float(wrong[quarter].mean())
        quarters[place] = surely
        if error < OFTEN or max(error, surely) > MOST:
            continue
        labels = np.bincount(y[judged.rows[own[wrong[own]]]], minlength=classes)
        bound = at_least(int(wrong[quarter].sum()), len(quarter))
        flat = bound >= max(PLAIN, FLAT * error) and wrong[tenth].mean() >= FLAT * error
        others = np.delete(labels, place)
        even = classes >= MANY and others.min() >= EVENLY * labels.sum() / (classes - 1)
        even = even and _at_random(judged, y, own, place)
        other = int(labels.argmax())
        told = int((judged.predicted[y[judged.rows] == other] == other).sum())
        one = labels.max() >= ONE * labels.sum() and told >= REGION * labels.max()
        kept = float((~wrong[y[judged.rows] == place]).mean())
        if flat and (even or one) and kept >= KEPT:
            found.append(
                Mistaken(place, None if even else other, error, surely, judged.rows[quarter])
            )
    found.sort(key=lambda one: -one.quarter)
    plainest = min(quarters.values(), default=1.0)
    return next((one for one in found if plainest <= BESIDE * one.quarter), None)


def _at_random(judged: Judged, y: np.ndarray, own: np.ndarray, place: int) -> bool:
    """Whether votes do not tell which rows (n,), taken for a class, have another class' label."""
    labels, votes = y[judged.rows[own]], judged.votes[own]
    for other in np.unique(labels[labels != place]):
        two = (labels == other) | (labels == place)
        area, error = separation(votes[two, other], labels[two] == other)
        if area - ERRORS * error > AT_RANDOM:
            return False
    return True
