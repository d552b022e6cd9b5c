"""What a table allows, by extremely randomised trees: no scale, rate or loss can spoil them.

They are a yardstick for a run's accuracy and for the information in a column, and no model that
anybody keeps (out-of-bag scores: Breiman 2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.learners.trees import out_of_bag_votes, votes_for

TREES = 60  # enough for out-of-bag votes of every row
ROWS = 3000  # that they learn from; of longer tables a random part


@dataclass(frozen=True)
class Judged:
    """What the trees say of rows that they did not learn from.

    Arguments:
        rows: which rows (n,).
        predicted: class indices (n,).
        confidence: the largest share of votes (n,).
        votes: shares of all C classes (n, C).
    """

    rows: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    votes: np.ndarray


def out_of_bag(
    x: np.ndarray,
    y: np.ndarray,
    classes: int,
    rows: np.ndarray,
    leaf: int = 1,
    trees: int = TREES,
) -> Judged:
    """Each row judged by the trees that did not see it.

    Arguments:
        x: (N, d) float32, finite.
        y: class indices (N,).
        classes: C.
        rows: row numbers (n,) to learn from; beyond `ROWS` a random part of them.
        leaf: rows that a leaf has at least.
        trees: how many.
    """
    rows = sample(rows)
    if not x.shape[1]:  # nothing to learn from: every row is told by the shares of the classes
        shares = np.bincount(y[rows], minlength=classes) / len(rows)
        return judged_by(rows, np.tile(shares, (len(rows), 1)))
    return judged_by(rows, out_of_bag_votes(x[rows], y[rows], classes, trees, leaf))


def held_out(
    x: np.ndarray,
    y: np.ndarray,
    classes: int,
    train: np.ndarray,
    rows: np.ndarray,
    trees: int = TREES,
) -> Judged:
    """Rows judged by trees that learnt from other ones; arguments as for `out_of_bag`."""
    train = sample(train)
    if not x.shape[1]:
        shares = np.bincount(y[train], minlength=classes) / len(train)
        return judged_by(rows, np.tile(shares, (len(rows), 1)))
    return judged_by(rows, votes_for(x[train], y[train], classes, trees, x[rows]))


def sample(rows: np.ndarray, most: int = ROWS) -> np.ndarray:
    """The rows, or `most` of them drawn at random, always the same ones."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def judged_by(rows: np.ndarray, votes: np.ndarray) -> Judged:
    """Rows judged by the shares of votes (n, C) that each class has there."""
    return Judged(rows, votes.argmax(1), votes.max(1), votes)
