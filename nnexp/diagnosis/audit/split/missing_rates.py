"""Cells that are missing at another rate in held-out rows than in train rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.diagnosis.audit.chance import share_p
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import p_text, percent
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import override

RATE = 0.15  # difference of missing rates ...
RATE_CHANCE = 1e-3  # ... over all columns of a part


def missing_rates(sheet: Sheet, rows: np.ndarray) -> list[tuple[str, float, float, float]]:
    """Columns whose cells are missing at another rate than in train: name, both rates, p."""
    found = []
    for column, mask in sheet.absent.items():
        a, b = mask[sheet.train], mask[rows]
        difference = float(b.mean() - a.mean())
        if abs(difference) < RATE:
            continue
        more, less = (b, a) if difference > 0 else (a, b)
        p = share_p(int(more.sum()), len(more), int(less.sum()), len(less))
        if p * len(sheet.absent) < RATE_CHANCE:
            found.append((column, float(a.mean()), float(b.mean()), p))
    return sorted(found, key=lambda item: -abs(item[2] - item[1]))


def missing_at_another_rate(
    sheet: Sheet, name: str, found: Sequence[tuple[str, float, float, float]]
) -> Nomination:
    """What is told of such columns, as `missing_rates` found them."""
    fix = () if sheet.config.indicator else (override("data.indicator", True),)
    return Nomination(
        "missingness_shift",
        tuple(
            Evidence(
                f"cells of {column!r} missing in train and in {name} rows",
                f"{percent(before)}, {percent(after)} ({p_text(p)})",
                "the same",
            )
            for column, before, after, p in found[:4]
        ),
        f"Cells are missing at another rate in {name} rows: there the network sees the filled-in "
        "value where it learnt from measurements, or the reverse.",
        fix,
        strength=0.9,
        certain=True,
        subject=", ".join(column for column, *_ in found),
    )
