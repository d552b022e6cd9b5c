"""Refuses what the types cannot: numbers out of range, unknown names, contradictory settings."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Collection, Hashable
from dataclasses import fields, is_dataclass
from functools import cache
from shlex import quote
from typing import Any, cast, get_args, get_origin

from nnexp.config import bounds
from nnexp.config.charset import charset_typed
from nnexp.config.contradictions import RULES
from nnexp.config.keys import Key, keys_of, literal, unwrap
from nnexp.config.likeness import nearest
from nnexp.config.pairings import warnings
from nnexp.config.schema.config import Config
from nnexp.config.several import several
from nnexp.config.synonyms import meant
from nnexp.errors import UserError

__all__ = ["KINDS", "check_settings", "warnings"]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a number: whole or not, but no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


# what `accepts` in the schema can say
KINDS: dict[str, Callable[[Any], bool]] = {
    "auto": lambda value: value == "auto",
    "balanced": lambda value: value == "balanced",
    "null": lambda value: value is None,
    "a whole number": _is_whole,
    "a number": is_number,
    "a list of numbers": lambda v: isinstance(v, list) and bool(v) and all(map(is_number, v)),
    "a list of texts": lambda v: _is_list_of(v, str),
    "a list of lists of texts": lambda v: (
        _is_list_of(v, list) and all(_is_list_of(item, str) for item in v)
    ),
    "a mapping": lambda value: isinstance(value, dict),
    "a list of mappings": lambda value: _is_list_of(value, dict),
}


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def check_settings(config: Config, changed: Collection[str] | None = None) -> None:
    """Raise a UserError for the first value that is not allowed, naming its key.

    Values are held against the types, ranges and choices of the schema; NaN and infinity are
    out of range everywhere. Then come the settings that contradict each other
    (`contradictions.RULES`).

    Arguments:
        config: the configuration.
        changed: dotted paths of the values that are new in one that was checked before; None to
            look at all.
    """
    if (error := charset_typed(config.data)) is not None:
        raise error
    if changed is None:
        check_section(config, "")
    for path in changed or ():
        *sections, name = path.split(".")
        section: Any = config
        for part in sections:
            section = getattr(section, part)
        prefix = ".".join(sections)
        check_value(_keys(cast(Hashable, type(section)), prefix)[path], getattr(section, name))
    for rule in RULES:
        error = rule(config)
        if error is not None:
            raise error


def check_section(section: Any, prefix: str) -> None:
    """Hold the values of one dataclass against the types, ranges and choices of the schema.

    Arguments:
        section: an instance of a dataclass of `nnexp.config.schema`.
        prefix: the dotted path it sits at, empty for the root.

    Raises:
        UserError: for the first value that is not allowed.
    """
    keys = _keys(cast(Hashable, type(section)), prefix)
    for item in fields(section):
        value = getattr(section, item.name)
        path = f"{prefix}.{item.name}" if prefix else item.name
        if is_dataclass(value):
            check_section(value, path)
        else:
            check_value(keys[path], value)


@cache
def _keys(schema: Hashable, prefix: str) -> dict[str, Key]:
    return {key.path: key for key in keys_of(cast(type, schema), prefix)}


def check_value(key: Key, value: Any) -> None:
    """Hold one value against the type, range and choices of its key.

    Raises:
        UserError: it is not allowed.
    """
    if not _has_type(key, value):
        raise wrong_type(key, value)
    if isinstance(value, list) and len(value) > key.limits.get("most", len(value)):
        remedy = f"{key.path}={literal(key.default)}"
        raise UserError(f"{key.path} is a list of length {len(value)}", key.allowed, remedy)
    _check_size(key, value)
    for item in value if isinstance(value, list) else [value]:
        if is_number(item) and not _in_range(key, item):
            quoted = f"{key.path}={literal(value)}"
            allowed = key.allowed if _is_finite(item) else f"{key.allowed}, and finite"
            raise UserError(f"{quoted} is out of range", allowed, _remedy(key, value))
    choices = key.limits.get("choices")
    if choices and value not in choices:
        best = nearest(meant(key.path, str(value)), choices) or key.default
        raise UserError(
            f"{key.path} cannot be {value!r}", key.allowed, f"{key.path}={literal(best)}"
        )


def _check_size(key: Key, value: Any) -> None:
    """Refuse what could not be read back from the run's folder."""
    items = value if isinstance(value, list) else [value]
    wrong = ""
    for item in items:
        if _is_whole(item) and abs(item) >= 10**bounds.DIGITS:
            wrong = f"a whole number of more than {bounds.DIGITS} digits"
        elif isinstance(item, str) and len(item) > bounds.LONGEST:
            wrong = f"a text of {len(item)} characters, where {bounds.LONGEST} are the most"
    size = sum(
        len(str(item).encode("utf-8", "replace")) + 8 for item in items
    )  # with quotes, marks and line ends
    if isinstance(value, list) and (size > bounds.LIST or len(items) > bounds.ITEMS):
        wrong = f"a list of {len(items)} values, too long to be read back from a run's folder"
    if wrong:
        remedy = f"{key.path}={literal(key.default)}"
        raise UserError(f"{key.path} is {wrong}", key.allowed, remedy)


