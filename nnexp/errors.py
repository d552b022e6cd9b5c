"""The mistakes a user can make, answered in three lines."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath

TRAIN = "nnexp train"  # as it is called where it is installed, and in messages


class UserError(Exception):
    """A mistake of the user's: what is wrong, what is allowed, what to type.

    Commands print the three lines and leave with exit status 2; no traceback is shown.

    Arguments:
        wrong: one line, quoting what was received.
        allowed: one line, naming what would be accepted.
        remedy: one line, something that can be typed as it stands.
    """

    def __init__(self, wrong: str, allowed: str, remedy: str) -> None:
        super().__init__(wrong, allowed, remedy)
        self.wrong = wrong
        self.allowed = allowed
        self.remedy = remedy

    def __str__(self) -> str:
        return f"error: {self.wrong}\nallowed: {self.allowed}\ntry: {self.remedy}"

    def printed(self, encoding: str | None) -> str:
        """The three lines for a terminal: what it cannot show of the remedy is typed as bytes.

        Arguments:
            encoding: the terminal's; None where it is unknown.
        """
        try:
            self.remedy.encode(encoding or "utf-8")
            return str(self)
        except (UnicodeEncodeError, LookupError):
            pass
        try:
            words = shlex.split(self.remedy)
        except ValueError:
            return str(self)
        remedy = " ".join(shlex.quote(word) if word.isascii() else _bytes(word) for word in words)
        return f"error: {self.wrong}\nallowed: {self.allowed}\ntry: {remedy}"

    def called(self, program: Sequence[str]) -> UserError:
        """The error for who called training by another name: `python train.py`, in a clone.

        Arguments:
            program: the words of the command, the program first.
        """
        name = PurePath(program[0]).name if program else ""
        if not name.endswith(".py"):
            return self
        allowed, remedy = (
            text.replace(TRAIN, f"python {name}") for text in (self.allowed, self.remedy)
        )
        return type(self)(self.wrong, allowed, remedy)


def _bytes(word: str) -> str:
    """A word in the shell's way to write bytes: $'gr\\xc3\\xb6\\xc3\\x9fe'."""
    made = "".join(
        char if 32 <= byte < 127 and (char := chr(byte)) not in "'\\" else f"\\x{byte:02x}"
        for byte in word.encode("utf-8", "surrogateescape")
    )
    return f"$'{made}'"
