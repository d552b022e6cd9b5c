"""Texts that stand for a missing cell, in a column of numbers or among the levels of a category."""

from __future__ import annotations

import numpy as np

from nnexp.data.cells import parse_number
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

# what people write for a cell that they do not know (pandas' and R's defaults, and survey codes)
WORDS = frozenset(
    [
        "missing",
        "unknown",
        "none",
        "not available",
        "not known",
        "not applicable",
        "not recorded",
        "no data",
        "nodata",
        "n.a.",
        "n.a",
        "#n/a",
        "#na",
        "na.",
        "nd",
        "n.d.",
        "undefined",
        "unspecified",
        "not specified",
        "blank",
        "empty",
        "null",
        "nil",
        "-",
        "--",
        "---",
        ".",
        "..",
        "...",
        "*",
        "**",
        "x",
        "xx",
        "xxx",
        "??",
        "???",
        "_",
        "#",
        "error",
        "#error",
        "#value!",
        "#ref!",
        "#div/0!",
        "nan",
        "-nan",
        "inf",
        "tbd",
        "refused",
        "(missing)",
        "(unknown)",
        "<na>",
        "<null>",
        "<none>",
        "missing value",
        "na",
        "n/a",
        "none given",
        "not given",
        "not stated",
        "no answer",
        "k.a.",
        "k. a.",
        "keine angabe",
        "unbekannt",
        "inconnu",
        "n.c.",
        "s/d",
        "sin datos",
        "desconocido",
        "onbekend",
        "n.v.t.",
    ]
)
NUMBERS = 5  # distinct ones that make a column one of numbers ...
MOSTLY = 0.5  # ... and the share of its cells that they fill at least
ODD = 8  # distinct texts beside the numbers, at most
LONG = 20  # distinct numbers beside which any single odd text is no level


def check(sheet: Sheet) -> Audit:
    """Columns of numbers that are read as texts, because of a text that means "missing"."""
    found: dict[str, tuple[list[str], float]] = {}
    notes = []
    for column in sheet.columns:
        name = column.name
        if column.kind == "numeric" or name in (*sheet.config.drop, *sheet.config.categorical):
            continue
        if name == sheet.config.split.by:
            continue
        texts = sheet.texts(name)
        counts = np.bincount(texts.codes + 1, minlength=len(texts.levels) + 1)[1:]
        odd = _odd_texts(texts.levels, counts, sheet.config.decimal)
        if odd:
            places = [texts.levels.index(text) for text in odd]
            found[name] = (odd, float(counts[places].sum() / max(1, counts.sum())))
        elif column.kind == "categorical":
            known = [t for t in texts.levels if t.casefold() in WORDS and t.casefold() != "none"]
            letters = sum(len(t) == 1 for t in texts.levels)  # x beside y and z
            if known and len(texts.levels) > 2 and not (len(known[0]) == 1 and letters > 1):
                notes.append(f"{name!r} has the level {known[0]!r}, which is a level like others")
    if not found:
        return Audit(notes=notes)
    words = list(dict.fromkeys(text for odd, _ in found.values() for text in odd))
    evidence = tuple(
        Evidence(
            f"texts among the numbers of {name!r}",
            f"{', '.join(map(repr, odd))} in {percent(share)} of the cells",
            "numbers alone",
        )
        for name, (odd, share) in list(found.items())[:4]
    )
    return Audit(
        [
            Nomination(
                "sentinel_values",
                evidence,
                f'A text that means "missing" makes {columns(list(found))} one of texts: its '
                "numbers become unrelated levels, or it is left out as free text.",
                (also("data.missing_tokens", sheet.config.missing_tokens, words),),
                strength=0.9,
                certain=True,
                subject=", ".join(found),
            )
        ],
        notes,
    )


def _odd_texts(levels: list[str], counts: np.ndarray, decimal: str) -> list[str]:
    """The texts that keep a column from being one of numbers; none where it is no such column."""
    odd = [text for text in levels if parse_number(text, decimal) is None]
    numbers = len(levels) - len(odd)
    if not odd or len(odd) > ODD or numbers < NUMBERS:
        return []
    cells = sum(int(counts[place]) for place, text in enumerate(levels) if text not in odd)
    if cells < MOSTLY * counts.sum():
        return []
    unknown = [text for text in odd if text.casefold() not in WORDS]
    if not unknown:
        return odd
    # beside many numbers a single text is no level, nor are marks that have no digit
    marks = len(odd) == 1 or (len(unknown) == 1 and not any(map(str.isdigit, unknown[0])))
    return odd if marks and numbers >= LONG else []
