"""The command that runs a run again with some changes."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Sequence

from nnexp.config.compose import compose
from nnexp.config.groups import groups
from nnexp.config.typed import harmless
from nnexp.errors import UserError


def retyped(typed: Sequence[str], fix: Sequence[str]) -> str:
    """`python train.py` with what was typed and then a fix, quoted for a shell.

    What sets a key that the fix sets is left out; so are the values of an option that the fix
    replaces, where the new option does not have them.

    Arguments:
        typed: the overrides of the run.
        fix: those that change it.
    """
    changed = {_key(word) for word in fix}
    kept = [word for word in typed if _key(word) not in changed]
    options = changed & groups().keys()
    if any(_key(word).partition(".")[0] in options for word in kept):
        with contextlib.suppress(UserError):
            compose([*harmless(kept), *fix])  # they may be a stranger's
            return _line([*kept, *fix])
        kept = [word for word in kept if _key(word).partition(".")[0] not in options]
    return _line([*kept, *fix])


def _key(word: str) -> str:
    return word.partition("=")[0].lstrip("+~")


def _line(words: Sequence[str]) -> str:
    return shlex.join(["python", "train.py", *words])
