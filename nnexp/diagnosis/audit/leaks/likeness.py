"""Whether a column's cells are the label in other clothes, or numbers such as one measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnexp.diagnosis.audit.chance import cross

OWN = 0.95  # share of a class's rows that have one value, and of that value's rows that are of it
APART = 4.0  # distance of neighbouring classes, in spreads within a class, with means that are
ALMOST = 3.0  # the same, from which on a column is no measurement, whatever else it is
MET = (4.0, 0.03)  # the labels' own numbers: within so many standard errors, of such a size at most


def is_copy(cells: np.ndarray, y: np.ndarray) -> bool:
    """Whether each class has one value, and each value one class."""
    pairs = np.unique(np.stack((cells.astype(np.float64), y)), axis=1)
    count = pairs.shape[1]
    return count == len(np.unique(pairs[0])) == len(np.unique(pairs[1]))


def is_paired(cells: np.ndarray, y: np.ndarray) -> bool:
    """Whether there are as many values as classes, each mostly of a class of its own."""
    values, place = np.unique(cells, return_inverse=True)
    present, label = np.unique(y, return_inverse=True)
    if len(values) != len(present):
        return False
    return len(np.unique(cross(place, label).argmax(1))) == len(values)


def is_measured(cells: np.ndarray, y: np.ndarray, labels: Sequence[Any]) -> bool:
    """Whether numbers are such as one measures: no class's own, and not the labels' numbers."""
    shares = [
        np.unique(cells[y == place], return_counts=True)[1].max() / (y == place).sum()
        for place in np.unique(y)
    ]
    return max(shares) < OWN and not is_number(cells, y, labels, ALMOST)


def is_number(
    cells: np.ndarray, y: np.ndarray, labels: Sequence[Any], apart: float = APART
) -> bool:
    """Whether the classes' means are the labels' numbers: their own, or 0, 1, 2, ... up or down."""
    present, counts = np.unique(y, return_counts=True)
    if len(np.unique(cells)) <= 2 * len(present) or counts.min() < 2:
        return False
    means = np.array([cells[y == place].mean() for place in present])
    spreads = np.array([cells[y == place].std() for place in present])
    errors = spreads / np.sqrt(counts)
    within = float(np.sqrt((spreads**2).mean()))
    if errors.max() > MET[1] or np.diff(np.sort(means)).min() < apart * within:
        return False
    numbers = [present.astype(float), float(len(labels) - 1) - present]
    if not any(isinstance(label, str) for label in labels):
        numbers.append(np.array([float(labels[place]) for place in present]))
    return any(bool((np.abs(means - own) <= MET[0] * errors).all()) for own in numbers)
