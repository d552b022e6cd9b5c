"""Columns that number or date the rows, and columns that say nothing."""

from __future__ import annotations

from nnexp.data.columns import ONE
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.finding import Audit


def check(sheet: Sheet) -> Audit:
    """Notes on columns that can only be memorised; a fault is what their scale or a split does."""
    notes = [f"{name!r} {what}: nothing to learn from" for name, what in sheet.numbering.items()]
    constant = [column.name for column in sheet.columns if column.reason == ONE]
    if constant:
        notes.append(f"{', '.join(map(repr, constant[:6]))}: {ONE}, left out")
    return Audit(notes=notes)
