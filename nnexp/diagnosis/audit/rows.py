"""Equal rows: a key for each, and which repeats chance would not make."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from nnexp.diagnosis.audit.dependent import dependent
from nnexp.diagnosis.audit.sheet import Sheet

EMPTY = 0.4  # share of missing cells beyond which a row equals no other: little is left to equal

_NEGATIVE_ZERO = np.uint64(1 << 63)
_ODD = np.uint64(0x9E3779B97F4A7C15)  # of splitmix64 (Steele, Lea & Flood 2014)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))

LOOKED = 100  # repeated rows, and rows that stand once, whose nearest other row is looked for ...
POOL = 4000  # ... among so many distinct rows ...
WIDTH = 100  # ... by so many columns
AS_FAR = 0.85  # distance of repeated rows to the nearest other one, over that of rows that stand
# once: about 1 for copies, 0.3 to 0.7 where rows repeat by nature, that is where they are dense
APART = 2  # columns in which the nearest other row differs from a copied one, at least
TIMES = 4  # that a row is there in a table that was copied as a whole, at most
MODES = 3  # rows that a table may repeat any number of times: that nothing was found, say ...
MODE, MODE_SHARE = 10, 0.005  # ... which then stand for so many rows, and such a share of all


@dataclass(frozen=True)
class DistinctRows:
    """The rows of a sheet, told apart by all columns that identify no row.

    Arguments:
        columns: the cells of each column as 64-bit patterns (N,).
        kind: which distinct row each is (N,), 0..R-1.
        numbers: those of the columns that are numeric, as they are.
    """

    columns: dict[str, np.ndarray]
    kind: np.ndarray
    numbers: Mapping[str, np.ndarray] = field(default_factory=dict)

    @cached_property
    def counts(self) -> np.ndarray:
        """How many rows each distinct row stands for (R,)."""
        return np.bincount(self.kind)

    @cached_property
    def modes(self) -> np.ndarray:
        """The most frequent distinct rows, `MODES` of them at most, and of many rows each."""
        first = np.argsort(-self.counts, kind="stable")[:MODES]
        return first[self.counts[first] >= max(MODE, MODE_SHARE * len(self.kind))]

    @cached_property
    def following(self) -> set[str]:
        """The columns that follow from others, as a total does."""
        return dependent(self.numbers)

    def copied(self, kinds: np.ndarray) -> bool:
        """Whether repeated rows are copies, rather than repeats by nature.

        Rows of a table with few values repeat where many others are nearly equal to them. Copies
        are taken anywhere: the row nearest to a copied one, but for itself, is as far as the row
        nearest to any other, and differs in two columns or more, none of which follows from others.

        Arguments:
            kinds: the distinct rows in question.
        """
        _, first = np.unique(self.kind, return_index=True)
        kinds = np.setdiff1d(kinds, self.modes)
        if not len(kinds):
            return False
        names = [name for name in self.columns if name not in self.following]
        if len(names) < APART:
            return False
        rng = np.random.default_rng(0)
        if len(names) > WIDTH:
            names = [names[place] for place in rng.choice(len(names), WIDTH, replace=False)]
        table = np.stack([self.columns[name] for name in names], 1)
        pool = rng.permutation(len(first))[:POOL]
        single = np.flatnonzero(self.counts == 1)
        near = _nearest(table, first, pool, rng.permutation(kinds)[:LOOKED])
        if near < APART:
            return False
        if len(single) < LOOKED / 5:  # all are repeated: a few times each, or they are values
            return np.median(self.counts) <= TIMES and near >= AS_FAR * len(names) / 2
        return near >= AS_FAR * _nearest(table, first, pool, rng.permutation(single)[:LOOKED])


def _nearest(table: np.ndarray, first: np.ndarray, pool: np.ndarray, kinds: np.ndarray) -> float:
    """Median over some kinds of the number of columns in which the nearest other kind differs."""
    others = table[first[pool]]
    apart = []
    for kind in kinds:
        differ = np.count_nonzero(others != table[first[kind]], axis=1)
        apart.append(int(differ[differ > 0].min(initial=table.shape[1])))
    return float(np.median(apart))


def find_rows(sheet: Sheet) -> DistinctRows:
    """Key every row of a sheet."""
    columns = {n: _patterns(sheet.identity(n)) for n in sheet.numbers if n not in sheet.numbering}
    columns |= {name: codes.astype(np.uint64) for name, (codes, _) in sheet.levels.items()}
    if not columns:
        return DistinctRows({}, np.arange(len(sheet.y)))
    numbers = {name: sheet.numbers[name] for name in columns if name in sheet.numbers}
    return DistinctRows(columns, keyed(sheet, columns), numbers)


def keyed(sheet: Sheet, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which distinct row each is (N,) by some columns, given as `DistinctRows.columns`."""
    keys = np.zeros(len(sheet.y), dtype=np.uint64)
    for cells in columns.values():
        keys = _mixed(keys * _MIX[0] + cells + _ODD)
    return _kinds(keys, _holes(sheet, columns), len(columns))


def kinds_without(
    sheet: Sheet, columns: Mapping[str, np.ndarray], out: Sequence[str]
) -> Iterator[np.ndarray]:
    """As `keyed`, without the first column of `out`, without the first two, and so on.

    A row's key is the sum of one a cell, so that to leave a column out takes one pass.
    """
    keys = np.zeros(len(sheet.y), dtype=np.uint64)
    for name, cells in columns.items():
        keys += _cell_keys(name, cells)
    holes = _holes(sheet, columns)
    for count, name in enumerate(out, 1):
        keys -= _cell_keys(name, columns[name])
        if name in sheet.absent:
            holes = holes - sheet.absent[name]
        yield _kinds(keys, holes, len(columns) - count)


def _holes(sheet: Sheet, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """How many of the columns are missing in each row (N,)."""
    holes = np.zeros(len(sheet.y), dtype=np.int64)
    for name, mask in sheet.absent.items():
        if name in columns:
            holes += mask
    return holes


def _kinds(keys: np.ndarray, holes: np.ndarray, count: int) -> np.ndarray:
    """Rows of one key are one, but where most of their `count` columns are missing."""
    empty = np.flatnonzero(holes > EMPTY * count)
    if len(empty):
        keys = keys.copy()
        keys[empty] = _mixed(keys[empty] + empty.astype(np.uint64) * _ODD)
    _, kind = np.unique(keys, return_inverse=True)
    return kind


def _cell_keys(name: str, cells: np.ndarray) -> np.ndarray:
    """A number for each cell, equal for equal ones of one column."""
    return _mixed(cells * _MIX[0] + np.uint64(zlib.crc32(name.encode())))


def _patterns(values: np.ndarray) -> np.ndarray:
    """64-bit patterns of numbers; all NaN are one, and so are 0 and -0."""
    bits = values.view(np.uint64)
    if values.dtype.kind == "i" or not (np.isnan(values) | (bits == _NEGATIVE_ZERO)).any():
        return bits
    return np.where(np.isnan(values), np.nan, values + 0.0).view(np.uint64)


def _mixed(bits: np.ndarray) -> np.ndarray:
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX[0]
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX[1]
    return bits ^ (bits >> np.uint64(31))
