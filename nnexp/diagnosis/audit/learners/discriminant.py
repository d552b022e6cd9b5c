"""Rows judged by linear discriminant analyses that did not learn from them (Fisher 1936).

Trees see little where many columns tell a little each, and where categories have many levels; a
plane through all of them sees that, and nothing else.
"""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.learners.forest import Judged, judged_by, sample
from nnexp.diagnosis.audit.sheet import Sheet

FOLDS = 5  # of rows that are judged by what the others teach
LEVELS = 64  # of a nominal column, each an input of its own; one of more levels is left out
SHRUNK = 0.02  # of the covariance that is replaced by its mean variance (Friedman 1989)
FARTHEST = 5.0  # standard deviations that a cell is from the mean, at most
WIDEST = 1000  # inputs: more take too long


def out_of_fold(sheet: Sheet, rows: np.ndarray) -> Judged:
    """Rows (n,) judged by what the other folds teach; of many a random part."""
    rows = sample(rows)
    fold = np.random.default_rng(0).permutation(len(rows)) % FOLDS
    votes = np.zeros((len(rows), len(sheet.classes)))
    for own in range(FOLDS):
        learn, tell = rows[fold != own], rows[fold == own]
        if len(learn) and len(tell):
            votes[fold == own] = _votes(sheet, learn, tell)
    return judged_by(rows, votes)


def held_out(sheet: Sheet, train: np.ndarray, rows: np.ndarray) -> Judged:
    """Rows (n,) judged by what others teach."""
    return judged_by(rows, _votes(sheet, sample(train), rows))


def is_fit(sheet: Sheet) -> bool:
    """Whether it can learn from the sheet."""
    return len(sheet.names) > 0 and _width(sheet) <= WIDEST


def _width(sheet: Sheet) -> int:
    nominal = (len(texts) for _, texts in sheet.levels.values())
    return len(sheet.numbers) + sum(count for count in nominal if count <= LEVELS)


def _votes(sheet: Sheet, learn: np.ndarray, tell: np.ndarray) -> np.ndarray:
    """Probabilities (n, C) of the rows `tell`."""
    x, own = inputs(sheet, learn, tell)
    labels = sheet.y[learn]
    present, y = np.unique(labels, return_inverse=True)
    counts = np.bincount(y)
    truth = np.eye(len(present))[y]
    means = truth.T @ x / counts[:, None]  # (C, p)
    inside = x - means[y]
    covariance = inside.T @ inside / max(1, len(x) - len(present))
    ridge = SHRUNK * np.trace(covariance) / max(1, len(covariance)) + 1e-9
    covariance = (1 - SHRUNK) * covariance + ridge * np.eye(len(covariance))
    weights = np.linalg.solve(covariance, means.T)  # (p, C)
    bias = np.log(counts / counts.sum()) - 0.5 * (means * weights.T).sum(1)
    scores = own @ weights + bias
    scores = np.exp(scores - scores.max(1, keepdims=True))
    votes = np.zeros((len(tell), len(sheet.classes)))
    votes[:, present] = scores / scores.sum(1, keepdims=True)
    return votes


def inputs(sheet: Sheet, learn: np.ndarray, tell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both rows by standardised numbers and levels (n, p); what is constant is left out."""
    nominal = [(codes, len(texts)) for codes, texts in sheet.levels.values()]
    chosen = []
    for rows in (learn, tell):
        blocks = [sheet.matrix[rows, : len(sheet.numbers)]]
        for codes, count in nominal:
            if count <= LEVELS:
                blocks.append(codes[rows, None] == np.arange(count))
        chosen.append(np.hstack(blocks).astype(float))
    middle, spread = chosen[0].mean(0), chosen[0].std(0)
    moves = spread > 0
    x, own = (
        ((rows[:, moves] - middle[moves]) / spread[moves]).clip(-FARTHEST, FARTHEST)
        for rows in chosen
    )
    return x, own