def wrong_type(key: Key, value: Any, typed: str | None = None) -> UserError:
    """The error for a value of another type than the key's.

    Arguments:
        key: what was set.
        value: what it was set to, or for a list the item that is wrong.
        typed: the text of the whole list, where `value` is an item.
    """
    if typed is not None:
        wrong, remedy = f"{key.path}={typed} is not {key.kind}", literal(key.default)
        return UserError(wrong, key.allowed, f"{key.path}={remedy}")
    wrong = f"{key.path}={literal(value)} is not {key.kind}"
    return UserError(wrong, key.allowed, _remedy(key, value))


def _has_type(key: Key, value: Any) -> bool:
    if "accepts" in key.limits:
        return any(KINDS[kind](value) for kind in key.limits["accepts"].split(" or "))
    inner, optional = unwrap(key.hint)
    if value is None:
        return optional
    if get_origin(inner) is list:
        item = get_args(inner)[0]
        return isinstance(value, list) and all(_is_a(item, v) for v in value)
    return _is_a(get_origin(inner) or inner, value)


def _is_a(kind: Any, value: Any) -> bool:
    if kind is float:
        return is_number(value)
    if kind is int:
        return _is_whole(value)
    return kind is Any or isinstance(value, kind)


def _in_range(key: Key, value: float) -> bool:
    limits = key.limits
    return (
        _is_finite(value)
        and value >= limits.get("ge", -math.inf)
        and value > limits.get("gt", -math.inf)
        and value <= limits.get("le", math.inf)
        and value < limits.get("lt", math.inf)
    )


def _is_finite(value: float) -> bool:
    """Whether it is no NaN, and a float can hold it, which not every int can say."""
    return abs(value) <= sys.float_info.max


def _several(key: Key, value: Any) -> str | None:
    """The sweep that was meant by a list, or by a text like 0-4."""
    items = value if isinstance(value, list) else []
    if not isinstance(value, str) and not all(is_number(item) for item in items):
        return None
    text = value if isinstance(value, str) else literal(value)
    return several(key.path, text, unwrap(key.hint)[0] is int)


def _remedy(key: Key, value: Any) -> str:
    """The same key with the value that was probably meant, else with its default."""
    text = str(value).strip()
    if unwrap(key.hint)[0] in (int, float) and (swept := _several(key, value)):
        return swept
    guess = key.default
    words = [w for w in key.limits.get("accepts", "").split(" or ") if w in ("auto", "balanced")]
    of_texts = isinstance(value, str) and text and key.kind.startswith("a list of texts or")
    if isinstance(value, str) and nearest(text, words):
        guess = nearest(text, words)
    elif of_texts or (key.is_list and _is_a(get_args(unwrap(key.hint)[0])[0], value)):
        guess = [value]
    elif unwrap(key.hint)[0] is str and isinstance(value, list) and len(value) == 1:
        guess = value[0]
    elif unwrap(key.hint)[0] is int:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if math.isfinite(number) and number == int(number) and _in_range(key, number):
            guess = int(number)
        elif math.isfinite(number) and key.default is None:
            guess = key.limits.get("ge")
    elif unwrap(key.hint)[0] is bool:
        guess = {"1": True, "0": False, "yes": True, "no": False}.get(text.lower(), key.default)
    if guess == key.default and isinstance(guess, int | float) and not _in_range(key, guess):
        guess = key.limits.get("ge", key.default)
    override = f"{key.path}={literal(guess)}"
    return quote(override) if '"' in override else override
