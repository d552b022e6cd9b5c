"""Numbers as people write them: groups of three digits, decimal commas, currencies, per cent."""

from __future__ import annotations

import re
from collections.abc import Sequence

AUTO, POINT, COMMA = "auto", "point", "comma"  # data.decimal; auto: as programs write them
SHARE = 0.95  # of the texts, for a column of such numbers

_SIGN = "[$€£¥]"
_BLANKS = "' \u2019\u00a0\u202f"  # apostrophes and spaces that part groups in either style


def _pattern(groups: str, mark: str) -> re.Pattern[str]:
    whole = rf"\d{{1,3}}(?:(?P<part>[{groups}{_BLANKS}])\d{{3}}(?:(?P=part)\d{{3}})*)|\d+"
    number = rf"(?P<whole>{whole})(?:{mark}(?P<decimals>\d+))?|{mark}(?P<only>\d+)"
    return re.compile(
        rf"(?:(?P<sign>[-+])?\s*{_SIGN}?|{_SIGN}\s*(?P<later>[-+]))\s*"
        rf"(?:{number})(?P<power>[eE][-+]?\d+)?\s*(?:%|{_SIGN})?",
        re.ASCII,
    )


_PATTERNS = {POINT: _pattern(",", r"\."), COMMA: _pattern(".", ",")}


def parse_written(text: str, decimal: str) -> float | None:
    """The number that a text is for people, or None; signs of currencies and per cent say nothing.

    >>> parse_written("$1,234.50", "point"), parse_written("1.234,5", "comma")
    (1234.5, 1234.5)
    >>> parse_written("12 %", "point"), parse_written("1,5", "point"), parse_written("1.5", "comma")
    (12.0, None, None)

    Arguments:
        text: without spaces around it.
        decimal: what parts the decimals, `point` or `comma`; commas or points part groups then.
    """
    found = _PATTERNS[decimal].fullmatch(text)
    if found is None:
        return None
    whole = "".join(char for char in found["whole"] or "" if char.isdigit())
    decimals = found["decimals"] or found["only"] or ""
    sign = found["sign"] or found["later"] or ""
    return float(f"{sign}{whole or 0}.{decimals or 0}{found['power'] or ''}")


def style_of(texts: Sequence[str]) -> str:
    """Which of the styles nearly all of some texts are numbers in; "" for none of them.

    >>> style_of(["1,234", "99", "2,000.5"]), style_of(["0,5", "1,25"]), style_of(["a", "b"])
    ('point', 'comma', '')
    """
    for style in (POINT, COMMA):
        fitting = sum(parse_written(text, style) is not None for text in texts)
        if texts and fitting >= SHARE * len(texts):
            return style
    return ""
