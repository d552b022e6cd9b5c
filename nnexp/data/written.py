"""Numbers as people write them: groups of three digits, decimal commas, currencies, per cent,
units of measurement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

AUTO, POINT, COMMA = "auto", "point", "comma"  # data.decimal; auto: as programs write them
SHARE = 0.95  # of the texts, for a column of such numbers

_SIGN = "[$€£¥]"
# what is written behind a quantity; not what numbers of houses, rooms and classes end in (12a, 3B)
UNITS = (
    "m", "m2", "m²", "m3", "m³", "km", "km2", "km²", "cm", "mm", "µm", "nm", "mi", "miles", "ft",
    "ft2", "ft²", "sqft", "sqm", "in", "inch", "yd", "ha", "acres", "kg", "g", "mg", "µg", "lb",
    "lbs", "oz", "l", "L", "ml", "mL", "dl", "cl", "gal", "h", "hr", "hrs", "hour", "hours", "min",
    "mins", "minutes", "s", "sec", "secs", "seconds", "ms", "day", "days", "week", "weeks", "month",
    "months", "year", "years", "yr", "yrs", "°", "°C", "°F", "W", "kW", "MW", "Wh", "kWh", "MWh",
    "V", "mV", "kV", "mA", "Hz", "kHz", "MHz", "GHz", "kB", "KB", "MB", "GB", "TB", "bar", "mbar",
    "Pa", "hPa", "kPa", "MPa", "psi", "mph", "km/h", "kmh", "m/s", "rpm", "hp", "bhp", "cc", "Nm",
    "mpg", "kmpl", "km/l", "dB", "ppm", "mmHg", "bpm", "mg/dl", "mg/dL", "g/dl", "g/dL", "mmol/l",
    "mmol/L", "kcal", "kJ", "px", "pcs", "USD", "EUR", "GBP", "CHF",
)  # fmt: skip
_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_BLANKS = "' \u2019\u00a0\u202f"  # apostrophes and spaces that part groups in either style


def _pattern(groups: str, mark: str) -> re.Pattern[str]:
    whole = rf"\d{{1,3}}(?:(?P<part>[{groups}{_BLANKS}])\d{{3}}(?:(?P=part)\d{{3}})*)|\d+"
    number = rf"(?P<whole>{whole})(?:{mark}(?P<decimals>\d+))?|{mark}(?P<only>\d+)"
    return re.compile(
        rf"(?:(?P<sign>[-+])?\s*{_SIGN}?|{_SIGN}\s*(?P<later>[-+]))\s*"
        rf"(?:{number})(?P<power>[eE][-+]?\d+)?\s*(?:%|{_SIGN}|(?P<unit>{_UNIT}))?",
        re.ASCII,
    )


_PATTERNS = {POINT: _pattern(",", r"\."), COMMA: _pattern(".", ",")}

# how a number is dressed that none of the patterns is: ="12" of a spreadsheet, (12) and 12- of
# accounts for -12
_QUOTED = re.compile(r'="(.*)"', re.DOTALL)
_BEHIND = re.compile(r"\((?P<inside>[^()+-]+)\)|(?P<before>[^()+-]+)-")
_CODE = re.compile(r"\(\d{1,4}\)|\d{1,2}-")
_MINUS = "\u2212"
# numbers of which points part the thousands: 1.234.567, and beside them 1.234 and 567
_POINTED = re.compile(r"[+-]?(?:\d{1,3}|[1-9]\d{0,2}(?:\.\d{3})+)")
FEW = 5  # of them, with a point, for a column whose thousands points part


def parse_written(text: str, decimal: str) -> float | None:
    """The number that a text is for people, or None; signs of currencies, per cent and units say
    nothing.

    >>> parse_written("$1,234.50", "point"), parse_written("1.234,5", "comma")
    (1234.5, 1234.5)
    >>> parse_written("12 %", "point"), parse_written("1,5", "point"), parse_written("1.5", "comma")
    (12.0, None, None)
    >>> parse_written("95 m2", "point"), parse_written("12a", "point")
    (95.0, None)
    >>> parse_written('="4419.04"', "point"), parse_written("(12.5)", "point")
    (4419.04, -12.5)
    >>> parse_written("12.5-", "point"), parse_written("\u221212.5", "point")
    (-12.5, -12.5)

    Arguments:
        text: without spaces around it.
        decimal: what parts the decimals, `point` or `comma`; commas or points part groups then.
    """
    found = _PATTERNS[decimal].fullmatch(_plain(text))
    if found is None:
        return None
    whole = "".join(char for char in found["whole"] or "" if char.isdigit())
    decimals = found["decimals"] or found["only"] or ""
    sign = found["sign"] or found["later"] or ""
    return float(f"{sign}{whole or 0}.{decimals or 0}{found['power'] or ''}")


def is_code_like(text: str) -> bool:
    """Whether a text with brackets or a minus behind it may be a code or a grade.

    >>> [is_code_like(text) for text in ("(207)", "3-", "(12.5)", "($1,200)", "12.50-")]
    [True, True, False, False, False]
    """
    return _CODE.fullmatch(text) is not None


def has_odd_minus(text: str) -> bool:
    """Whether a number is below 0 by its brackets, or by a minus behind it.

    >>> [has_odd_minus(text) for text in ("(207)", "12-", "-12", "12")]
    [True, True, False, False]
    """
    return _BEHIND.fullmatch(text) is not None


def _plain(text: str) -> str:
    """A text without the dress of a spreadsheet, its minus in front."""
    quoted = _QUOTED.fullmatch(text)
    text = (quoted[1] if quoted else text).strip().replace(_MINUS, "-")
    behind = _BEHIND.fullmatch(text)
    return text if behind is None else "-" + (behind["inside"] or behind["before"]).strip()


def points_part_thousands(texts: Sequence[str]) -> bool:
    """Whether some texts are numbers whose thousands points part, as far as that can be told.

    It can where one has two points, or where some have none and all others three digits behind it.

    >>> points_part_thousands(["1.234", "2.345", "3.456", "4.567", "5.678", "901"])
    True
    >>> points_part_thousands(["1.234", "2.345", "3.456", "4.567", "5.678", "9.1"])
    False
    """
    if not texts or not all(map(_POINTED.fullmatch, texts)):
        return False
    points = [text.count(".") for text in texts]
    pointed = sum(count > 0 for count in points)
    return max(points) > 1 or FEW <= pointed < len(texts)


def of_one_unit(
    texts: Sequence[str], numbers: Sequence[float | None], decimal: str
) -> list[float | None]:
    """The numbers of a column's texts; where these have several units, none for those with one.

    >>> of_one_unit(["5 kg", "7"], [5.0, 7.0], "point")
    [5.0, 7.0]
    >>> of_one_unit(["5 kg", "12 lb", "7"], [5.0, 12.0, 7.0], "point")
    [None, None, 7.0]
    """
    matches = (_PATTERNS[decimal].fullmatch(_plain(text)) for text in texts)
    units = [found["unit"] if found is not None else None for found in matches]
    if len({*units} - {None}) <= 1:
        return list(numbers)
    return [None if unit else number for unit, number in zip(units, numbers, strict=True)]


def style_of(texts: Sequence[str]) -> str:
    """Which of the styles nearly all of some texts are numbers in; "" for none of them.

    >>> style_of(["1,234", "99", "2,000.5"]), style_of(["0,5", "1,25"]), style_of(["a", "b"])
    ('point', 'comma', '')
    """
    if points_part_thousands(texts):
        return COMMA
    if texts and all(map(is_code_like, texts)):
        return ""
    for style in (POINT, COMMA):
        numbers = of_one_unit(texts, [parse_written(text, style) for text in texts], style)
        fitting = sum(number is not None for number in numbers)
        if texts and fitting >= SHARE * len(texts):
            return style
    return ""
