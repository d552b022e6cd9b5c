"""A field of the schema with its line of help and its limits."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def option(default: Any, help: str, **limits: Any) -> Any:
    """A field with its line of help and its limits.

    Arguments:
        default: the value where the user gives none; lists and dicts are copied for each use.
        help: one line, units included.
        limits: any of `ge`, `gt`, `le`, `lt` (numbers; for a list, each of its items),
            `most` (items of a list), `choices` (a tuple of names), `accepts` (what an untyped
            value may be, in the words of `check.KINDS` joined by "or": "auto or a whole number").
    """
    metadata = {"help": help, **limits}
    if isinstance(default, list | dict):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)
