"""Curves as people have them, read as one number an epoch."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from nnexp.diagnosis.curve_checks import accuracy_shares, check_lengths
from nnexp.diagnosis.curve_rules.curve import Curves
from nnexp.errors import UserError

EXAMPLE = 'nnexp.diagnose_history({"loss": [0.9, 0.5], "val_loss": [0.8, 0.6]})'
NAMES = {
    "train_loss": (
        "train_loss",
        "train_loss_epoch",
        "loss",
        "loss_epoch",
        "training_loss",
        "trn_loss",
        "loss_curve",
        "loss_curve_",
    ),
    "val_loss": (
        "val_loss",
        "val_loss_epoch",
        "valid_loss",
        "validation_loss",
        "eval_loss",
        "dev_loss",
        "test_loss",
    ),
    "train_accuracy": (
        "train_accuracy",
        "train_accuracy_epoch",
        "accuracy",
        "acc",
        "train_acc",
        "train_acc_epoch",
        "training_accuracy",
        "binary_accuracy",
        "categorical_accuracy",
        "sparse_categorical_accuracy",
    ),
    "val_accuracy": (
        "val_accuracy",
        "val_accuracy_epoch",
        "val_acc",
        "val_acc_epoch",
        "valid_accuracy",
        "validation_accuracy",
        "eval_accuracy",
        "dev_accuracy",
        "dev_acc",
        "validation_scores_",
        "val_binary_accuracy",
        "val_categorical_accuracy",
        "val_sparse_categorical_accuracy",
        "test_accuracy",
    ),
    "lr": ("lr", "learning_rate"),
}


def read_curves(frame: Any, classes: Any = None) -> Curves:
    """The curves of what was given to `diagnose_history`; raises as that does."""
    given, known = _given(frame)
    classes = known if classes is None else classes
    own = {_plain(name): name for name in given}
    found: dict[str, Any] = {}
    called: dict[str, Any] = {}
    for curve, names in NAMES.items():
        name = next((own[n] for n in names if n in own and given[own[n]] is not None), None)
        found[curve] = np.zeros(0) if name is None else _numbers(name, given[name])
        called[curve] = name
    epochs = _numbers("epoch", given[own["epoch"]]) if "epoch" in own else np.zeros(0)
    if not hasattr(frame, "loss_curve_"):  # where Ctrl-C may have kept the last value of one
        check_lengths(found, epochs, called)
    found, epochs = _without_tests(given, found, epochs)
    count, shares = _classes(classes)
    for name in ("train_accuracy", "val_accuracy"):
        found[name] = accuracy_shares(called[name], found[name], count)
    found = _one_row_an_epoch(found, epochs)
    if not any(len(found[name]) for name in found if name != "lr"):
        raise UserError(
            f"no curve of a loss or an accuracy among {sorted(map(str, given))}",
            "columns such as loss, val_loss, accuracy, val_accuracy",
            EXAMPLE,
        )
    alpha, penalty = _penalty(frame)
    return Curves(**found, classes=count, shares=shares, alpha=alpha, penalty=penalty)


def _plain(name: Any) -> str:
    """A name as those of `NAMES` are written.

    >>> _plain("Val Loss"), _plain("loss/train"), _plain("train/acc")
    ('val_loss', 'train_loss', 'train_acc')
    """
    text = re.sub(r"[^a-z0-9_]+", "_", str(name).lower())
    # as TensorBoard's tags have it, of which those of one measure are shown together
    return re.sub(r"^(loss|acc|accuracy)_(train|val|valid|validation|eval)$", r"\2_\1", text)


def _without_tests(
    given: Mapping[Any, Any], found: dict[str, Any], epochs: np.ndarray
) -> tuple[dict[str, Any], np.ndarray]:
    """Curves and epochs without the rows of a test after the training, which have no curve."""
    lengths = {len(own) for own in [*found.values(), epochs] if len(own)}
    if len(lengths) != 1:
        return found, epochs
    (rows,) = lengths
    curves = [own for own in found.values() if len(own)]
    absent = np.all([np.isnan(own) for own in curves], axis=0) if curves else np.zeros(rows, bool)
    if not absent.any():
        return found, epochs
    tested = np.zeros(rows, bool)
    for name in given:
        if not str(name).lower().startswith("test"):
            continue
        try:
            values = _numbers(name, given[name])
        except (UserError, TypeError, ValueError):  # of something else
            continue
        if values.shape == (rows,):
            tested |= np.isfinite(values)
    kept = ~(absent & tested)
    if kept.all():
        return found, epochs
    left = {n: own[kept] if len(own) else own for n, own in found.items()}
    return left, epochs[kept] if len(epochs) else epochs


def _classes(classes: Any) -> tuple[int, np.ndarray | None]:
    """How many classes there are, 0 where that is not told, and the share of each (C,) or None."""
    if classes is None:
        return 0, None
    if isinstance(classes, (int, np.integer)) and classes > 1:
        return int(classes), None
    try:
        given = list(classes.values()) if isinstance(classes, Mapping) else classes
        shares = np.asarray(given, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        shares = np.zeros(0)
    if len(shares) < 2 or not np.isfinite(shares).all() or shares.min() < 0 or not shares.sum():
        raise UserError(
            f"classes={classes!r}", "how many, or the share of each", "classes=[0.9, 0.1]"
        )
    return len(shares), shares / shares.sum()


def _given(frame: Any) -> tuple[Mapping[Any, Any], int | None]:
    """Curves by name, and how many classes there are where that is told as well."""
    history = getattr(frame, "history", None)  # of Keras' History
    if isinstance(history, Mapping) and not isinstance(frame, (Mapping, pd.DataFrame)):
        frame = history
    if hasattr(frame, "loss_curve_"):
        labels: Any = getattr(frame, "classes_", None)
        regresses = labels is None and hasattr(frame, "get_params")  # scores are no accuracies
        names = ("loss_curve_",) if regresses else ("loss_curve_", "validation_scores_")
        curves = {name: getattr(frame, name, None) for name in names}
        several = labels is not None and np.ndim(labels) == 1 and len(labels) > 1
        return curves, len(labels) if several else None
    if hasattr(frame, "fit") and hasattr(frame, "get_params"):
        raise UserError(
            f"{type(frame).__name__} has no loss_curve_: not fitted, or by a solver without one",
            "an estimator that is fitted by sgd or adam",
            EXAMPLE,
        )
    if isinstance(frame, str | PathLike):
        raise UserError(
            f"{str(frame)!r} is a path, or text", "the curves themselves", "pandas.read_csv(PATH)"
        )
    if frame is None or (isinstance(frame, Sequence) and not len(frame)):
        raise UserError("there is no value in it", "a number for each epoch", EXAMPLE)
    rows = isinstance(frame, Sequence)
    if rows and all(isinstance(row, Mapping) for row in frame):
        frame = pd.DataFrame(list(frame))
    if isinstance(frame, pd.DataFrame):
        return {name: frame[name].to_numpy() for name in frame}, None
    return (frame if isinstance(frame, Mapping) else {"loss": frame}), None


def _penalty(fitted: Any) -> tuple[float, float]:
    """An estimator's alpha, and what it adds to the last loss; NaN of what is no estimator.

    That is alpha / 2 * sum w^2, divided by the rows of a batch.
    """
    try:
        alpha, weights = float(fitted.alpha), fitted.coefs_
        rows = fitted.t_ / fitted.n_iter_  # t_ counts rows, over all epochs
        batch = min(200, rows) if fitted.batch_size == "auto" else min(fitted.batch_size, rows)
        square = sum(float(np.square(own).sum()) for own in weights)
        return alpha, alpha / 2 * square / batch
    except (AttributeError, TypeError, ValueError, ZeroDivisionError):  # from elsewhere
        return math.nan, math.nan


def _one_row_an_epoch(found: dict[str, Any], epochs: np.ndarray) -> dict[str, Any]:
    """Curves of a log that has several rows an epoch, each with some of the curves.

    Arguments:
        found: curves (rows,), NaN where a row has none; others are empty.
        epochs: of each row (rows,); empty where that is not told.
    """
    full = {name: curve for name, curve in found.items() if len(curve)}
    if len(epochs) and len(np.unique(epochs)) < len(epochs):
        if any(len(curve) != len(epochs) for curve in full.values()):
            return found
        last = pd.DataFrame(full).groupby(epochs, sort=True).last()
        return {**found, **{str(name): last[name].to_numpy(float) for name in last}}
    known = [~np.isnan(curve) for curve in full.values()]
    if len({len(own) for own in known}) != 1 or len(known) < 2 or not all(map(np.any, known)):
        return found
    if np.sum(known, axis=0).max() > 1:
        return found
    least = min(int(own.sum()) for own in known)
    return {name: curve[~np.isnan(curve)][:least] for name, curve in found.items()}


def _numbers(name: Any, values: Any) -> np.ndarray:
    """A curve as (epochs,) float64."""
    # of torch, which may have a graph, lie on a device, and be of a kind that NumPy does not know
    if hasattr(values, "detach"):
        values = values.detach().cpu().double()
    elif isinstance(values, (list, tuple)):
        values = [own.detach().cpu().double() if hasattr(own, "detach") else own for own in values]
    try:
        curve = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        curve = np.zeros(())
    if curve.ndim == 0 or curve.size != len(curve):
        raise UserError(
            f"the curve {str(name)!r} is no list of numbers"
            + (f", but of shape {curve.shape}" if curve.ndim else ""),
            "a number for each epoch, each curve by its name",
            EXAMPLE,
        )
    return curve.reshape(-1)
