"""The remedy of a mistake in a sweep, for all of the values that were typed, not for the first.

Hydra composes a sweep once with the first of its values, and so it is of that one that errors tell.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from hydra.core.override_parser.types import Glob, Override, Sweep

from nnexp.config.compose import compose
from nnexp.config.grammar import parse
from nnexp.config.misplaced import RUN_FOLDER, SWEEP_FOLDER
from nnexp.config.shell import shell
from nnexp.errors import UserError

MOST = 20  # values that are tried one by one; with more the remedy stays as it is
# what stands before the name of a key or group that an error is about
_BEFORE = r"(?:none of \d+ jobs can be run; of the first )?(?:there is no key or group ')?"


def for_all_values(error: UserError, words: Sequence[str]) -> UserError:
    """The error of a sweep, with a remedy that keeps all values of the word that it is about.

    Arguments:
        error: as a single run would have it.
        words: the overrides of the sweep.
    """
    if type(error) is not UserError:  # of a folder, not of a word
        return error
    remedy = error.remedy
    if remedy.startswith(f"{RUN_FOLDER}="):
        allowed = error.allowed.replace(
            f"{RUN_FOLDER} names the run's", f"{SWEEP_FOLDER} names the sweep's"
        )
        return UserError(error.wrong, allowed, remedy.replace(RUN_FOLDER, SWEEP_FOLDER, 1))
    found = None if "'" in remedy else _for_all(error.wrong, remedy, words)
    return UserError(error.wrong, error.allowed, found or remedy)


def _for_all(wrong: str, remedy: str, words: Sequence[str]) -> str | None:
    """The remedy with the values of all; None where there is no such word, or nothing better."""
    *before, last = remedy.split(" ")
    key, sign, _ = last.partition("=")
    swept = [(word, own) for word in words if (own := _sweep(word)) is not None]
    rest = [word for word in words if word not in {one for one, _ in swept}]
    for word, own in swept:
        name = str(own.key_or_group)
        if not sign or not re.match(rf"{_BEFORE}{re.escape(name)}(?![\w.])", wrong):
            continue
        values = _mended(own, key, rest)
        if values is None and name != key and not own.is_choice_sweep():
            values = word.partition("=")[2]  # a range under another name
        if values is not None and f"{key}={values}" != word:
            return " ".join([*before, shell(f"{key}={values}")])
    return None


def _sweep(word: str) -> Override | None:
    with contextlib.suppress(Exception):
        own = parse(word)
        value = own.value()
        # of a pattern, and of a range among values, the values are not known here
        unknown = isinstance(value, Glob) or any(
            isinstance(one, Sweep) for one in getattr(value, "list", None) or ()
        )
        return own if own.is_sweep_override() and not unknown else None
    return None


def _mended(own: Override, key: str, rest: Sequence[str]) -> str | None:
    """The values of a sweep as its key takes them; None where they are not all understood."""
    if not own.is_choice_sweep():
        return None
    values = list(own.sweep_string_iterator())
    if len(values) > MOST:
        return None
    found = []
    for value in values:
        name, better = str(own.key_or_group), value
        try:
            compose([*rest, f"{name}={value}"])
        except UserError as wrong:
            name, _, better = wrong.remedy.split(" ")[-1].partition("=")
        if name != key:
            return None
        found.append(better)
    return ",".join(dict.fromkeys(found))
