"""NaN and infinity that would reach the network."""

from __future__ import annotations

import numpy as np

from nnexp.data.names import listing
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override


def check(sheet: Sheet) -> Audit:
    """Numeric cells that are not finite, where data.missing=none passes them on.

    Elsewhere they are missing, and a note counts those that are infinite or beyond float32.
    """
    if sheet.config.missing != "none":
        return Audit(notes=_notes(sheet))
    used = sheet.used
    counts = {
        name: int((~np.isfinite(values[used])).sum()) for name, values in sheet.numbers.items()
    }
    found = {name: count for name, count in counts.items() if count}
    if not found:
        return Audit(checked=["data.missing=none, and every number of every row is finite"])
    infinite = sum(int(np.isinf(sheet.numbers[name][used]).sum()) for name in found)
    return Audit(
        [
            Nomination(
                "nonfinite_inputs",
                (
                    Evidence(
                        f"cells that are NaN or infinite in {columns(list(found))}",
                        sum(found.values()),
                        "0 with data.missing=none",
                    ),
                    Evidence("of these infinite", infinite, "0"),
                ),
                "One such cell makes the loss of its batch NaN, and every weight after it.",
                (override("data.missing", "mean"),),
                strength=1.0,
                certain=True,
                subject=", ".join(found),
            )
        ]
    )


def _notes(sheet: Sheet) -> list[str]:
    if not sheet.beyond:
        return []
    cells = listing((f"{count} of {name!r}" for name, count in sheet.beyond.items()), 6)
    return [f"cells that are infinite, or beyond float32, are read as missing: {cells}"]
