"""Names of configurations in charts, with values no longer than they need be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nnexp.leaderboard import Configuration
from nnexp.leaderboard.words import score_title, setting, shorten

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


def label(row: Configuration, names: Mapping[str, str]) -> str:
    """The rank and the settings of a configuration, in a line."""
    return f"{row.rank}. {brief_settings(row.values, names) or 'the only configuration'}"


def heading(score: str) -> str:
    """`val_loss` -> `Validation loss`."""
    title = score_title(score)
    return title[:1].upper() + title[1:]


def sentence(note: str) -> str:
    """A note with a capital at its beginning and a full stop at its end."""
    note = note.strip()
    return note[:1].upper() + note[1:] + ("" if note.endswith((".", "?", "!")) else ".")
