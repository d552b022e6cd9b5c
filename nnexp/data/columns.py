"""What each column is: numbers, categories, or nothing to learn from; decided on train rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config.schema.data import DataConfig
from nnexp.data.cells import is_date, is_number_dtype, parse_numbers
from nnexp.data.content import OTHER_TABLE
from nnexp.data.frame_cells import Cells
from nnexp.data.names import counted, listing, require, typed
from nnexp.data.written import (
    AUTO,
    COMMA,
    POINT,
    has_odd_minus,
    is_code_like,
    parse_written,
    points_part_thousands,
    style_of,
)
from nnexp.errors import UserError

IN_DROP, IS_BY = "in data.drop", "it is data.split.by"
DRESSED, READS = "numbers written like", " reads them"
PLAIN = "numbers with a decimal point"
ONE, NONE = "one value in train", "no value in train"
_EITHER = re.compile(r"[+-]?([1-9]\d{0,2}[.,]\d{3}|\d{1,3})")  # 1,234 or 567
UNIQUE_LEVELS = 20  # with more levels than this, and a level for every second row, ...
UNIQUE_SHARE = 0.5  # ... a text column names rows rather than kinds of rows
ODD_SHARE = 0.01  # of the cells of a column of measurements, mistyped or with a word for none


@dataclass(frozen=True)
class Column:
    """One column of the table.

    Arguments:
        name: its name.
        kind: "numeric", "categorical" or "dropped".
        reason: why it was dropped.
        missing: its missing cells in train rows.
    """

    name: str
    kind: str
    reason: str = ""
    missing: int = 0


def infer_columns(cells: Cells, train: np.ndarray, config: DataConfig) -> list[Column]:
    """Decide the kind of every column from its dtype and its train rows.

    Numbers and truth values are numeric, and so are texts that all parse as such, or all but one
    in a hundred of more than 20 different ones; other texts and pandas categories are categories.
    Dropped are: columns named in `config.drop`, the split column, dates, texts with more than
    `config.max_levels` levels or a level for nearly every row, and columns with no or one value
    in train. `config.numeric` and `config.categorical` overrule the guess. Numbers with thousands
    separators, currencies or the like are texts unless `config.decimal` says how to read them:
    their column is dropped with the reason.

    Arguments:
        cells: N rows.
        train: int64, the train rows among them.

    Raises:
        UserError: the configuration names a column that does not exist, contradicts itself, asks
            for numbers where there are none, or no column is left.
    """
    names = [str(name) for name in cells.frame.columns]
    for key in ("drop", "numeric", "categorical"):
        for name in getattr(config, key):
            if key == "categorical" and name == config.target:
                continue  # whose labels are kept as they are written
            require(name, names, f"data.{key}", given=getattr(config, key))
    both = [name for name in config.numeric if name in config.categorical]
    if both:
        raise UserError(
            f"{both[0]!r} is in data.numeric and in data.categorical",
            "one of the two",
            typed("data.numeric", [name for name in config.numeric if name not in both]),
        )
    columns = [_infer(name, cells, train, config) for name in names]
    if all(column.kind == "dropped" for column in columns):
        reasons = listing((f"{column.name} ({column.reason})" for column in columns), 6)
        raise UserError(
            f"no column is left to learn from: {reasons}",
            "at least one column of numbers or categories",
            _way_out(columns),
        )
    return columns


def _way_out(columns: Sequence[Column]) -> str:
    """The override that lets one of some columns in, all of which were dropped."""
    if any(column.reason == IN_DROP for column in columns):
        return "data.drop=[]"
    for column in columns:
        if column.reason.startswith(DRESSED):
            return column.reason.split()[-3]
        if column.reason.startswith(PLAIN):
            return f"data.decimal={POINT}"
    texts = [c.name for c in columns if not c.reason.startswith((ONE, NONE, IS_BY))]
    return typed("data.categorical", texts[:1]) if texts else OTHER_TABLE


def _infer(name: str, cells: Cells, train: np.ndarray, config: DataConfig) -> Column:
    if name in config.drop:
        return Column(name, "dropped", IN_DROP)
    if name == config.split.by:
        return Column(name, "dropped", IS_BY)
    dtype = cells.dtypes[name]
    if name in config.numeric:
        return _numeric(name, cells, train, asked=config.numeric)
    if name in config.categorical:
        return _categorical(name, cells, train)
    if is_number_dtype(dtype):
        return _numeric(name, cells, train)
    if _is_time_dtype(dtype):
        return Column(name, "dropped", "a date")
    return _text(name, cells, train, config)


def _numeric(name: str, cells: Cells, train: np.ndarray, asked: Sequence[str] = ()) -> Column:
    numbers = cells.numbers(name)
    values = numbers.values[train]
    missing = int(np.isnan(values).sum()) if numbers.missing else 0
    # with missing=none infinite numbers are kept, and there is nothing to fit on them alone
    if missing == len(values) or (numbers.infinite and not np.isfinite(values).any()):
        if asked and numbers.unread:
            raise UserError(
                f"data.numeric names {name!r}, which holds {numbers.example!r} and no number",
                "a column with numbers in its train rows",
                typed("data.numeric", [other for other in asked if other != name]),
            )
        beyond = numbers.infinite
        why = f": {counted(beyond, 'cell')} infinite or beyond float32" if beyond else ""
        return Column(name, "dropped", f"{NONE}{why}", missing)
    if not missing and values.min() == values.max():
        return Column(name, "dropped", ONE)
    return Column(name, "numeric", missing=missing)


def _categorical(name: str, cells: Cells, train: np.ndarray) -> Column:
    counts, missing = _count(cells, name, train)
    if not np.count_nonzero(counts):
        return Column(name, "dropped", NONE, missing)
    if np.count_nonzero(counts) == 1 and not missing:
        return Column(name, "dropped", ONE)
    return Column(name, "categorical", missing=missing)


def _text(name: str, cells: Cells, train: np.ndarray, config: DataConfig) -> Column:
    counts, missing = _count(cells, name, train)
    all_levels = cells.texts(name).levels
    levels = [all_levels[place] for place in np.flatnonzero(counts)]
    is_category = isinstance(cells.dtypes[name], pd.CategoricalDtype)
    if levels and not is_category:
        if thousands := _thousands(levels, cells.decimal):
            return Column(name, "dropped", thousands, missing)
        numbers = np.array([own is not None for own in parse_numbers(levels, cells.decimal)])
        odd = counts[counts > 0][~numbers].sum()
        few = odd <= ODD_SHARE * counts.sum() and numbers.sum() > UNIQUE_LEVELS
        if (numbers.all() or few) and not _are_codes(levels):
            return _numeric(name, cells, train)
        if all(is_date(text) for text in levels):
            return Column(name, "dropped", "a date", missing)
    if (
        not is_category
        and len(levels) > UNIQUE_LEVELS
        and (dressed := _dressed(levels, cells.decimal))
    ):
        return Column(name, "dropped", dressed, missing)
    if len(levels) > config.max_levels:
        return Column(name, "dropped", _too_many(len(levels), config.max_levels), missing)
    rows = len(train) - missing
    if len(levels) > UNIQUE_LEVELS and len(levels) > UNIQUE_SHARE * rows and not is_category:
        return Column(name, "dropped", f"{len(levels)} levels in {rows} train rows", missing)
    return _categorical(name, cells, train)


def _too_many(levels: int, most: int) -> str:
    """Why a column of more levels than are read is left out: by itself, or as somebody chose."""
    if most < levels <= DataConfig.max_levels:
        return f"{levels} levels, more than data.max_levels={most}"
    return f"free text, {levels} levels"


def _are_codes(levels: Sequence[str]) -> bool:
    """Whether levels that might be numbers below 0 of accounts are codes or grades: (207), 3-."""
    below = [text for text in levels if has_odd_minus(text)]
    few = len(below) == len(levels) or len(levels) <= UNIQUE_LEVELS
    return bool(below) and few and all(map(is_code_like, below))


def _thousands(levels: Sequence[str], decimal: str) -> str:
    """Why levels are none here whose thousands points part; "" where they do not seem to."""
    if decimal != AUTO or not points_part_thousands(levels):
        return ""
    if len(levels) <= UNIQUE_LEVELS and any(text.count(".") > 1 for text in levels):
        return ""  # codes of articles, perhaps
    example = max(levels, key=lambda text: text.count("."))
    told = f"{DRESSED} {example!r}"
    if example.count(".") > 1:
        return f"{told}; data.decimal={COMMA}{READS}"
    return f"{told}, thousands or decimals; data.decimal={POINT} or data.decimal={COMMA}{READS}"


def _dressed(levels: Sequence[str], decimal: str) -> str:
    """Why levels that are numbers to people are none here; "" where they are no such numbers."""
    if not (style := style_of(levels)):
        return ""
    if decimal != AUTO and all(own is not None for own in parse_numbers(levels)):
        # what the other setting reads, it would take from other columns
        return f"{PLAIN}, which data.decimal={decimal} does not read"
    unread = zip(levels, parse_numbers(levels, decimal), strict=True)
    example = next(
        (text for text, own in unread if own is None and parse_written(text, style) is not None), ""
    )
    if example and all(_EITHER.fullmatch(text) for text in levels):
        other = COMMA if style == POINT else POINT
        either = f"data.decimal={other} or data.decimal={style}"
        return f"{DRESSED} {example!r}, thousands or decimals; {either}{READS}"
    return f"{DRESSED} {example!r}; data.decimal={style}{READS}" if example else ""


def _count(cells: Cells, name: str, train: np.ndarray) -> tuple[np.ndarray, int]:
    texts = cells.texts(name)
    counts = np.bincount(texts.codes[train] + 1, minlength=len(texts.levels) + 1)
    return counts[1:], int(counts[0])


def _is_time_dtype(dtype: Any) -> bool:
    return (
        pd.api.types.is_datetime64_any_dtype(dtype)
        or pd.api.types.is_timedelta64_dtype(dtype)
        or isinstance(dtype, pd.PeriodDtype)
    )
