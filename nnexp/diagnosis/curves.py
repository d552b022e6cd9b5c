"""What curves alone can tell of a run: a loss and an accuracy by epoch, and nothing else.

Where the loss stands against that of guessing, where its bounds are, whether it jumps, and which
way the held-out curve goes. More than a suspicion this cannot be: what would settle it is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nnexp.diagnosis.causes import CAUSES
from nnexp.diagnosis.curve_reading import read_curves
from nnexp.diagnosis.curve_rules import RULES
from nnexp.diagnosis.finding import SUSPECTED, Finding
from nnexp.diagnosis.report import Diagnosis

UNKNOWN_CLASSES = (
    "whether the network is better than guessing is not known; with classes=, their number or the "
    "share of each, it is"
)


def diagnose_history(
    frame: Any, classes: int | Sequence[Any] | Mapping[Any, Any] | None = None
) -> Diagnosis:
    """What the curves of a training point to, all of it suspected.

    Arguments:
        frame: a DataFrame, or a dict of lists as Keras' `history.history`, with some of `loss` or
            `train_loss`, `val_loss`, `accuracy` or `train_accuracy`, `val_accuracy`, `lr`, a row
            an epoch, or several with an `epoch` column; accuracies as shares or in percent; the
            curves of one length, those of held-out rows perhaps of every k-th epoch; a list of
            losses, as scikit-learn's `loss_curve_`; or what has such a `history` or `loss_curve_`.
        classes: how many classes there are, or the share of each, which sum to 1, in a list or by
            class; None where that is not known. Numbers from 0 that sum to more are taken for row
            counts.

    Raises:
        UserError: there is no curve of a loss or an accuracy, curves are of different lengths, an
            accuracy is neither a share nor a percent, or `classes` are no shares.
    """
    curves = read_curves(frame, classes)
    signs = [sign for rule in RULES for sign in rule(curves)]
    signs.sort(key=lambda sign: -sign.strength)
    findings: list[Finding] = []
    notes: list[str] = []
    for sign in signs:
        if any(own.cause == sign.cause for own in findings):
            continue
        findings.append(
            Finding(
                sign.cause,
                SUSPECTED,
                CAUSES[sign.cause].title,
                sign.evidence,
                sign.text,
                (sign.fix,),
            )
        )
        notes.append(f"{sign.cause}: curves alone do not settle it; {sign.needs}")
    if not curves.classes:
        notes.append(UNKNOWN_CLASSES)
    return Diagnosis(findings, notes=list(dict.fromkeys(notes)), in_code=True)
