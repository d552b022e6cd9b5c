"""Columns of numbers that are left out for the way they are written: `95 m2`, `$1,200`."""

from __future__ import annotations

import numpy as np

from nnexp.data.cells import read_numbers
from nnexp.data.columns import DRESSED, PLAIN
from nnexp.data.written import AUTO, style_of
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, p_text
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

CHANCE = 1e-6  # p of numbers that are as large in all classes
ROWS = 5  # train rows of a class that is compared


def check(sheet: Sheet, nothing: bool = False) -> Audit:
    """What columns that were dropped for their writing would tell.

    Arguments:
        sheet: the table.
        nothing: whether the columns that are taken tell nothing: together with others such a
            column may tell what it does not tell by itself.
    """
    dropped = [own for own in sheet.columns if own.reason.startswith((DRESSED, PLAIN))]
    told: dict[str, tuple[float, str, str]] = {}
    notes = []
    for column in dropped:
        texts = sheet.texts(column.name)
        # what another setting reads, it would take from other columns
        style = "" if column.reason.startswith(PLAIN) else style_of(texts.levels)
        values = read_numbers(sheet.frame[column.name], decimal=style or AUTO).values
        p = p_of_numbers(values[sheet.train], sheet.y[sheet.train])
        if p < CHANCE or (nothing and style):
            told[column.name] = p, column.reason, style
        else:
            notes.append(f"{column.name!r} is left out: {column.reason}")
    if not told:
        return Audit(notes=notes)
    first = min(told, key=lambda name: (not told[name][2], told[name][0]))
    p, reason, style = told[first]
    alone = p < CHANCE
    how = "with a unit, a currency or separators of groups"
    if not style:
        how = "with points where those of other columns have commas"
    names = [first, *(name for name, own in told.items() if own[2] == style and name != first)]
    return Audit(
        [
            Nomination(
                "uninformative_inputs",
                (
                    Evidence(f"why column {first!r} is left out", reason, "numbers"),
                    Evidence(
                        f"its numbers in the classes (Kruskal-Wallis), {p_text(p)}",
                        "others" if alone else "the same by themselves",
                        "the same, if it tells nothing",
                    ),
                ),
                f"{columns(names)} {'would' if alone else 'may'} tell something of the label, but "
                f"its numbers are written {how}, and it is left out as text.",
                (override("data.decimal", style),) if style else (),
                strength=0.95 if alone and nothing else 0.85,
                certain=nothing and alone,
                subject=", ".join(names),
                title="numbers are left out as text",
            )
        ],
        notes,
    )


def p_of_numbers(values: np.ndarray, y: np.ndarray) -> float:
    """The p of numbers (n,) being as large in each class, by ranks (Kruskal & Wallis 1952)."""
    from scipy.stats import kruskal

    known = np.isfinite(values)
    groups = [values[known & (y == label)] for label in np.unique(y[known])]
    groups = [own for own in groups if len(own) >= ROWS]
    if len(groups) < 2 or len(np.unique(np.concatenate(groups))) < 2:
        return 1.0
    return float(kruskal(*groups).pvalue)
