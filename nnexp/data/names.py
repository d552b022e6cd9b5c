"""Column names in messages: the nearest one, and lists that stay short."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from nnexp.errors import UserError


def listing(names: Iterable[object], limit: int = 12) -> str:
    """Names joined by commas, cut after `limit` of them with the total.

    >>> listing(["a", "b", "c"], limit=2)
    'a, b, ... (3 in all)'
    """
    shown = [str(name) for name in names]
    if len(shown) <= limit:
        return ", ".join(shown)
    return f"{', '.join(shown[:limit])}, ... ({len(shown)} in all)"


def nearest(name: str, names: Sequence[str]) -> str:
    """The name most like `name`, whatever the case; the last name where none is like it.

    >>> nearest("incom", ["age", "Income", "sex"])
    'Income'
    """
    folded: dict[str, str] = {}
    for known in names:
        folded.setdefault(known.casefold(), known)
    match = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.5)
    return folded[match[0]] if match else names[-1]


def require(name: str, names: Sequence[str], key: str, as_list: bool = False) -> None:
    """Raise UserError unless the column `name`, given under `key`, is one of `names`.

    Arguments:
        name: the column asked for.
        names: the columns there are, at least one.
        key: the configuration key that named it, such as `data.target`.
        as_list: the key holds a list, so the remedy is written as one.
    """
    if name in names:
        return
    guess = nearest(name, names)
    raise UserError(
        f"{key} names the column {name!r}, which the table does not have",
        f"one of its columns: {listing(names)}",
        typed(key, [guess] if as_list else guess),
    )


def typed(key: str, value: str | list[str]) -> str:
    """The override that sets `key`, quoted for a shell where a name needs it.

    >>> typed("data.target", "income")
    'data.target=income'
    >>> typed("data.split.by", "Train or Test")
    "'data.split.by=Train or Test'"
    """
    items = value if isinstance(value, list) else [value]
    text = ",".join(_quoted(item) for item in items)
    override = f"{key}=[{text}]" if isinstance(value, list) else f"{key}={text}"
    plain = all(char.isalnum() or char in "_.=/-+:%" for char in override)
    return override if plain else "'" + override.replace("'", "'\\''") + "'"


def _quoted(item: str) -> str:
    # Hydra's grammar takes these signs bare in a value; anything else needs its quotes.
    if item and all(char.isalnum() or char in "_.-/ " for char in item) and item == item.strip():
        return item
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
