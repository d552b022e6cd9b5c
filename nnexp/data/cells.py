"""The cells of one column, as texts or as numbers; what counts as missing."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from nnexp.data.written import AUTO, of_one_unit, parse_written

MISSING_TOKENS = ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None")
LARGEST = float(np.finfo(np.float32).max)  # what the float32 inputs of a model can hold

_TIME = r"([T ]\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?)?"
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"(\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}"  # 2007-11-6
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.](\d{{4}}|\d{{2}})"  # 6.11.2007, 11/6/07
    rf"|\d{{1,2}}[ -]{_MONTH}[ -]\d{{2,4}}"  # 6 Nov 2007
    rf"|{_MONTH} \d{{1,2}},? \d{{4}}"  # Nov 6, 2007
    rf"){_TIME}|\d{{1,2}}:\d{{2}}(:\d{{2}}([.,]\d+)?)?",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?P<time>\D.*)?")
_YEAR_LAST = re.compile(
    r"(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})[-/.](?P<y>\d{4}|\d{2})(?P<time>\D.*)?"
)
_WEEKDAY = r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+"
_CLOCK = r"(,?[ T]\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([ap]m)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
# times that are read in one way alone: the month is a word, or the year is first
_CLEAR = re.compile(
    rf"({_WEEKDAY})?(\d{{1,2}}[ -]?{_MONTH}[ -]?\d{{4}}"  # Fri, 06 Nov 2009 10:00 GMT, 06NOV2007
    rf"|{_MONTH} +\d{{1,2}},? \d{{4}}"  # Nov 6, 2007, 10:00 PM
    rf"|\d{{4}}[ -]{_MONTH}[ -]\d{{1,2}}|{_MONTH}[ -]\d{{4}}"  # 2007-Nov-06, Nov 2007
    rf"|\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}){_CLOCK}"  # 2020-01-05 10:00 UTC
    rf"|{_WEEKDAY}{_MONTH} +\d{{1,2}} +\d{{1,2}}:\d{{2}}(:\d{{2}})? +\d{{4}}"  # as ctime
    r"|\d{1,2}/\d{4}|\d{4}[- ]?q[1-4]",  # 11/2007, 2007Q4
    re.IGNORECASE,
)
_QUARTER = re.compile(r"(?P<y>\d{4})[- ]?[Qq](?P<q>[1-4])")
PIVOT = 69  # years of two digits from here on are of the 20th century, as POSIX reads them
_DATE_FORMATS = (
    "ISO8601",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
    "mixed",
)


@dataclass(frozen=True)
class Texts:
    """A column as texts.

    Arguments:
        codes: int64 of shape (N,), the position of each cell's text in `levels`; -1 is missing.
        levels: the distinct texts, spaces around them taken off, in no particular order.
    """

    codes: np.ndarray
    levels: list[str]


@dataclass(frozen=True)
class Numbers:
    """A column as numbers.

    Arguments:
        values: of shape (N,), any integer or float dtype; NaN is missing.
        unread: cells that hold something, but no number; they are NaN in `values`.
        example: the first such text, or "".
        infinite: cells beyond the range of float32; NaN in `values` unless they were to be kept.
    """

    values: np.ndarray
    unread: int = 0
    example: str = ""
    infinite: int = 0

    @cached_property
    def missing(self) -> int:
        """How many cells are missing."""
        return int(np.isnan(self.values).sum()) if self.values.dtype.kind == "f" else 0


def cell_text(cell: Any) -> str:
    """What a cell says, without spaces around it; whole floats are written like integers.

    >>> cell_text(" a "), cell_text(2.0), cell_text(0.5), cell_text(True)
    ('a', '2', '0.5', 'True')
    """
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float | np.floating):
        number = float(cell)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return str(cell).strip()


def parse_number(text: str, decimal: str = AUTO) -> float | None:
    """The number a text stands for, or None; `true` and `false` are 1 and 0.

    Arguments:
        text: without spaces around it.
        decimal: how numbers are written, as data.decimal.

    >>> parse_number("1e3"), parse_number("True"), parse_number("1_000"), parse_number("x")
    (1000.0, 1.0, None, None)
    """
    folded = text.casefold()
    if folded in ("true", "false"):
        return float(folded == "true")
    if decimal != AUTO:
        return parse_written(text, decimal)
    if "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return None if np.isnan(number) else number


def parse_numbers(texts: Sequence[str], decimal: str = AUTO) -> list[float | None]:
    """As `parse_number`, for the texts of a column, which have one unit or none are numbers."""
    numbers = [parse_number(text, decimal) for text in texts]
    return numbers if decimal == AUTO else of_one_unit(texts, numbers, decimal)


def is_date(text: str) -> bool:
    """Whether a text looks like a date, a time or both, padded with zeros or not.

    >>> is_date("2007-11-6"), is_date("6.11.2007 12:30"), is_date("1.5")
    (True, True, False)
    """
    return _DATE.fullmatch(text) is not None


def read_texts(column: pd.Series, tokens: Collection[str] = MISSING_TOKENS) -> Texts:
    """Read a column of any dtype as texts; work is done once for each distinct cell.

    Arguments:
        column: N cells.
        tokens: texts that stand for a missing cell, compared after taking off spaces.
    """
    codes, cells = _distinct(column)
    places: dict[str, int] = {}
    lookup = np.full(len(cells) + 1, -1, dtype=np.int64)  # its last item serves code -1
    for position, cell in enumerate(cells):
        text = cell_text(cell)
        if text not in tokens:
            lookup[position] = places.setdefault(text, len(places))
    return Texts(lookup[codes], list(places))


def read_numbers(
    column: pd.Series,
    tokens: Collection[str] = MISSING_TOKENS,
    keep_infinite: bool = False,
    decimal: str = AUTO,
) -> Numbers:
    """Read a column of any dtype as numbers; numpy columns of finite numbers are not copied.

    Arguments:
        column: N cells.
        tokens: texts that stand for a missing cell.
        keep_infinite: leave numbers that float32 cannot hold as they are, instead of missing.
        decimal: how texts write numbers, as data.decimal.
    """
    dtype = column.dtype
    unread, example = 0, ""
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
        values = column.to_numpy()
        if dtype.kind == "b":
            values = values.astype(np.uint8)
    elif is_number_dtype(dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        texts = read_texts(column, tokens)
        parsed = parse_numbers(texts.levels, decimal)
        lookup = np.array([np.nan if number is None else number for number in parsed] + [np.nan])
        values = lookup[texts.codes]
        failed = [position for position, number in enumerate(parsed) if number is None]
        if failed:
            unread = int(np.isin(texts.codes, failed).sum())
            example = texts.levels[failed[0]]
    if is_number_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype):
        gone = holds_token(values, tokens)
        values = np.where(gone, np.nan, values) if gone.any() else values
    infinite = 0
    if values.dtype.kind == "f":
        beyond = np.abs(values) > np.float64(LARGEST)  # which float16 cannot hold
        infinite = int(beyond.sum())
        if infinite and not keep_infinite:
            values = np.where(beyond, np.nan, values)
    return Numbers(values, unread, example, infinite)


def holds_token(values: np.ndarray, tokens: Collection[str]) -> np.ndarray:
    """Which of some numbers (N,) are those of tokens that are numbers, as `-999`: bool (N,)."""
    texts = set(tokens).difference(MISSING_TOKENS)
    numbers = [number for text in texts if (number := parse_number(text.strip())) is not None]
    return np.isin(values, numbers) if numbers else np.zeros(len(values), dtype=bool)


@lru_cache(32)
def is_number_dtype(dtype: Any) -> bool:
    """Whether a pandas dtype holds real numbers or booleans."""
    numeric = pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)
    return bool(
        numeric
        and not pd.api.types.is_complex_dtype(dtype)
        and not isinstance(dtype, pd.CategoricalDtype)
    )


def read_times(column: pd.Series, tokens: Collection[str]) -> Numbers:
    """Read a column as points in time: numbers as they are, dates in seconds.

    Dates need not be padded with zeros. In `1/2/2020` and `1-2-2020` the month is first, in
    `1.2.2020` the day, unless another row of the column rules that out: they are all read alike.

    Arguments:
        column: N cells of numbers, dates or texts of either.
        tokens: texts that stand for a missing cell.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return Numbers(_seconds(pd.DatetimeIndex(column)))
    numbers = read_numbers(column, tokens, keep_infinite=True)
    if not numbers.unread:
        return numbers
    texts = read_texts(column, tokens)
    wrong = next((t for t in texts.levels if not is_date(t) and not _CLEAR.fullmatch(t)), "")
    ordered = None if wrong else _year_first(texts.levels)
    tries = [(texts.levels, "ISO8601")]  # which needs no look at the column
    tries += [] if ordered is None else [(ordered, form) for form in _DATE_FORMATS]
    for levels, form in tries:
        try:
            dates = pd.to_datetime(pd.Index(levels), format=form, utc=True)
        except (ValueError, OverflowError):
            continue
        return Numbers(np.append(_seconds(dates), np.nan)[texts.codes])
    return Numbers(numbers.values, numbers.unread, wrong or numbers.example)


