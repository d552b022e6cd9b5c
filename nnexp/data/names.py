"""Column names in messages: the nearest one, and lists that stay short."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from nnexp.data.cells import parse_number
from nnexp.errors import UserError

# what Hydra takes bare as the text it is: words and whole numbers as they are printed
_BARE = re.compile(r"[A-Za-z_][\w./ -]*|0|-?[1-9]\d*", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)
SPECTRUM = 8  # numbers that fall one after another by design rather than by chance
_VALUES = ("true", "false", "null", "none", "nan", "inf", "infinity")  # but these become values


def listing(names: Iterable[object], limit: int = 12) -> str:
    """Names joined by commas, cut after `limit` of them with the total.

    >>> listing(["a", "b", "c"], limit=2)
    'a, b, ... (3 in all)'
    """
    shown = [str(name) for name in names]
    if len(shown) <= limit:
        return ", ".join(shown)
    return f"{', '.join(shown[:limit])}, ... ({len(shown)} in all)"


def without_header(names: Sequence[str]) -> str:
    """What to type where a file's first row was taken for the names of its columns."""
    return f"data.header=false data.target=x{len(names)}"


def are_cells(names: Sequence[str]) -> bool:
    """Whether what should name columns looks like a row of cells.

    Half of it or more are numbers, and they are not in order, as years or wavelengths are.

    >>> are_cells(["5.1", "3.5", "0.2", "setosa"]), are_cells(["2019", "2020", "2021"])
    (True, False)
    """
    texts = [name for name in names if name.casefold() not in ("true", "false")]
    found = [number for number in map(parse_number, texts) if number is not None]
    numbers = [number for number in found if math.isfinite(number)]
    rising = all(a < b for a, b in pairwise(numbers))
    falling = len(numbers) >= SPECTRUM and all(a > b for a, b in pairwise(numbers))
    return len(numbers) > 1 and 2 * len(numbers) >= len(names) and not (rising or falling)


def nearest_column(name: str, names: Sequence[str]) -> str:
    """The name most like `name`, whatever the case; the last name where none is like it.

    >>> nearest_column("incom", ["age", "Income", "sex"])
    'Income'
    """
    folded: dict[str, str] = {}
    for known in names:
        folded.setdefault(known.casefold(), known)
    match = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.5)
    return folded[match[0]] if match else names[-1]


def column_at(name: str, names: Sequence[str]) -> str | None:
    """The column that a whole number counts to; None where it may as well be another.

    From the end it is -1; from the beginning the names of a table without a header are counted
    from 1, and so is the number.

    >>> column_at("-1", ["age", "sex"]), column_at("2", ["x1", "x2"]), column_at("2", ["a", "b"])
    ('sex', 'x2', None)
    """
    if not _WHOLE.fullmatch(name):
        return None
    place = int(name)
    if place >= 0 and list(names) == [f"x{count}" for count in range(1, len(names) + 1)]:
        place = max(place - 1, 0)
    elif place >= 0:
        return None
    return names[place] if -len(names) <= place < len(names) else None


def is_near(name: str, names: Sequence[str]) -> bool:
    """Whether one of some names is like another.

    >>> is_near("incom", ["age", "Income"]), is_near("kind", ["age", "Income"])
    (True, False)
    """
    folded = [known.casefold() for known in names]
    return bool(difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5))


def counted(count: int, noun: str) -> str:
    """A count with its noun, in the plural where it needs one.

    >>> counted(1, "row"), counted(2, "empty cell")
    ('1 row', '2 empty cells')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def require(
    name: str,
    names: Sequence[str],
    key: str,
    given: Sequence[str] | None = None,
    item: str | None = None,
) -> None:
    """Raise UserError unless the column `name`, given under `key`, is one of `names`.

    Arguments:
        name: the column asked for.
        names: the columns there are, at least one.
        key: the configuration key that named it, such as `data.target`.
        given: all items under the key, where it holds a list; the remedy keeps the others.
        item: the one of them that begins with the name, where it says more than that.
    """
    if name in names:
        return
    guess: str | list[str] = column_at(name, names) or nearest_column(name, names)
    if given is not None:
        meant = _meant(name, names)
        wrong = name if item is None else item
        right = f"{meant}{wrong[len(name) :]}"
        kept = [right if text == wrong else text for text in given if meant or text != wrong]
        guess = list(dict.fromkeys(kept))
    raise UserError(
        f"{key} names the column {name!r}, which the table does not have",
        f"one of its columns: {listing(names)}",
        typed(key, guess),
    )


def _meant(name: str, names: Sequence[str]) -> str | None:
    """The column that was meant: one spelt alike, one that begins or ends so, the one of a number.

    >>> _meant("incom", ["age", "Income"]), _meant("cust", ["age", "customer_number"])
    ('Income', 'customer_number')
    >>> _meant("0", ["age", "sex"]), _meant("kind", ["age", "sex"])
    ('age', None)
    """
    if (placed := column_at(name, names)) is not None:
        return placed
    if is_near(name, names):
        return nearest_column(name, names)
    plain = "".join(filter(str.isalnum, name.casefold()))
    folded = {own: "".join(filter(str.isalnum, own.casefold())) for own in names}
    begun = [own for own, text in folded.items() if text.startswith(plain) or text.endswith(plain)]
    if len(plain) > 1 and len(begun) == 1:
        return begun[0]
    return names[int(name)] if name.isdecimal() and int(name) < len(names) else None


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
    if _BARE.fullmatch(item) and item == item.strip() and item.casefold() not in _VALUES:
        return item
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
