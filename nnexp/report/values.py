"""Numbers of a diagnosis in words: values of evidence, p-values, shares, seconds."""

from __future__ import annotations

import math
from typing import Any

from nnexp.lines import one_line, shorten

LONGEST = 300  # characters of a text
MOST = 12  # items of a list
SMALLEST = 1e-4  # p-value that is written out


def value(found: Any) -> str:
    """A value of evidence: four digits of a number, the first items of a list.

    None, as diagnosis.json has it for NaN and infinity, is "not finite".

    >>> value([0.123456, 3, "a"])
    '0.1235, 3, a'
    """
    if found is None or (isinstance(found, float) and not math.isfinite(found)):
        return "not finite"
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float):
        return f"{found:.4g}".replace("-", "−")
    if isinstance(found, list | tuple):
        more = [f"… ({len(found)} in all)"] if len(found) > MOST else []
        return ", ".join([*map(value, found[:MOST]), *more])
    return shorten(one_line(str(found)), LONGEST)


def signed(number: float, form: str = ".3f") -> str:
    """A change with its sign: `+0.189`."""
    return f"{number:+{form}}".replace("-", "−") if math.isfinite(number) else "not finite"


def p_value(p: float) -> str:
    """A p-value with two digits: `0.0010`; the smallest are only bounded."""
    return f"below {SMALLEST:g}" if p < SMALLEST else f"{p:.2g}"


def share(part: float) -> str:
    """A share in per cent: `85 %`."""
    return f"{100 * part:.0f} %".replace("-", "−")
