"""How a range test was asked for, by command or by call: what a message says to type instead."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

# of the call -> of the command
FLAGS = MappingProxyType(
    {"start": "from", "stop": "to", "rates": "rates", "epochs": "epochs", "seeds": "seeds"}
)
COMMAND, CALL = "nnexp lr-find", "nnexp.find_rate"


@dataclass(frozen=True)
class Asked:
    """The words of a command, or the arguments of a call.

    Arguments:
        words: all of the command's; the overrides of the call.
        given: the other arguments of the call; None for a command.
    """

    words: Sequence[str]
    given: Mapping[str, Any] | None = field(default=None)

    def shown(self, **values: Any) -> str:
        """Some of what was asked for, as it was given: `--rates 2`, or `rates=2`."""
        if self.given is None:
            return " ".join(f"--{FLAGS[name]} {_text(value)}" for name, value in values.items())
        return ", ".join(f"{name}={_text(value)}" for name, value in values.items())

    def again(self, *overrides: str, **values: Any) -> str:
        """The whole of it once more, with some changed.

        Arguments:
            overrides: they take the place of those of the same keys.
            values: by the names of the call's arguments.
        """
        changed = {_key(word) for word in overrides}
        if self.given is None:
            flags = {f"--{FLAGS[name]}": _text(value) for name, value in values.items()}
            kept = [word for word in _without(self.words, flags) if _key(word) not in changed]
            added = [word for pair in flags.items() for word in pair]
            return shlex.join([*COMMAND.split(), *kept, *overrides, *added])
        words = [word for word in self.words if _key(word) not in changed]
        rest = {**self.given, **values}
        told = "".join(f", {name}={_text(value)}" for name, value in rest.items())
        return f"{CALL}({[*words, *overrides]!r}{told})"


def _key(word: str) -> str:
    return word.lstrip("+~").partition("=")[0]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _without(words: Sequence[str], flags: Mapping[str, str]) -> list[str]:
    """Words without some flags and the values after them."""
    kept: list[str] = []
    skip = False
    for word in words:
        if skip or word.partition("=")[0] in flags:
            skip = not skip and "=" not in word
            continue
        kept.append(word)
    return kept
