"""Scores of a set of rows, each with its standard error.

Standard errors: of the loss, that of a weighted mean of the rows' losses; of accuracy, that of
`share_stderr`, which is not 0 where all rows are right; of balanced accuracy, from those of the
recalls; of the AUC, DeLong et al. 1988, by each row's influence on the mean of the one-against-rest
AUCs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nnexp.statistics import share_stderr


def scores(
    classes: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    loss: float,
    loss_stderr: float | None,
) -> dict[str, float | int | None]:
    """The scores of n >= 1 rows.

    Arguments:
        classes: true class indices (n,).
        predicted: predicted class indices (n,).
        probabilities: (n, classes), each row summing to 1.
        loss: the data loss of the set, reduced as in training.
        loss_stderr: its standard error, see `ratio_stderr`.

    Returns:
        loss, accuracy, balanced_accuracy, auc, n, and the first four with `_stderr`. The AUC is
        the plain mean of the one-against-rest AUCs over the classes that have rows on both sides;
        None where there is none or a probability is not finite.
    """
    n = len(classes)
    hit = predicted == classes
    accuracy = float(hit.mean())
    recalls, variances = [], []
    for label in np.unique(classes):
        of_class = hit[classes == label]
        recall = float(of_class.mean())
        recalls.append(recall)
        variances.append(float(share_stderr(recall, len(of_class))) ** 2)
    auc, auc_stderr = area_under_curve(classes, probabilities)
    return {
        "loss": loss,
        "accuracy": accuracy,
        "balanced_accuracy": float(np.mean(recalls)),
        "auc": auc,
        "n": n,
        "loss_stderr": loss_stderr,
        "accuracy_stderr": float(share_stderr(accuracy, n)),
        "balanced_accuracy_stderr": math.sqrt(sum(variances)) / len(recalls),
        "auc_stderr": auc_stderr,
    }


def ratio_stderr(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float | None:
    """The standard error of `sum(values) / sum(weights)` over n rows drawn at random; None of one.

    By linearisation (Cochran 1977, section 2.11); with equal weights that of the mean.

    Arguments:
        values: (n,), each row's weighted loss.
        weights: (n,), each row's weight.
    """
    n = len(values)
    total = float(weights.sum())
    if n < 2 or total <= 0:
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # of a run that diverges
        residuals = values - values.sum() / total * weights
        return float(np.std(residuals, ddof=1)) * math.sqrt(n) / total


def area_under_curve(
    classes: NDArray[np.int64], probabilities: NDArray[np.floating]
) -> tuple[float | None, float | None]:
    """The mean one-against-rest AUC of probabilities (n, classes), and its standard error.

    With two classes both one-against-rest AUCs are the same one. Of classes that are apart DeLong's
    variance is 0, however few rows say so; it is then that with one more row on either side, which
    is above half of the others.
    """
    if not np.isfinite(probabilities).all():
        return None, None
    columns = probabilities.shape[1]
    areas, influences, apart = [], [], []
    for label in (1,) if columns == 2 else range(columns):
        positive = classes == label
        ahead, behind = int(positive.sum()), int((~positive).sum())
        if ahead == 0 or behind == 0:
            continue
        score = probabilities[:, label]
        # a positive row's share of negatives below it, a negative's share of positives above
        placement = np.empty(len(score))
        placement[positive] = _below(score[positive], score[~positive]) / behind
        placement[~positive] = 1 - _below(score[~positive], score[positive]) / ahead
        area = float(placement[positive].mean())
        areas.append(area)
        # DeLong's variances are unbiased; one row has none
        sizes = [math.sqrt(size * max(size - 1, 1)) for size in (ahead, behind)]
        influences.append((placement - area) / np.where(positive, *sizes))
        settled = area in (0.0, 1.0)
        apart.append(math.hypot(1 / (ahead + 1), 1 / (behind + 1)) / 2 if settled else 0.0)
    if not areas:
        return None, None
    influence = np.mean(influences, axis=0)
    # one row more of a class says nothing of the others
    own = math.hypot(*apart) / len(areas)
    return float(np.mean(areas)), math.hypot(np.sqrt(np.sum(influence**2)), own)


def _below(values: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """For each value how many of the others are below it, equal ones counted by half."""
    others = np.sort(others)
    left, right = (np.searchsorted(others, values, side) for side in ("left", "right"))
    return (left + right) / 2


def confusion(
    classes: NDArray[np.int64], predicted: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Counts (count, count) int64 of rows by true class (row) and predicted class (column).

    Rows predicted as no class, -1, are not in it.
    """
    classes, predicted = classes[predicted >= 0], predicted[predicted >= 0]
    cells = np.bincount(classes * count + predicted, minlength=count * count)
    return cells.reshape(count, count)
