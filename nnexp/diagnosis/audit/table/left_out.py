"""Columns that are left out as dates, or as texts that are numbers for the most part: `<0.3`."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nnexp.data.cells import read_numbers, read_times
from nnexp.data.columns import Column
from nnexp.diagnosis.audit.chance import cross
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.table.dressed import CHANCE, p_of_numbers
from nnexp.diagnosis.audit.words import p_text
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

MOSTLY = 0.5  # share of a column's cells that are numbers, once what bounds them is taken off
FEWEST = 5  # train rows of a month, a weekday or an hour that is looked at
WAYS = 4  # in which a date is looked at: p is multiplied with them
NUMBERS = "its numbers"
BOUNDS = r"^\s*(?:[<>=]=?|[≤≥~≈])\s*"  # what a laboratory writes before a number


@dataclass(frozen=True)
class LeftOut:
    """A column that is left out, and what it would tell.

    Arguments:
        name, reason: of the column.
        part: which part of it tells, in words.
        p: of that part being the same in all classes.
        fix: what takes it in; empty for none.
    """

    name: str
    reason: str
    part: str
    p: float
    fix: tuple[str, ...]

    @property
    def telling(self) -> str:
        """That the part tells, in words."""
        return f"{self.part} tell{'' if self.part == NUMBERS else 's'} of the label"


def check(sheet: Sheet, nothing: bool) -> Audit:
    """What columns that were dropped as dates or texts would tell of the label.

    Arguments:
        sheet: the table.
        nothing: whether the columns that are taken tell nothing: then it is a fault to leave out
            one that does, and otherwise worth a note where no setting takes it in.
    """
    found = (_of_column(sheet, column, nothing) for column in sheet.columns)
    told = [own for own in found if own is not None]
    told = sorted((own for own in told if own.p < CHANCE), key=lambda own: (not own.fix, own.p))
    notes = [
        f"{own.name!r} is left out as {_as(own)}, and {own.telling} ({p_text(own.p)})"
        for own in told
        if not own.fix
    ]
    if not told or not (nothing or told[0].fix):
        return Audit(notes=notes)
    return Audit([_nomination(told[0], nothing)], notes)


def _nomination(own: LeftOut, nothing: bool) -> Nomination:
    how = "the setting takes it in" if own.fix else "made into a column of its own it would be used"
    return Nomination(
        "uninformative_inputs",
        (
            Evidence(
                f"{own.part} in the classes, {p_text(own.p)}", "others", "the same, by chance"
            ),
            Evidence(f"why column {own.name!r} is left out", own.reason, "a column that is used"),
        ),
        f"{own.name!r} would tell something of the label by {own.part}, and is left out as "
        f"{_as(own)}; {how}.",
        own.fix,
        strength=0.95 if nothing else 0.85,
        certain=nothing,
        subject=own.name,
        title=f"a column is left out, and {own.telling}",
    )


def _as(own: LeftOut) -> str:
    return own.reason if own.reason == "a date" else "text"


def _of_column(sheet: Sheet, column: Column, nothing: bool) -> LeftOut | None:
    name, reason = column.name, column.reason
    if reason == "a date":
        return _of_date(sheet, name, reason)
    if reason.startswith("free text") or " levels in " in reason:
        return _of_numbers(sheet, name, reason, nothing)
    return None


def _of_numbers(sheet: Sheet, name: str, reason: str, nothing: bool) -> LeftOut | None:
    texts = sheet.texts(name)
    bare = [re.sub(BOUNDS, "", level) for level in texts.levels]
    read = read_numbers(pd.Series(bare, dtype=object)).values
    values = np.append(read, np.nan)[texts.codes][sheet.train]
    known = texts.codes[sheet.train] >= 0
    if not known.any() or np.isfinite(values[known]).mean() < MOSTLY:
        return None
    p = p_of_numbers(values, sheet.y[sheet.train])
    # such as have no bounds beside them may be codes, as of tickets
    bounded = any(own != level for own, level in zip(bare, texts.levels, strict=True))
    fix = (override("data.numeric", [name]),) if bounded or nothing else ()
    return LeftOut(name, reason, NUMBERS, p, fix)


def _of_date(sheet: Sheet, name: str, reason: str) -> LeftOut | None:
    seconds = np.asarray(read_times(sheet.frame[name], sheet.config.missing_tokens).values, float)
    known = np.isfinite(seconds[sheet.train])
    rows = sheet.train[known]
    if len(rows) < FEWEST:
        return None
    dates = pd.DatetimeIndex(pd.to_datetime(seconds[rows], unit="s", errors="coerce"))
    y = sheet.y[rows]
    ways = [
        ("its month", _p_of_levels(np.asarray(dates.month), y)),
        ("its weekday", _p_of_levels(np.asarray(dates.day_of_week), y)),
        ("its hour", _p_of_levels(np.asarray(dates.hour), y)),
        ("its time", p_of_numbers(seconds[rows], y)),
    ]
    part, p = min(ways, key=lambda way: way[1])
    return LeftOut(name, reason, part, min(1.0, WAYS * p), ())


def _p_of_levels(levels: np.ndarray, y: np.ndarray) -> float:
    """The p of levels (n,) being as frequent in each class, by chi-square."""
    from scipy.stats import chi2_contingency

    counts = cross(np.unique(levels, return_inverse=True)[1], np.unique(y, return_inverse=True)[1])
    counts = counts[counts.sum(1) >= FEWEST]
    counts = counts[:, counts.sum(0) > 0]
    if min(counts.shape) < 2:
        return 1.0
    return float(chi2_contingency(counts).pvalue)
