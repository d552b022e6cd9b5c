"""What one column says of the label, by a rule made from other rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from nnexp.diagnosis.audit.chance import cross
from nnexp.diagnosis.audit.leaks.likeness import OWN, is_copy, is_measured, is_number, is_paired
from nnexp.diagnosis.audit.learners.against import STRONG, STRONGLY
from nnexp.diagnosis.audit.learners.one_column import bins_of, by_level, by_tree, in_sample
from nnexp.diagnosis.audit.learners.yardstick import majority
from nnexp.diagnosis.audit.sheet import Sheet

LIKELY = 0.93  # accuracy of the rule of a column that has a value for each class
ROWS = 30  # of train, for a rule to be looked for
KNOWN = 0.5  # share of the rows whose cell is there

# better than all others together
SETTLED = 0.99  # accuracy of one column's rule in rows that it was not made from ...
BALANCED = 0.97  # ... and its mean over the classes
REMOVED = 0.9  # and the share of the majority's errors that it removes
NEARLY = 0.97  # accuracy (LIKELY for a value a class) that is enough beside `against.FEWER` errors

# far better than all others together
PROMISE = 0.6  # share of the errors that coarse bins remove in sample, where a rule is worth making

# the label itself, however good the others are
NOISY = 0.97  # accuracy of the rule

# the classes' names, in a text of as many values: with fewer classes that is no wonder
SEVERAL = 6
NAMED = 0.85  # accuracy of the rule


@dataclass(frozen=True)
class ColumnRule:
    """What one column says of the label, out of fold.

    Arguments:
        name: the column.
        known: bool (n,), the rows looked at whose cell is there; that others are missing is
            another check's business.
        right: bool (n,), the known rows that are told rightly.
        accuracy: share of the known rows that are.
        balanced: mean over the classes of their recall.
        removed: share of the majority's errors that are removed.
        itself: whether it is the label: a value for each class, or the label's number with noise.
        paired: whether it has a value for each class, but for some rows.
        named: whether these are texts, and the classes several.
        measured: whether these are numbers such as one measures, which tell much by nature.
    """

    name: str
    known: np.ndarray
    right: np.ndarray
    accuracy: float
    balanced: float
    removed: float
    itself: bool
    paired: bool = False
    named: bool = False
    measured: bool = False

    @property
    def settles(self) -> bool:
        """Whether nothing is left to tell."""
        return (self.nearly and self.accuracy >= SETTLED and self.balanced >= BALANCED) or (
            self.itself and self.accuracy >= NOISY
        )

    @property
    def strong(self) -> bool:
        """Whether it tells most of the label, as one good column may."""
        return self.accuracy >= STRONG and self.removed >= STRONGLY

    @property
    def nearly(self) -> bool:
        """Whether little is left to tell, which is odd only where the other columns leave much."""
        least = LIKELY if self.paired else NEARLY
        return self.named or (self.accuracy >= least and self.removed >= REMOVED)


def strongest_column(sheet: Sheet, rows: np.ndarray, told: Collection[str]) -> str:
    """The one of the other columns that tells most of the label by itself; "" for none."""
    y, classes = sheet.y[rows], len(sheet.classes)
    best: tuple[float, str] = (0.0, "")
    for name, values in sheet.numbers.items():
        if name in told:
            continue
        place = _bin(values[rows])
        known = place >= 0
        if _enough(known, y[known]):
            best = max(best, (in_sample(place[known], y[known], classes), name))
    for name, (codes, _) in sheet.levels.items():
        cells = codes[rows]
        known = cells >= 0
        if name not in told and _enough(known, y[known]):
            best = max(best, (in_sample(cells[known], y[known], classes), name))
    return best[1]


def bin_columns(sheet: Sheet, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The bin (n,) of each of some rows, of up to 64 by each numeric column; -1: no number."""
    return {name: _bin(values[rows]) for name, values in sheet.numbers.items()}


def _bin(cells: np.ndarray) -> np.ndarray:
    place = np.full(len(cells), -1, dtype=np.int16)
    known = np.isfinite(cells)
    if known.any():
        place[known] = bins_of(cells[known])
    return place


def find_rules(
    sheet: Sheet, rows: np.ndarray, binned: Mapping[str, np.ndarray] | None = None
) -> list[ColumnRule]:
    """The rules of all columns that tell most of the label of some rows (n,).

    Arguments:
        sheet: the table.
        rows: row numbers (n,).
        binned: `bin_columns` of them, where several labels are asked for; None: made here.
    """
    binned = bin_columns(sheet, rows) if binned is None else binned
    classes, found = len(sheet.classes), []
    for name, values in sheet.numbers.items():
        known = binned[name] >= 0
        y = sheet.y[rows][known]
        if _enough(known, y) and _promises(in_sample(binned[name][known], y, classes), STRONG, y):
            cells = values[rows][known]
            itself = is_copy(cells, y) or is_number(cells, y, sheet.classes)
            rule = _rule(name, known, cells, by_tree(cells, y, classes), y, itself)
            coded = rule.paired or itself or name in sheet.numbering
            measured = not coded and is_measured(cells, y, sheet.classes)
            found.append(replace(rule, measured=measured))
    for name, (codes, _) in sheet.levels.items():
        known = _telling(codes[rows], sheet.y[rows])
        cells, y = codes[rows][known], sheet.y[rows][known]
        if _enough(known, y) and _promises(in_sample(cells, y, classes), NAMED, y):
            rule = _rule(name, known, cells, by_level(cells, y, classes), y, is_copy(cells, y))
            several = len(np.unique(y)) >= SEVERAL
            found.append(replace(rule, named=rule.paired and several and rule.accuracy >= NAMED))
    return found


