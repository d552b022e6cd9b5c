"""What one column tells of the label: by the majority of its bins or levels, or by a tree."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.learners.trees import choices_for

FOLDS = 5  # rows that a column's rule was not made from


def bins_of(cells: np.ndarray) -> np.ndarray:
    """Which of up to 64 bins, of about as many cells each, a cell is in."""
    bins = min(64, max(2, len(cells) // 10))
    edges = np.unique(np.quantile(cells, np.linspace(0, 1, bins + 1)[1:-1]))
    # on an edge and between two edges are bins of their own: a step between them is not blurred
    return np.searchsorted(edges, cells) + np.searchsorted(edges, cells, side="right")


def in_sample(place: np.ndarray, y: np.ndarray, classes: int) -> float:
    """Accuracy of the majority of each bin or level, in sample: a bound that costs little."""
    place = place.astype(np.int64)
    return float(_majority_right(place, place, y, y, classes).mean())


def _majority_right(
    learn: np.ndarray, tell: np.ndarray, y: np.ndarray, truth: np.ndarray, classes: int
) -> np.ndarray:
    size = int(max(learn.max(initial=0), tell.max(initial=0))) + 1
    seen = np.bincount(learn * classes + y, minlength=size * classes).reshape(size, classes)
    counts = seen + 1e-3 * np.bincount(y, minlength=classes) / len(y)  # unseen: the majority
    return counts.argmax(1)[tell] == truth


def _folds(size: int) -> np.ndarray:
    return np.random.default_rng(0).permutation(size) % FOLDS


def by_level(cells: np.ndarray, y: np.ndarray, classes: int) -> np.ndarray:
    """Bool (n,), whether a row is told rightly by the majority of its level in other rows."""
    fold, right = _folds(len(y)), np.zeros(len(y), dtype=bool)
    for own in range(FOLDS):
        learn, tell = fold != own, fold == own
        right[tell] = _majority_right(cells[learn], cells[tell], y[learn], y[tell], classes)
    return right


def by_tree(cells: np.ndarray, y: np.ndarray, classes: int) -> np.ndarray:
    """Bool (n,), whether a row is told rightly by a tree of one column, grown on other rows."""
    # ranks keep what float32 would merge: a time in seconds, an amount in cents
    place = np.unique(cells, return_inverse=True)[1]
    fold, right = _folds(len(y)), np.zeros(len(y), dtype=bool)
    for own in range(FOLDS):
        learn, tell = fold != own, fold == own
        told = choices_for(place[learn, None], y[learn], 4 * classes, place[tell, None])
        right[tell] = told == y[tell]
    return right
