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


def parse_written(text: str, decimal: str) -> float | None:
    """The number that a text is for people, or None; signs of currencies, per cent and units say
    nothing.

    >>> parse_written("$1,234.50", "point"), parse_written("1.234,5", "comma")
    (1234.5, 1234.5)
    >>> parse_written("12 %", "point"), parse_written("1,5", "point"), parse_written("1.5", "comma")
    (12.0, None, None)
    >>> parse_written("95 m2", "point"), parse_written("12a", "point")
    (95.0, None)

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


def of_one_unit(
    texts: Sequence[str], numbers: Sequence[float | None], decimal: str
) -> list[float | None]:
    """The numbers of a column's texts; where these have several units, none for those with one.

    >>> of_one_unit(["5 kg", "7"], [5.0, 7.0], "point")
    [5.0, 7.0]
    >>> of_one_unit(["5 kg", "12 lb", "7"], [5.0, 12.0, 7.0], "point")
    [None, None, 7.0]
    """
    matches = map(_PATTERNS[decimal].fullmatch, texts)
    units = [found["unit"] if found is not None else None for found in matches]
    if len({*units} - {None}) <= 1:
        return list(numbers)
    return [None if unit else number for unit, number in zip(units, numbers, strict=True)]


def style_of(texts: Sequence[str]) -> str:
    """Which of the styles nearly all of some texts are numbers in; "" for none of them.

    >>> style_of(["1,234", "99", "2,000.5"]), style_of(["0,5", "1,25"]), style_of(["a", "b"])
    ('point', 'comma', '')
    """
    for style in (POINT, COMMA):
        numbers = of_one_unit(texts, [parse_written(text, style) for text in texts], style)
        fitting = sum(number is not None for number in numbers)
        if texts and fitting >= SHARE * len(texts):
            return style
    return ""
