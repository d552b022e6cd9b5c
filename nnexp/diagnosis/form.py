"""The values that diagnosis.json may hold, checked as they are read: it may be a stranger's."""

from __future__ import annotations

import math
from typing import Any

NESTED = 2  # lists in lists in an item of evidence, at most
LARGEST = 2**63  # of whole numbers


def read_text(value: Any) -> str:
    """A text.

    Raises:
        ValueError: it is none; so for all values here.
    """
    if not isinstance(value, str):
        raise _odd("a text", value)
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list | tuple):
        raise _odd("a list of texts", value)
    return tuple(map(read_text, value))


def read_number(value: Any) -> float:
    """A number; NaN where it is null."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST:
        raise _odd("a number", value)
    return float(value)


def whole(value: Any) -> int:
    """A whole number of at least 0."""
    if type(value) is not int or not 0 <= value < LARGEST:
        raise _odd("a whole number", value)
    return value


def interval(value: Any) -> tuple[float, float]:
    """Two numbers."""
    if not isinstance(value, list) or len(value) != 2:
        raise _odd("two numbers", value)
    return read_number(value[0]), read_number(value[1])


def simple(value: Any, nested: int = NESTED) -> Any:
    """A text, a number, a truth value, null, or a list of them."""
    if isinstance(value, list) and nested:
        return [simple(item, nested - 1) for item in value]
    if value is None or isinstance(value, str | bool | float | int):
        return value
    raise _odd("a simple value", value)


def _odd(expected: str, value: Any) -> ValueError:
    return ValueError(f"Expected {expected}. Received: {type(value).__name__}")
