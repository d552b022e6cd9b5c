"""What calls from Python are given, before anything is made of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from shlex import quote, split
from typing import Any

from nnexp.errors import UserError


def folder(given: Any, call: str) -> Path:
    """A folder as a path, or of what `nnexp.run` and `nnexp.multirun` gave.

    Arguments:
        given: a path or anything with a `folder`.
        call: the function, for messages.

    Raises:
        UserError: it is something else.
    """
    path = getattr(given, "folder", given)
    if not isinstance(path, str | PathLike):
        raise UserError(
            f"{call} was given {_shown(given)}, which is no folder",
            "the path of a run folder, or what nnexp.run gave",
            f"{call}('outputs/2026-01-31/12-00-00-000000-abcd')",
        )
    return Path(path)


def file(given: Any, call: str) -> Path:
    """A file as a path.

    Arguments:
        given: a path.
        call: the function, for messages.

    Raises:
        UserError: it is something else.
    """
    if not isinstance(given, str | PathLike):
        raise UserError(
            f"{call} was given {_shown(given)}, which is no file",
            "the path of a table; what is read already is predicted as it is",
            f"{call}('new.csv')",
        )
    return Path(given)


def root(given: Any, call: str) -> Path:
    """The folder in which a new one is made.

    Raises:
        UserError: it is no path, or that of a file.
    """
    if not isinstance(given, str | PathLike) or Path(given).is_file():
        raise UserError(
            f"root={_shown(given)} is no folder",
            "where the folder of the run is made",
            f"{call}([...], root='outputs')",
        )
    return Path(given)


def words(given: Any, call: str, more: Any = ()) -> list[str]:
    """Overrides as a list of texts.

    Arguments:
        given: what should be such a list.
        call: the function, for messages.
        more: what was given after it, for messages.

    Raises:
        UserError: they are one text, a table, or none at all.
    """
    no_table(given, call, "overrides, a list with a text for each; data.path names the file", more)
    if isinstance(given, str):
        raise UserError(
            f"overrides are one text, {given!r}",
            "a list with a text for each override",
            f"{call}({given.split()!r})",
        )
    if isinstance(given, Mapping):
        raise UserError(
            "overrides are a mapping of keys to values",
            "a list with a text for each override",
            f"{call}({[f'{key}={value}' for key, value in given.items()]!r})",
        )
    try:
        return legible([str(word) for word in given])
    except TypeError:
        raise UserError(
            f"{call} was given {_shown(given)}, which are no overrides",
            "a list with a text for each override",
            f"{call}(['data=wine', 'optimizer.lr=0.01'])",
        ) from None


def no_table(given: Any, call: str, allowed: str, more: Any = ()) -> None:
    """Refuse a DataFrame where overrides or folders are due: it would give its columns.

    Arguments:
        given: anything.
        call: the function, for messages.
        allowed: what it takes, for messages.
        more: what was given after it, perhaps the overrides.

    Raises:
        UserError: it is a table.
    """
    if not (hasattr(given, "to_csv") and hasattr(given, "columns")):
        return
    wrong = f"{call} was given a table, a {type(given).__name__}; tables are read from files"
    if call == "nnexp.compare":  # which takes folders
        raise UserError(wrong, allowed, f"{call}('outputs')")
    typed = [str(word) for word in more] if isinstance(more, list | tuple) else []
    if not any(word.startswith("data.target=") for word in typed):
        name = str(given.columns[-1]) if len(given.columns) else "y"
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        typed.append(f"data.target={name}" if name.isidentifier() else f'data.target="{quoted}"')
    kept = [word for word in typed if not word.startswith(("data=", "data.path="))]
    run = ["data=csv", "data.path=table.csv", *kept]
    raise UserError(wrong, allowed, f"frame.to_csv('table.csv', index=False); {call}({run!r})")


def as_call(error: UserError, overrides: Sequence[str]) -> UserError:
    """An error whose remedy is a sweep of the command line, for a call: with its other words.

    Arguments:
        error: the remedy may begin with -m; what follows takes the place of words of its keys.
        overrides: of the call.
    """
    if not error.remedy.startswith("-m "):
        return error
    meant = split(error.remedy)[1:]
    keys = {word.partition("=")[0].lstrip("+") for word in meant}
    kept = [word for word in overrides if word.partition("=")[0].lstrip("+") not in keys]
    return UserError(error.wrong, error.allowed, f"nnexp.multirun({[*kept, *meant]!r})")


def is_text(word: str) -> bool:
    """Whether a word can be written as UTF-8: a byte that is none came in as half of a pair."""
    return not any("\ud800" <= character <= "\udfff" for character in word)


def legible(words: list[str]) -> list[str]:
    """The words, all of which can be kept in files and shown.

    Raises:
        UserError: one of them holds bytes that are no UTF-8.
    """
    for word in words:
        if is_text(word):
            continue
        value = word.rpartition("=")[2]
        meant = os.fsencode(word).decode("latin1")
        remedy = quote(meant)
        if Path(value).exists():
            pattern = "".join(char if char.isalnum() or char in "._-/" else "*" for char in value)
            there = "".join(char if is_text(char) else "_" for char in value)
            remedy = f"mv -n {pattern} {quote(there)}"
        raise UserError(
            f"{word!a} holds bytes that are no UTF-8 text",
            "words in UTF-8, and files with names in it",
            remedy,
        )
    return words


def _shown(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 40 and "\n" not in text else type(given).__name__
