"""Curves of a training by epoch, and what a rule says of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.finding import Evidence

SHORT = 4  # epochs below which a curve has no shape
ROUNDING = 1e-4  # below 0 that a cross-entropy may be by rounding


@dataclass(frozen=True)
class Curves:
    """Curves by epoch; one that is not there is empty.

    Arguments:
        train_loss, val_loss, train_accuracy, val_accuracy, lr: (epochs,) float64.
        classes: how many there are; 0 where that is not known.
        shares: of each class (C,); None where they are not known.
        alpha: of the estimator of scikit-learn that they are from, the weight of its L2 penalty,
            which is part of its loss; NaN where they are from elsewhere.
        penalty: that penalty at the end.
    """

    train_loss: np.ndarray
    val_loss: np.ndarray
    train_accuracy: np.ndarray
    val_accuracy: np.ndarray
    lr: np.ndarray
    classes: int = 0
    shares: np.ndarray | None = None
    alpha: float = math.nan
    penalty: float = math.nan

    @property
    def loss(self) -> np.ndarray:
        """Of train rows; of held-out rows where that is all there is."""
        return self.train_loss if len(self.train_loss) else self.val_loss

    @property
    def accuracy(self) -> np.ndarray:
        """Of train rows; of held-out rows where that is all there is."""
        return self.train_accuracy if len(self.train_accuracy) else self.val_accuracy

    @property
    def guessing(self) -> float | None:
        """Cross-entropy of naming the class shares, or ln C; None where classes are not known."""
        if self.shares is not None:
            known = self.shares[self.shares > 0]
            return float(-(known * np.log(known)).sum())
        return math.log(self.classes) if self.classes > 1 else None

    @property
    def majority(self) -> float | None:
        """Accuracy of naming the most frequent class."""
        if self.shares is not None:
            return float(self.shares.max())
        return 1 / self.classes if self.classes > 1 else None


@dataclass(frozen=True)
class CurveSign:
    """A cause that curves point to.

    Arguments:
        cause: an id of `causes.CAUSES`.
        evidence: what points to it.
        text: why.
        fix: what to change.
        needs: what would settle it.
        strength: in (0, 1], for the order.
    """

    cause: str
    evidence: tuple[Evidence, ...]
    text: str
    fix: str
    needs: str
    strength: float
