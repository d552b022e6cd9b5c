"""A series split at random: rows beside each other in the file tell each other's labels."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.groups import FOLDS, TREES, grouped_accuracy
from nnexp.diagnosis.audit.split.order import RUNS, changes, is_by_class
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

SPANS = (12, 100)  # into how many stretches of the file the rows are divided, ...
SPAN = 25  # ... of at least so many rows
BY_CLASS = 0.1  # changes of label over those of a random order, below which it is as well
# correlation of a row's place with what its columns tell of it, beyond which they sort the file
PLACED = 0.95
RISING = 0.9  # correlation of a row's place with a column by which the rows can be split
SORTED = 0.98  # share of the steps of a column down the file that go one way, or none


def check(sheet: Sheet) -> Audit:
    """Whether labels last from row to row, and what rows of the same stretch are worth for it.

    A file that is sorted by class is none, nor one that is sorted by what columns make together:
    there rows are alike by what sorts them. A column that sorts it is left out.
    """
    split, used = sheet.config.split, sheet.used
    spans = min(SPANS[1], len(used) // SPAN)
    if split.method != "random" or not split.shuffle or not len(sheet.held_out):
        return Audit()
    lasting = changes(sheet.y[used])
    if spans < SPANS[0] or not BY_CLASS <= lasting < RUNS:
        return Audit()
    codes = np.zeros(len(sheet.y), dtype=np.int64)
    codes[used] = np.arange(len(used)) * spans // len(used)
    named = np.zeros((spans, len(sheet.classes)))
    np.add.at(named, (codes[used], sheet.y[used]), 1)
    if is_by_class(named):
        return Audit()
    sorting = _sorting(sheet)
    found = grouped_accuracy(sheet, sorting, codes, used)
    if not found.overstates:
        return Audit(checked=[found.line("stretches of the file", "stretch")])
    if _places(sheet, sorting, codes) >= PLACED:
        return Audit()
    return Audit(
        [
            Nomination(
                "group_leak",
                (
                    found.evidence("stretch", "stretches"),
                    Evidence(
                        "changes of label from row to row, over those of a random order",
                        round(lasting, 2),
                        "about 1",
                    ),
                ),
                "The rows follow each other, as in time: labels last for several of them, and a "
                "random split asks of rows that stand between train rows. The accuracy on them "
                "says how well gaps are filled, not how well what comes next is told.",
                _fix(sheet, sorting),
                strength=0.8,
                subject="rows that follow each other in the file",
            )
        ]
    )


def _sorting(sheet: Sheet) -> list[str]:
    """Columns of numbers that rise or fall with the file and so say where a row stands."""
    found = []
    for name, values in sheet.numbers.items():
        steps = np.diff(values[sheet.used])
        known = steps[np.isfinite(steps)]
        if len(known) and max((known >= 0).mean(), (known <= 0).mean()) >= SORTED:
            found.append(name)
    return found


def _fix(sheet: Sheet, sorting: Sequence[str]) -> tuple[str, ...]:
    """A split by the column that rises with the file as a whole, or else by the file's order."""
    apart = np.arange(len(sheet.used))
    rising = {
        name: float(np.corrcoef(np.nan_to_num(sheet.numbers[name][sheet.used]), apart)[0, 1])
        for name in sorting
        if len(sheet.distinct[name][0]) > 1
    }
    name = max(rising, key=lambda own: rising[own], default="")
    if name and rising[name] >= RISING:
        return override("data.split.method", "time"), override("data.split.by", name)
    return override("data.split.shuffle", False), override("data.split.stratify", False)


def _places(sheet: Sheet, without: Collection[str], codes: np.ndarray) -> float:
    """How well columns tell where in the file a row stands, in stretches that were held out.

    Trees that learn the places of rows beside it would know it in a series, too.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    rows = sample(sheet.used)
    x, place = sheet.without(without)[rows], np.searchsorted(sheet.used, rows).astype(float)
    if not x.shape[1]:
        return 0.0
    fold = np.random.default_rng(0).permutation(int(codes.max()) + 1)[codes[rows]] % FOLDS
    told = np.empty(len(rows))
    for own in range(FOLDS):
        learn = fold != own
        forest = ExtraTreesRegressor(TREES, min_samples_leaf=5, random_state=0)
        told[~learn] = forest.fit(x[learn], place[learn]).predict(x[~learn])
    return float(np.corrcoef(told, place)[0, 1]) if told.std() > 0 else 0.0
