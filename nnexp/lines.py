"""Text that may be a stranger's, made fit for a terminal, and cut to a width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
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


def shorten(text: str, width: int) -> str:
    """At most `width` characters, the last a mark where there were more."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def cut_apart(texts: Sequence[str], width: int) -> list[str]:
    """At most `width` characters of each text, those that tell it from the others.

    Texts are cut at their ends; where that would make some alike, they go without of what all begin
    with as much as need be, or are cut at their beginnings.
    """
    too_long = max(map(len, texts), default=0) - width + 1
    same = (len(set(letters)) == 1 for letters in zip(*texts, strict=False))
    shared = min(sum(takewhile(bool, same)), too_long)
    ways = [
        [shorten(text, width) for text in texts],
        [shorten("…" + text[shared:], width) if len(text) > width else text for text in texts],
        [text if len(text) <= width else "…" + text[len(text) - width + 1 :] for text in texts],
    ]
    return max(ways, key=lambda way: len(set(way)))  # of equals the first
