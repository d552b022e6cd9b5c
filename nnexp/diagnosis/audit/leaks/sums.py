"""Two or three columns whose sum or difference, product or ratio is the target in disguise."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, figure
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

FEWEST = 2  # columns
MOST = 3  # columns of a sum that anybody would make
WIDEST = 100  # numeric columns of a table that is searched
APART = 10.0  # distance of the closest classes along the sum, in spreads within a class ...
CLOSE = 4.0  # ... and without one of its columns: good columns lose little by that, a sum all
OWN = 5  # rows of a class
RIDGE = 1e-9  # of the spreads, so that columns which follow from others can be inverted


def check(sheet: Sheet) -> Audit:
    """Columns that tell nothing one by one and everything together, along one line."""
    named = sheet.numbering
    names = [name for name in sheet.numbers if name not in named]
    rows = sample(sheet.used)
    y = sheet.y[rows]
    counts = np.bincount(y)
    if not FEWEST <= len(names) <= WIDEST or counts[counts > 0].min() < OWN:
        return Audit()
    x = np.stack([sheet.numbers[name][rows] for name in names], 1)
    complete = np.isfinite(x).all(1)
    if complete.mean() < 0.5 or len(np.unique(y[complete])) < 2:
        return Audit()
    x, y = x[complete], y[complete]
    line, text = "a sum", "sum or difference"
    found = find_sum(x, y)
    positive = np.flatnonzero((x > 0).all(0))
    if found is None and len(positive) >= FEWEST:
        line, text = "a product", "product or ratio"
        found = find_sum(np.log(x[:, positive]), y)
        names = [names[place] for place in positive]
    if found is None:
        return Audit()
    places, apart, without = found
    told = [names[place] for place in places]
    return Audit(
        [
            Nomination(
                "target_leak",
                (
                    Evidence(
                        f"distance of the classes along {line} of {columns(told)}, in spreads "
                        "within a class",
                        figure(apart),
                        f"below {figure(APART)}",
                    ),
                    Evidence(
                        "the same without one of these columns",
                        figure(without),
                        "nearly the same: good columns tell something each",
                    ),
                ),
                f"{columns(told)} tell next to nothing one by one, and their {text} is the "
                "label: one of them was computed after it.",
                (also("data.drop", sheet.config.drop, told),),
                strength=0.85,
                subject=", ".join(told),
            )
        ]
    )


def find_sum(x: np.ndarray, y: np.ndarray) -> tuple[list[int], float, float] | None:
    """The two or three columns along whose linear discriminant the classes lie far apart.

    Columns are taken away one by one, always the one that is missed least (backward elimination
    by Mahalanobis' distance of the closest two classes).

    Arguments:
        x: (n, d), finite.
        y: class indices (n,).

    Returns:
        The columns, the distance with all of them, and the largest without one of them; or None.
    """
    present = np.unique(y)
    spread = x.std(0)
    kept = np.flatnonzero(spread > 0)
    if len(kept) < FEWEST or len(y) < 2 * (len(kept) + len(present)):
        return None
    x = (x[:, kept] - x[:, kept].mean(0)) / spread[kept]
    means = np.stack([x[y == place].mean(0) for place in present])
    centred = x - means[np.searchsorted(present, y)]
    within = centred.T @ centred / (len(y) - len(present)) + RIDGE * np.eye(x.shape[1])
    first, second = np.triu_indices(len(present), 1)
    differences = means[first] - means[second]  # (pairs, d)
    places = np.arange(len(kept))
    while True:
        distance, left = _distances(within[np.ix_(places, places)], differences[:, places])
        if distance < APART:
            return None
        if len(places) <= MOST and left.max() < CLOSE:
            return kept[places].tolist(), distance, float(left.max())
        if len(places) <= FEWEST:
            return None
        places = np.delete(places, int(left.argmax()))


def _distances(within: np.ndarray, differences: np.ndarray) -> tuple[float, np.ndarray]:
    """Mahalanobis' distance of the closest classes, with all columns and without each (d,)."""
    inverse = np.linalg.inv(within)
    solved = differences @ inverse  # (pairs, d)
    squared = (solved * differences).sum(1)
    without = squared[:, None] - solved**2 / np.diag(inverse)
    return float(np.sqrt(squared.min())), np.sqrt(without.min(0).clip(0))
