"""Columns that were chosen because they go with the labels, those of held-out rows among them.

Of many columns of noise the best go with the labels by chance, and go on doing so in every row that
had a say (Ambroise & McLachlan 2002, PNAS 99). What is chosen so has no column below the mark that
was set, and most of them just above it, as the tail of a normal distribution has; real columns go
with the labels by all degrees.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.chance import p_of_means
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import figure
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

# Held against the tables of scripts/diagnosis_cases.py, none of which is told: where their least
# column is as far from chance, the others lie far above it.
ROWS = 20_000  # of more, what chance makes of the best column moves no score
COLUMNS = 10  # fewer say nothing of a tail
OTHERS = 0.15  # share of the columns that may have come in another way, below the mark
MARK = 1.8  # standard errors of the least column that was chosen
ABOVE = 3.0  # distance of the median above it, over that of a normal tail
FARTHEST = 8.0  # standard errors of the best column: chance goes no farther
HELD_Z = 3.0  # standard errors by which held-out rows follow the train rows


@dataclass(frozen=True)
class Tail:
    """How far columns are from chance.

    Arguments:
        least: standard errors of the least of them.
        above: distance of their median above it, over that of a normal tail.
        most: standard errors of the best.
    """

    least: float
    above: float
    most: float

    @property
    def is_chance(self) -> bool:
        """Whether it looks like the best of many columns of noise."""
        return self.least >= MARK and self.above <= ABOVE and self.most <= FARTHEST


def check(sheet: Sheet) -> Audit:
    """Numeric columns that all go with the labels by just so much as the best of chance does."""
    if len(sheet.numbers) < COLUMNS or not len(sheet.valid) or len(sheet.used) > ROWS:
        return Audit()
    names = list(sheet.numbers)
    for family in families(names):
        x = sheet.matrix[:, [names.index(name) for name in family]].astype(float)
        tails = [
            tail
            for rows in (np.concatenate((sheet.train, sheet.valid)), sheet.used)
            for tail in tails_of(x[rows], sheet.y[rows])
            if tail.is_chance
        ]
        followed = follows(x, sheet.y, sheet.train, sheet.valid) if tails else 0.0
        if followed >= HELD_Z:  # else they were chosen by train rows alone, as it should be
            tail = min(tails, key=lambda own: own.above)
            return Audit([_leak(family, len(family) == len(names), tail, followed)])
    return Audit()


def families(names: Sequence[str]) -> list[list[str]]:
    """All columns, and those whose names differ by a number alone, where they are several.

    >>> [len(own) for own in families([*(f"gene{k}" for k in range(12)), "age", "sex"])]
    [14, 12]
    """
    stems: dict[str, list[str]] = {}
    for name in names:
        stems.setdefault(re.sub(r"\d+", "#", name), []).append(name)
    several = [own for own in stems.values() if COLUMNS <= len(own) < len(names)]
    return [list(names), *several]


def _leak(family: Sequence[str], every: bool, tail: Tail, followed: float) -> Nomination:
    """What is told of a family, which may be every numeric column."""
    shown = f"{family[0]!r} and the like"
    return Nomination(
        "selection_leak",
        (
            Evidence(
                f"standard errors of the least and the best of {len(family)} columns"
                f"{'' if every else f', {shown},'} from telling nothing of the label",
                f"{tail.least:.1f}, {tail.most:.1f}",
                "some near 0, or some far away",
            ),
            Evidence(
                "distance of their median above the least, over that of chance alone",
                figure(tail.above),
                "far more for real columns",
            ),
            Evidence(
                "standard errors by which validation rows go the same way as train rows",
                f"{followed:.1f}",
                "about 0 where train rows alone chose them",
            ),
        ),
        f"{'The columns' if every else f'Columns {shown}'} look like the best of many that tell "
        "nothing, chosen with the labels of the held-out rows too: they tell those by chance, and "
        "no new row. Columns are to be chosen by train rows alone.",
        (),  # without them the score may be as good, and is then one of other columns
        strength=0.85,
        subject="" if every else shown,
    )


def tails_of(x: np.ndarray, y: np.ndarray) -> list[Tail]:
    """How far the columns (n, d) are from chance, by all classes and by each against the rest;
    with all columns, and without the lowest of them.
    """
    from scipy.special import ndtr, ndtri

    x = x[:, x.std(0) > 0]
    present = np.unique(y)
    labels = [y, *(y == own for own in (present if len(present) > 2 else ()))]
    found = []
    for label in labels:
        counts = np.unique(label, return_counts=True)[1]
        if x.shape[1] < COLUMNS or len(counts) < 2 or counts.min() < 2:
            continue
        ordered = np.sort(-ndtri(p_of_means(x, label).clip(1e-300, 1.0) / 2))
        for lowest in {0, int(OTHERS * len(ordered))}:
            kept = ordered[lowest:]
            least = max(0.0, float(kept[0]))
            middle = float(-ndtri(ndtr(-least) / 2)) - least
            above = (float(np.median(kept)) - least) / middle
            found.append(Tail(least, above, float(kept[-1])))
    return found


def follows(x: np.ndarray, y: np.ndarray, train: np.ndarray, held: np.ndarray) -> float:
    """Standard errors by which the class means of held-out rows go the way of train rows.

    Arguments:
        x: (N, d).
        y: class indices (N,).
        train, held: row numbers.
    """
    spread = x[train].std(0)
    x = x[:, spread > 0] / spread[spread > 0]
    learnt, told, counts = [], [], []
    for own in np.unique(y[train]):
        here, there = train[y[train] == own], held[y[held] == own]
        if len(there):
            learnt.append(x[here].mean(0) - x[train].mean(0))
            told.append(x[there].mean(0) - x[held].mean(0))
            counts.append(len(there))
    if not counts:
        return 0.0
    a, b, n = np.array(learnt), np.array(told), np.array(counts)[:, None]
    z = (n * a * b).sum(0) / np.sqrt((n * a**2).sum(0)).clip(1e-12)
    return float(z.sum() / np.sqrt(len(z)))
