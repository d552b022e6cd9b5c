"""How the audit writes shares, numbers and lists of columns."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.data.names import listing


def percent(share: float) -> str:
    """A share in per cent, with a decimal where it is small.

    >>> percent(0.4), percent(0.0312)
    ('40 %', '3.1 %')
    """
    return f"{100 * share:.1f} %" if 0 < share < 0.0995 else f"{100 * share:.0f} %"


def figure(number: float) -> str:
    """A number in four digits, whole numbers in full.

    >>> figure(1.23456), figure(99999999.0), figure(0.00012)
    ('1.235', '99999999', '0.00012')
    """
    if float(number).is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.4g}"


def columns(names: Sequence[str], limit: int = 6) -> str:
    """Columns by name: `column 'a'`, `columns 'a', 'b'`.

    >>> columns(["a"]), columns(["a", "b"])
    ("column 'a'", "columns 'a', 'b'")
    """
    return f"column{'s' if len(names) > 1 else ''} {listing(map(repr, names), limit)}"


def p_text(p: float) -> str:
    """A p-value, cut where nobody cares.

    >>> p_text(0.02), p_text(1e-30)
    ('p = 0.02', 'p < 1e-12')
    """
    return "p < 1e-12" if p < 1e-12 else f"p = {p:.1g}"
