"""The command that runs a run again with some changes."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nnexp.config.compose import compose
from nnexp.config.flags import places
from nnexp.config.groups import groups
from nnexp.config.typed import harmless
from nnexp.errors import UserError


def program_of(manifest: Mapping[str, Any] | None = None) -> Sequence[str]:
    """How training is called: as the command of a run was, by its manifest; else as it can be.

    The flags that say where options are read from belong to it.
    """
    command = (manifest or {}).get("command")
    made = command if isinstance(command, str) else ""
    by_name = made.startswith("nnexp") or not (made or Path("train.py").is_file())
    program = ("nnexp", "train") if by_name else ("python", "train.py")
    try:
        return (*program, *places(shlex.split(made)))
    except ValueError:  # cut off, or a stranger's
        return program


def retyped(typed: Sequence[str], fix: Sequence[str], program: Sequence[str] = ()) -> str:
    """The program with what was typed and then a fix, quoted for a shell.

    What sets a key that the fix sets is left out; so are the values of an option that the fix
    replaces, where the new option does not have them.

    Arguments:
        typed: the overrides of the run.
        fix: those that change it.
        program: see `program_of`; empty to call it as it can be here.
    """
    changed = {_key(word) for word in fix}
    kept = [word for word in typed if _key(word) not in changed]
    options = changed & groups().keys()
    if any(_key(word).partition(".")[0] in options for word in kept):
        with contextlib.suppress(UserError):
            compose([*harmless(kept), *fix])  # they may be a stranger's
            return shlex.join([*(program or program_of()), *kept, *fix])
        kept = [word for word in kept if _key(word).partition(".")[0] not in options]
    return shlex.join([*(program or program_of()), *kept, *fix])


def _key(word: str) -> str:
    return word.partition("=")[0].lstrip("+~")
