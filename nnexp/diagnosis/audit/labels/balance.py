"""The shares of the classes."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit

MAJORITY = 0.8  # from here the accuracy says more of the shares than of the model


def check(sheet: Sheet) -> Audit:
    """Notes on class shares and on how labels are written; a fault is what a run makes of them."""
    counts = np.bincount(sheet.y[sheet.train], minlength=len(sheet.classes))
    share = counts / counts.sum()
    most, least = int(share.argmax()), int(share.argmin())
    notes = []
    if share[most] >= MAJORITY:
        notes.append(
            f"class {sheet.classes[most]!r} has {percent(share[most])} of the train rows: an "
            f"accuracy of {share[most]:.3f} is that of no model at all"
        )
    odd = [
        label for label in sheet.classes if isinstance(label, str) and label != label.strip("'\"")
    ]
    if odd:
        notes.append(f"labels hold quotes, {odd[0]!r}, and stay as they are written")
    line = (
        f"{len(sheet.classes)} classes, {percent(share[most])} of the train rows in the largest "
        f"and {percent(share[least])} in the smallest"
    )
    return Audit(notes=notes, checked=[line])
