"""Text that may be a stranger's, made fit for a terminal: nothing in it steers one."""

from __future__ import annotations

from typing import TextIO

PLAINER = (("±", "+-"), ("≈", "="), ("─", "-"), ("…", "~"))


def visible(line: str) -> str:
    """A line with blanks for what does not show: control codes, line breaks, stray bytes."""
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() or c in "\t\u00a0" else " " for c in line)


def visible_lines(text: str) -> str:
    """Each line of a text as `visible` gives it."""
    return "\n".join(map(visible, text.split("\n")))


def one_line(text: str) -> str:
    """A text as one visible line, blanks next to each other made one."""
    return " ".join(visible(text).split())


def encodable(text: str, stream: TextIO) -> str:
    """A text with plainer signs, and codes for the rest, where a stream cannot write it."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        for sign, plain in PLAINER:
            text = text.replace(sign, plain)
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text
