"""What curves alone can tell of a run: a loss and an accuracy by epoch, and nothing else.

Where the loss stands against that of guessing, where its bounds are, whether it jumps, and which
way the held-out curve goes. More than a suspicion this cannot be: what would settle it is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nnexp.diagnosis.causes import CAUSES
from nnexp.diagnosis.curve_rules import RULES
from nnexp.diagnosis.curve_rules.curve import Curves
from nnexp.diagnosis.finding import SUSPECTED, Finding
from nnexp.diagnosis.report import Diagnosis
from nnexp.errors import UserError

NAMES = {
    "train_loss": ("train_loss", "loss", "training_loss", "loss_curve", "loss_curve_"),
    "val_loss": ("val_loss", "valid_loss", "validation_loss", "test_loss"),
    "train_accuracy": (
        "train_accuracy",
        "accuracy",
        "acc",
        "train_acc",
        "training_accuracy",
        "binary_accuracy",
        "categorical_accuracy",
        "sparse_categorical_accuracy",
    ),
    "val_accuracy": (
        "val_accuracy",
        "val_acc",
        "valid_accuracy",
        "validation_accuracy",
        "validation_scores_",
        "val_binary_accuracy",
        "val_categorical_accuracy",
        "val_sparse_categorical_accuracy",
        "test_accuracy",
    ),
    "lr": ("lr", "learning_rate"),
}


UNKNOWN_CLASSES = (
    "whether the network is better than guessing is not known; with classes=, their number or the "
    "share of each, it is"
)


def diagnose_history(frame: Any, classes: int | Sequence[Any] | None = None) -> Diagnosis:
    """What the curves of a training point to, all of it suspected.

    Arguments:
        frame: a DataFrame, or a dict of lists as Keras' `history.history`, with some of `loss` or
            `train_loss`, `val_loss`, `accuracy` or `train_accuracy`, `val_accuracy`, `lr`, a row
            an epoch; or a list of losses, as scikit-learn's `loss_curve_`.
        classes: how many classes there are, or the share of each, which sum to 1; None where that
            is not known. Numbers from 0 that sum to more are taken for row counts.

    Raises:
        UserError: there is no curve of a loss or an accuracy, or `classes` are no shares.
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


def read_curves(frame: Any, classes: int | Sequence[Any] | None = None) -> Curves:
    """The curves of what was given to `diagnose_history`; raises as that does."""
    if isinstance(frame, pd.DataFrame):
        given: Mapping[Any, Any] = {name: frame[name].to_numpy() for name in frame}
    elif isinstance(frame, Mapping):
        given = frame
    else:
        given = {"loss": frame}
    own = {str(name).lower(): name for name in given}
    found: dict[str, Any] = {}
    for curve, names in NAMES.items():
        name = next((own[n] for n in names if n in own and given[own[n]] is not None), None)
        found[curve] = np.zeros(0) if name is None else _numbers(name, given[name])
    if not any(len(found[name]) for name in found if name != "lr"):
        raise UserError(
            f"no curve of a loss or an accuracy among {sorted(map(str, given))}",
            "columns such as loss, val_loss, accuracy, val_accuracy",
            'nnexp.diagnose_history({"loss": [0.9, 0.5], "val_loss": [0.8, 0.6]})',
        )
    for name in ("train_accuracy", "val_accuracy"):
        known = found[name][np.isfinite(found[name])]
        if len(known) and known.max() > 1.5:  # in percent
            found[name] = found[name] / 100
    if classes is None:
        return Curves(**found)
    if isinstance(classes, (int, np.integer)) and classes > 1:
        return Curves(**found, classes=int(classes))
    try:
        shares = np.asarray(classes, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        shares = np.zeros(0)
    if len(shares) < 2 or not np.isfinite(shares).all() or shares.min() < 0 or not shares.sum():
        raise UserError(
            f"classes={classes!r}", "how many, or the share of each", "classes=[0.9, 0.1]"
        )
    return Curves(**found, classes=len(shares), shares=shares / shares.sum())


def _numbers(name: Any, values: Any) -> np.ndarray:
    """A curve as (epochs,) float64."""
    try:
        curve = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        curve = np.zeros(())
    if not curve.ndim:
        raise UserError(
            f"the curve {name!r} is no list of numbers",
            "a number for each epoch",
            'nnexp.diagnose_history({"loss": [0.9, 0.5], "val_loss": [0.8, 0.6]})',
        )
    return curve.reshape(-1)
