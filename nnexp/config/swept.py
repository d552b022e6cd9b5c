"""The remedy of a mistake in a sweep, for all of the values that were typed, not for the first.

Hydra composes a sweep once with the first of its values, and so it is of that one that errors tell.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from hydra.core.override_parser.types import Override

from nnexp.config.compose import compose
from nnexp.config.grammar import parse
from nnexp.config.misplaced import RUN_FOLDER, SWEEP_FOLDER
from nnexp.config.shell import shell
from nnexp.errors import UserError

MOST = 20  # values that are tried one by one


def for_all_values(error: UserError, words: Sequence[str]) -> UserError:
    """The error of a sweep, with a remedy that keeps all values of the word that it is about.

    Arguments:
        error: as a single run would have it.
        words: the overrides of the sweep.
    """
    *before, last = error.remedy.split(" ")
    if error.remedy.startswith(f"{RUN_FOLDER}="):
        remedy = error.remedy.replace(RUN_FOLDER, SWEEP_FOLDER, 1)
        return UserError(error.wrong, error.allowed.replace(RUN_FOLDER, SWEEP_FOLDER), remedy)
    key, sign, _ = last.partition("=")
    if not sign or "'" in error.remedy:
        return error
    swept = [(word, own) for word in words if (own := _sweep(word)) is not None]
    for word, own in swept:
        name = re.escape(str(own.key_or_group))
        if not re.search(rf"(?<![\w.]){name}(?![\w.])", error.wrong):
            continue
        rest = [other for other in words if other not in {one for one, _ in swept}]
        values = _mended(own, key, rest)
        if values is not None and f"{key}={values}" != word:
            remedy = " ".join([*before, shell(f"{key}={values}")])
            return UserError(error.wrong, error.allowed, remedy)
        if own.key_or_group != key and not own.is_choice_sweep():  # a range under another name
            remedy = " ".join([*before, shell(f"{key}={word.partition('=')[2]}")])
            return UserError(error.wrong, error.allowed, remedy)
    return error


def _sweep(word: str) -> Override | None:
    with contextlib.suppress(Exception):
        own = parse(word)
        return own if own.is_sweep_override() else None
    return None


def _mended(own: Override, key: str, rest: Sequence[str]) -> str | None:
    """The values of a sweep as its key takes them; None where they are not all understood."""
    if not own.is_choice_sweep():
        return None
    found = []
    for value in list(own.sweep_string_iterator())[:MOST]:
        word = f"{own.key_or_group}={value}"
        try:
            compose([*rest, word])
        except UserError as wrong:
            name, _, value = wrong.remedy.split(" ")[-1].partition("=")
            if name != key:
                return None
        found.append(value)
    return ",".join(dict.fromkeys(found))
