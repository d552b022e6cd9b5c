"""The words of a command other than `train`, read by argparse, whose mistakes are UserErrors."""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from typing import Any, NoReturn

from nnexp.errors import UserError


class Arguments(argparse.ArgumentParser):
    """A parser that answers a mistake in three lines.

    Arguments:
        command: what is typed before the words, `nnexp predict`.
        words: the words in short, `RUN TABLE [-o FILE]`.
        description: one sentence for its help.
    """

    def __init__(self, command: str, words: str, description: str) -> None:
        super().__init__(
            prog=command, description=description, usage=f"{command} {words}", allow_abbrev=False
        )
        self._line = f"{command} {words}"
        self._typed = f"{command} {words.partition('[')[0]}".strip()

    def error(self, message: str) -> NoReturn:
        remedy = self._typed
        unknown = message.partition("unrecognized arguments: ")[2].split()
        if unknown and unknown[0].startswith("-"):
            flags = [flag for flag in self._option_string_actions if flag.startswith("--")]
            near = get_close_matches("--" + unknown[0].lstrip("-"), flags, n=1, cutoff=0.7)
            remedy = f"{self._typed} {near[0]}" if near else remedy
        raise UserError(message, self._line, remedy)

    def add(self, *names: str, **options: Any) -> None:
        """`add_argument`, under a shorter name."""
        self.add_argument(*names, **options)
