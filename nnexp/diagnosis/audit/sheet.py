"""A table as the audit sees it: every column as numbers or as levels, and who is in which part."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config.schema.data import DataConfig
from nnexp.data.cells import LARGEST, MISSING_TOKENS, Texts, read_texts
from nnexp.data.columns import Column, infer_columns
from nnexp.data.labelled import Labelled
from nnexp.data.split import split_labelled
from nnexp.diagnosis.audit.numbering import numbered

MIDDLE = (0.01, 0.99)  # of the values, of which a few others leave no more than ...
SLIVER = 1 / 50  # ... this of the range, as outliers do

# Held against columns of 300 whole numbers moved by up to 1e15 and scaled by 1e-300 to 1e30, of
# which learners say what they say of the column itself. Of the 1,910 numeric columns of
# scikit-learn's tables and shared/data none is moved, and seven are widened, by a power of two.
MOVED = 1e-5  # of a column's range by which float32 may move a value, and of the range of its
# middle eight tenths by which it may move half of them
NARROW = 0.1  # range below which it is widened: trees take what is within 1e-7 for one number

KNOWN = 0.8  # cells of a column by which rows are near each other
EXACT = 2**53  # whole numbers up to here are float64's own


def _is_squeezed(values: np.ndarray) -> bool:
    """Whether a few of some finite values make nearly all of their range."""
    if not len(values) or values.min() == values.max():
        return False
    low, high = np.quantile(values, MIDDLE)
    with np.errstate(over="ignore"):
        return bool(0 < high - low < SLIVER * (values.max() - values.min()))


def _as_float32(values: np.ndarray) -> np.ndarray:
    """Finite numbers (N,) as float32, moved, or made larger or smaller, where it needs that.

    Of a time in seconds since 1970, or of amounts of 1e-50, float32 holds little or nothing. What
    is multiplied with is a power of two, which rounds nothing.
    """
    single = values.clip(-LARGEST, LARGEST).astype(np.float32)
    if not len(values):
        return single
    extent = float(values.max()) - float(values.min())
    if not 0 < extent < np.inf:
        return single
    if not NARROW <= extent <= LARGEST:
        values = np.ldexp(values, -int(np.frexp(extent)[1]))
        extent = float(np.ptp(values))
        single = values.clip(-LARGEST, LARGEST).astype(np.float32)
    lost = np.abs(single - values)
    if not lost.any():
        return single
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
    if np.median(lost) <= MOVED * (high - low or extent) and lost.max() <= MOVED * extent:
        return single
    return (values - middle).clip(-LARGEST, LARGEST).astype(np.float32)


def _whole_numbers(values: np.ndarray) -> np.ndarray | None:
    """Integers (N,) as int64 where float64 merges some of them, as it does ids of 19 digits.

    None where it holds them apart, and for what spans more than int64 does.
    """
    if values.dtype.kind not in "iu" or not len(values):
        return None
    low, high = int(values.min()), int(values.max())
    if max(-low, high) <= EXACT:
        return None
    floats = values.astype(np.float64)
    if high > np.iinfo(np.int64).max:
        if high - low > np.iinfo(np.int64).max:
            return None
        values = values - values.dtype.type(low)
    merged = len(np.unique(floats)) < len(np.unique(values))
    return values.astype(np.int64) if merged else None


@dataclass(frozen=True)
class Sheet:
    """N rows that have a label.

    Arguments:
        frame: all columns but the target, as they were read.
        columns: the kind of each column, dropped ones too.
        numbers: float64 (N,) of each numeric column, NaN where missing.
        levels: of each categorical column the codes (N,), -1 where missing, and their texts.
        y: class index (N,) int64.
        classes: the labels behind the indices.
        train, valid, test: row numbers; a fold may leave rows in none.
        config: the choices under which the table is read.
        rows: of the table that each row was (N,), ascending.
        exact: int64 (N,) of each numeric column of whole numbers of which float64 merges some.
        beyond: how many cells are infinite, or more than float32 holds, of numeric columns.
    """

    frame: pd.DataFrame
    columns: list[Column]
    numbers: dict[str, np.ndarray]
    levels: dict[str, tuple[np.ndarray, list[str]]]
    y: np.ndarray
    classes: list[Any]
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    config: DataConfig
    rows: np.ndarray
    exact: Mapping[str, np.ndarray] = field(default_factory=dict)
    beyond: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def held_out(self) -> np.ndarray:
        """Validation and test rows, ascending."""
        return np.sort(np.concatenate((self.valid, self.test)))

    @cached_property
    def used(self) -> np.ndarray:
        """The rows of all parts, ascending."""
        return np.sort(np.concatenate((self.train, self.valid, self.test)))

    @cached_property
    def matrix(self) -> np.ndarray:
        """float32 (N, d) for trees: numbers, then codes; missing cells are the train median.

        Of a column that a few values squeeze into a sliver of its range the ranks are taken: cuts
        that are drawn between the least and the largest would all fall beside the others. A column
        that float32 cannot hold as it is, far from 0 for its range or of a tiny one, is moved and
        widened first.
        """
        joined = np.empty((len(self.y), len(self.names)), dtype=np.float32)
        for place, values in enumerate(self.numbers.values()):
            finite = np.isfinite(values)
            if not finite.all():
                known = values[self.train][finite[self.train]]
                values = np.where(finite, values, np.median(known) if len(known) else 0.0)
            if _is_squeezed(values[self.train]):
                values = np.unique(values, return_inverse=True)[1]
            joined[:, place] = _as_float32(values)
        for place, (codes, _) in enumerate(self.levels.values(), len(self.numbers)):
            joined[:, place] = codes
        return joined

    @property
    def names(self) -> list[str]:
        """Names of the columns of `matrix`."""
        return [*self.numbers, *self.levels]

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """Row numbers of the held-out parts that have rows, by name."""
        parts = {"validation": self.valid, "test": self.test}
        return {name: rows for name, rows in parts.items() if len(rows)}

    @cached_property
    def absent(self) -> dict[str, np.ndarray]:
        """bool (N,) for each column of `matrix`: where the cell is missing."""
        holes = {name: np.isnan(values) for name, values in self.numbers.items()}
        return {**holes, **{name: codes < 0 for name, (codes, _) in self.levels.items()}}

    @cached_property
    def numbering(self) -> dict[str, str]:
        """What each numeric column that identifies rows or times looks like, by name."""
        kinds = {}
        for name, values in self.numbers.items():
            own = self.exact.get(name)
            distinct = self.distinct[name][0] if own is None else np.unique(own)
            kinds[name] = numbered(values if own is None else own, len(distinct))
        return {name: kind for name, kind in kinds.items() if kind}

    @cached_property
    def distinct(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """The distinct finite numbers of each numeric column, ascending, and how often each is."""
        found = {}
        for name, values in self.numbers.items():
            own, counts = np.unique(values[np.isfinite(values)], return_counts=True)
            found[name] = own, counts.astype(np.int32)
        return found

    @cached_property
    def units(self) -> dict[str, tuple[float, float]]:
        """Mean and standard deviation of each numeric column by which rows are near each other:
        it varies, numbers no row, and few of its cells are missing.
        """
        units = {}
        for name, values in self.numbers.items():
            known = values[np.isfinite(values)]
            if name in self.numbering or len(known) < KNOWN * len(values):
                continue
            with np.errstate(over="ignore"):
                spread = float(known.std())
            if not 0 < spread < np.inf:  # the squares are beyond float64, as of numbers of 1e-170
                spread = float(np.abs(known - known[0]).max(initial=0.0))
            if spread > 0:
                units[name] = (float(known.mean()), spread)
        return units

    def identity(self, name: str) -> np.ndarray:
        """Numbers (N,) of a numeric column, equal where its cells are; NaN where missing."""
        return self.exact.get(name, self.numbers[name])

    def one_against_others(self, place: int) -> Sheet:
        """The sheet with two classes: the one at a place, as 1, and all others."""
        label = self.classes[place]
        return replace(self, y=(self.y == place).astype(np.int64), classes=["others", label])

    def without_columns(self, names: Collection[str]) -> Sheet:
        """The sheet without some columns."""
        numbers = {name: own for name, own in self.numbers.items() if name not in names}
        levels = {name: own for name, own in self.levels.items() if name not in names}
        return replace(self, numbers=numbers, levels=levels)

    def without(self, names: Collection[str]) -> np.ndarray:
        """`matrix` without some columns."""
        if not set(names).intersection(self.names):
            return self.matrix
        return self.matrix[:, [place for place, n in enumerate(self.names) if n not in names]]

    def texts(self, name: str) -> Texts:
        """Any column as texts, dropped ones too."""
        return read_texts(self.frame[name], (*MISSING_TOKENS, *self.config.missing_tokens))


def make_sheet(
    labelled: Labelled, config: DataConfig, seed: int = 0, valid_seed: int | None = None
) -> Sheet:
    """The sheet of a table that is read already, as `read_labelled` does for `config`.

    Arguments:
        labelled: the rows with a label.
        config: the choices.
        seed: of the split.
        valid_seed: of who validates among the rows that do not test; None for `seed`.

    Raises:
        UserError: as `prepare`.
    """
    cells = labelled.cells
    split = split_labelled(labelled, config.split, seed, valid_seed)
    columns = infer_columns(cells, split.train, config)
    texts = {c.name: cells.texts(c.name) for c in columns if c.kind == "categorical"}
    numbers = {c.name: cells.numbers(c.name).values for c in columns if c.kind == "numeric"}
    beyond = {name: count for name in numbers if (count := cells.numbers(name).infinite)}
    exact = {name: _whole_numbers(values) for name, values in numbers.items()}
    return Sheet(
        frame=cells.frame,
        columns=columns,
        numbers={name: values.astype(np.float64) for name, values in numbers.items()},
        levels={name: (own.codes, own.levels) for name, own in texts.items()},
        y=labelled.y,
        classes=list(labelled.labels.classes),
        train=split.train,
        valid=split.valid,
        test=split.test,
        config=config,
        rows=labelled.rows,
        exact={name: own for name, own in exact.items() if own is not None},
        beyond=beyond,
    )