def _year_first(texts: Sequence[str]) -> list[str] | None:
    """Dates with the year first, all read in one order; None where no order fits all of them.

    >>> _year_first(["05-11-2007", "13/11/07 1:30 PM"]), _year_first(["1/2/2020", "6 Nov 2007"])
    (['2007-11-05', '2007-11-13 1:30 PM'], ['2020-01-02', '6 Nov 2007'])
    >>> _year_first(["13/1/2020", "1/13/2020"])
    """
    found = [_YEAR_LAST.fullmatch(text) for text in texts]
    last = [own for own in found if own is not None]
    day_first = any(int(own["a"]) > 12 for own in last)
    if day_first and any(int(own["b"]) > 12 for own in last):
        return None
    if not any(max(int(own["a"]), int(own["b"])) > 12 for own in last):
        day_first = any(own["mark"] == "." for own in last)
    written = []
    for text, own in zip(texts, found, strict=True):
        first, quarter = _YEAR_FIRST.fullmatch(text), _QUARTER.fullmatch(text)
        if quarter is not None:
            written.append(f"{quarter['y']}-{3 * int(quarter['q']) - 2:02}-01")
            continue
        if first is not None:
            year, month, day, time = first.group("y", "m", "d", "time")
        elif own is not None:
            year, month, day, time = own.group("y", "b", "a", "time")
            if not day_first:
                month, day = day, month
            if len(year) == 2:
                year = f"{'19' if int(year) >= PIVOT else '20'}{year}"
        else:
            written.append(text)
            continue
        written.append(f"{year}-{int(month):02}-{int(day):02}{time or ''}")
    return written


def _distinct(column: pd.Series) -> tuple[np.ndarray, Sequence[Any]]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.remove_unused_categories()  # which no cell holds
        return column.cat.codes.to_numpy(), column.cat.categories.tolist()
    try:
        codes, cells = pd.factorize(column)
    except TypeError:  # lists and other cells without a hash
        codes, cells = pd.factorize(column.map(cell_text, na_action="ignore"))
    return codes, cells.tolist()


def _seconds(dates: pd.DatetimeIndex) -> np.ndarray:
    if dates.tz is not None:
        dates = dates.tz_convert("UTC").tz_localize(None)
    values = dates.to_numpy().astype("datetime64[us]")
    seconds = values.astype(np.int64) / 1e6
    return np.where(np.isnat(values), np.nan, seconds)
