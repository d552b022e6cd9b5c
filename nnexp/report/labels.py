"""Names of configurations in charts, with values no longer than they need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nnexp.leaderboard import Configuration
from nnexp.leaderboard.words import score_title, setting
from nnexp.lines import cut_apart, shorten

TYPED = 7  # characters of a number that is written as it was typed
DIGITS = 4  # of a longer one
LONGEST = 36  # characters of a value in a line with others


def brief(value: Any) -> str:
    """A value of a configuration, four digits of a number that was not typed by hand."""
    exact = setting(value)
    if isinstance(value, float) and len(exact) > TYPED:
        return setting(float(f"{value:.{DIGITS}g}"))
    return exact


def brief_settings(values: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """`lr=0.01 hidden=[64]`, by the short names of the keys; long values are cut."""
    return " ".join(
        f"{names[key]}={shorten(brief(value), LONGEST)}" for key, value in values.items()
    )


def labels(rows: Sequence[Configuration], names: Mapping[str, str]) -> list[str]:
    """The rank and the settings of each configuration, in a line; long values are cut where they
    stay apart from those of the others.
    """
    shown: list[list[str]] = [[] for _ in rows]
    for key, name in names.items():
        places = [place for place, row in enumerate(rows) if key in row.values]
        values = cut_apart([brief(rows[place].values[key]) for place in places], LONGEST)
        for place, value in zip(places, values, strict=True):
            shown[place].append(f"{name}={value}")
    return [
        f"{row.rank}. {' '.join(own) or 'the only configuration'}"
        for row, own in zip(rows, shown, strict=True)
    ]


def heading(score: str) -> str:
    """`val_loss` -> `Validation loss`."""
    title = score_title(score)
    return title[:1].upper() + title[1:]


def sentence(note: str) -> str:
    """A note with a capital at its beginning, if that is no key, and a full stop at its end."""
    note = note.strip()
    first = note.partition(" ")[0].rstrip(".:,")
    head = note[:1] if "." in first or "_" in first else note[:1].upper()
    return head + note[1:] + ("" if note.endswith((".", "?", "!")) else ".")
