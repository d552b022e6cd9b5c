"""Errors that speak of overrides, in the words of a call from Python."""

from __future__ import annotations

import re
import shlex
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

from nnexp.errors import UserError

ANOTHER = "nnexp.audit(pandas.read_csv('table.csv'), target='class')"
_PREFIX = re.compile(r"\bdata\.(?=[a-z_])")


def in_call(error: UserError, target: str | None = None) -> UserError:
    """An error about settings of `data` as one about arguments of `nnexp.audit`.

    Arguments:
        error: in the command line's words.
        target: as it was given; None where it was not.

    >>> in_call(UserError("too few", "more rows", "data.split.stratify=false"), "y").remedy
    "nnexp.audit(frame, target='y', split={'stratify': False})"
    """
    remedy = error.remedy
    if re.match(r"'?data[.=]", remedy):  # in quotes where a shell needs them
        remedy = _call(remedy, target)
    return UserError(_PREFIX.sub("", error.wrong), _PREFIX.sub("", error.allowed), remedy)


def _call(remedy: str, target: str | None) -> str:
    """The call that overrides stand for; one with another table where they name one."""
    words = shlex.split(remedy)
    if any(word.startswith(("data=", "data.path=")) for word in words):
        return ANOTHER
    arguments: dict[str, Any] = {} if target is None else {"target": target}
    for word in words:
        key, given, _ = word.partition("=")
        *section, name = key.removeprefix("data.").split(".")
        if not key.startswith("data.") or not given:
            return _PREFIX.sub("", remedy)
        held = arguments.setdefault(section[0], {}) if section else arguments
        value = OverridesParser.create().parse_override(word).value()
        held[name] = str(value) if key == "data.target" else value  # 1 is a name there, too
    return f"nnexp.audit(frame, {', '.join(f'{k}={v!r}' for k, v in arguments.items())})"
