"""The words of a command other than `train`, read by argparse, whose mistakes are UserErrors."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from nnexp.errors import UserError

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)


class Arguments(argparse.ArgumentParser):
    """A parser that answers a mistake in three lines.

    Arguments:
        command: what is typed before the words, `nnexp predict`.
        words: the words in short, `RUN TABLE [-o FILE]`.
        description: one sentence for its help.
        names: what other tools call a flag -> the flag.
    """

    def __init__(
        self, command: str, words: str, description: str, names: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(
            prog=command, description=description, usage=f"{command} {words}", allow_abbrev=False
        )
        self._words: list[str] = []
        self._names = names or {}
        self._line = f"{command} {words}"
        self._typed = f"{command} {words.partition('[')[0]}".strip()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's; what was typed is kept, to word an error by."""
        self._words = list(args or ())
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        remedy = self._typed
        unknown = message.partition("unrecognized arguments: ")[2].split()
        if unknown and unknown[0].startswith("-"):
            remedy = f"{self.prog} {shlex.join(self._without(unknown))}".strip()
        raise UserError(message, self._line, remedy)

    def _without(self, unknown: Sequence[str]) -> list[str]:
        """What was typed, with the flag that an unknown one is like, or without it."""
        flag = unknown[0].partition("=")[0]
        if near := self._near("--" + flag.lstrip("-").replace("_", "-").lower()):
            return [
                word.replace(flag, near, 1) if word.partition("=")[0] == flag else word
                for word in self._words
            ]
        before = ["", *self._words]
        return [
            word
            for word, last in zip(self._words, before, strict=False)
            if word not in unknown and not (last in unknown and _NUMBER.fullmatch(word))
        ]

    def _near(self, name: str) -> str | None:
        """The flag that begins so, or else is spelt most like it; None without one."""
        flags = [known for known in self._option_string_actions if known.startswith("--")]
        begun = [known for known in (*self._names, *flags) if known.startswith(name)]
        meant = {self._names.get(known, known) for known in begun if len(name) > len("--s")}
        if len(meant) == 1:
            return meant.pop()
        # short words are all like --help, which few of them mean
        found = get_close_matches(name, flags, n=2, cutoff=0.7)
        asks = get_close_matches(name, ["--help"], n=1, cutoff=0.8)
        return next((known for known in found if known != "--help" or asks), None)

    def add(self, *names: str, **options: Any) -> None:
        """`add_argument`, under a shorter name."""
        self.add_argument(*names, **options)