def rule_by_cuts(
    name: str, cells: np.ndarray, y: np.ndarray, classes: int, least: float
) -> ColumnRule | None:
    """The rule of numbers (n,), NaN where missing; None where it cannot be so accurate.

    Arguments:
        name: what the numbers are called.
        cells, y: of the rows looked at, the labels as class indices.
        classes: C.
        least: accuracy that it has to promise.
    """
    place = _bin(cells)
    known = place >= 0
    truth = y[known]
    if not _enough(known, truth):
        return None
    if not _promises(in_sample(place[known], truth, classes), least, truth):
        return None
    right = by_tree(cells[known], truth, classes)
    return _rule(name, known, cells[known], right, truth, itself=False)


def rule_by_levels(
    name: str, codes: np.ndarray, y: np.ndarray, classes: int, least: float
) -> ColumnRule | None:
    """As `rule_by_cuts`, of codes (n,), -1 where missing."""
    known = codes >= 0
    cells, truth = codes[known], y[known]
    if not _enough(known, truth) or not _promises(in_sample(cells, truth, classes), least, truth):
        return None
    right = by_level(cells, truth, classes)
    return _rule(name, known, cells, right, truth, itself=False)


def has_own_value(sheet: Sheet, name: str, rows: np.ndarray) -> bool:
    """Whether class 1 of two has one value of a column, which hardly a row of class 0 has."""
    cells, y = _known_cells(sheet, name, rows)
    own, counts = np.unique(cells[y == 1], return_counts=True)
    if not len(own) or counts.max() < OWN * counts.sum():
        return False
    return bool((y[cells == own[counts.argmax()]] == 1).mean() >= OWN)


def told_of(sheet: Sheet, name: str, rows: np.ndarray) -> float:
    """Share of the majority's errors on some rows (n,) that one column removes, out of fold."""
    cells, y = _known_cells(sheet, name, rows)
    if not len(y) or (y == y[0]).all():
        return 0.0
    place = bins_of(cells) if name in sheet.numbers else cells
    base = majority(y)
    return (float(by_level(place, y, len(sheet.classes)).mean()) - base) / (1 - base)


def _known_cells(sheet: Sheet, name: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cells of a column that are there in some rows (n,), numbers or codes, and the labels."""
    if name in sheet.numbers:
        cells = sheet.numbers[name][rows]
        known = np.isfinite(cells)
    else:
        cells = sheet.levels[name][0][rows]
        known = cells >= 0
    return cells[known], sheet.y[rows][known]


def _enough(known: np.ndarray, y: np.ndarray) -> bool:
    return bool(known.mean() >= KNOWN and len(y) >= ROWS and (y != y[0]).any())


def _promises(accuracy: float, least: float, y: np.ndarray) -> bool:
    """Whether what a column reaches in sample is worth a look at rows it was not made from."""
    base = majority(y)
    return accuracy >= least and accuracy - base >= PROMISE * (1 - base)


def _rule(
    name: str,
    known: np.ndarray,
    cells: np.ndarray,
    right: np.ndarray,
    y: np.ndarray,
    itself: bool,
) -> ColumnRule:
    recalls = [float(right[y == place].mean()) for place in np.unique(y)]
    every = np.zeros(len(known), dtype=bool)
    every[known] = right
    accuracy, base = float(right.mean()), majority(y)
    removed = (accuracy - base) / max(1e-12, 1 - base)
    mean = float(np.mean(recalls))
    return ColumnRule(name, known, every, accuracy, mean, removed, itself, is_paired(cells, y))


def _telling(codes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rows (n,) whose cell is there; one level may say that nothing is known, as an empty cell.

    That is a level which several classes share where each other one is a class of its own.
    """
    known = codes >= 0
    own, place = np.unique(codes[known], return_inverse=True)
    labels = np.unique(y[known], return_inverse=True)[1]
    if len(own) < 3:
        return known
    shared = np.flatnonzero((cross(place, labels) > 0).sum(1) > 1)
    if len(shared) != 1:
        return known
    rest = known & (codes != own[shared[0]])
    return rest if rest.mean() >= KNOWN and is_copy(codes[rest], y[rest]) else known
