"""Rows as the kept weights tell them, beside those who did not learn from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

# one-sided normal quantiles that a difference must exceed, 1 % and, for a run whose settings are
# odd anyway, 5 %; and the least that is worth a word
BEHIND_Z, BEHIND_ODD_Z, BEHIND_GAP = 2.33, 1.64, 0.02
FEW = 20  # rows of the others, at least, for the order in which they are told


@dataclass(frozen=True)
class Rows:
    """What the kept weights say of some rows, beside what the yardstick says of the same.

    Arguments:
        true: class indices (n,).
        predicted: of the run (n,), -1 for none.
        yardstick: of learners that did not learn from the rows (n,).
        votes: what these give each class, shares (n, C).
        scores: the run's probabilities (n, C); None where they are not known.
    """

    true: np.ndarray
    predicted: np.ndarray
    yardstick: np.ndarray
    votes: np.ndarray
    scores: np.ndarray | None = None

    @property
    def accuracy(self) -> float:
        """Of the run."""
        return float((self.predicted == self.true).mean())

    @property
    def possible(self) -> float:
        """Accuracy of the yardstick."""
        return float((self.yardstick == self.true).mean())

    @property
    def gap(self) -> float:
        """By how much the run is behind the yardstick."""
        return self.possible - self.accuracy

    @property
    def z(self) -> float:
        """`gap` over its standard error, paired by row (McNemar 1947)."""
        run, other = self.predicted == self.true, self.yardstick == self.true
        discordant = int((run != other).sum())
        if not discordant:
            return 0.0
        return float(((other & ~run).sum() - (run & ~other).sum()) / math.sqrt(discordant))

    @property
    def beyond_majority(self) -> float:
        """By how many standard errors the run's accuracy is above the share of the most frequent
        class of these rows; 0 where they are of one class.
        """
        share = float(np.bincount(self.true).max() / len(self.true))
        error = math.sqrt(share * (1 - share) / len(self.true))
        return (self.accuracy - share) / error if error else 0.0

    def is_behind(self, least: float = BEHIND_Z) -> bool:
        """Whether the run is worse than the yardstick, beyond chance and by what matters."""
        return self.z > least and self.gap >= BEHIND_GAP

    @property
    def is_ahead_in_recall(self) -> bool:
        """Whether the mean recall of the classes is better than the yardstick's, by what matters,
        and no worse than the yardstick's where it weighs the classes alike.

        Where the loss asks for recall, the accuracy is what a run pays for it.
        """
        own, plain = np.nanmean(self.recalls), np.nanmean(self.possible_recalls)
        return bool(own - plain >= BEHIND_GAP and self.weighed_recall - own < BEHIND_GAP)

    @property
    def weighed_recall(self) -> float:
        """Mean recall of the yardstick where it weighs the classes alike, as the loss may, too."""
        shares = np.bincount(self.true, minlength=self.votes.shape[1]) / len(self.true)
        alike = (self.votes / shares.clip(min=1e-9)).argmax(1)
        return float(np.nanmean(_recalls(self.true, alike, self.votes.shape[1])))

    def is_behind_in_order(self, least: float = BEHIND_Z) -> bool:
        """Whether the run ranks the rows that are not of the most frequent class worse than the
        yardstick does: the areas under the ROC curves apart by what matters, and beyond chance by
        the places of these rows (DeLong, DeLong & Clarke-Pearson 1988).
        """
        if self.scores is None or not np.isfinite(self.scores).all():
            return False
        frequent = int(np.bincount(self.true).argmax())
        rare = self.true != frequent
        if not FEW <= rare.sum() < len(rare):
            return False
        run, other = (_places(-own[:, frequent], rare) for own in (self.scores, self.votes))
        apart = other - run
        error = float(apart.std()) / math.sqrt(len(apart))
        return bool(apart.mean() >= BEHIND_GAP and apart.mean() > least * error)

    def plain(self, behind: bool, weighed: bool = False) -> dict[str, Any]:
        """What diagnosis.json says of these rows.

        Arguments:
            behind: whether the run is worse on them.
            weighed: whether its loss weighs the rare classes, for which it pays in accuracy: its
                mean recall is told then, too, and what the yardstick has where it weighs them.
        """
        traded: dict[str, Any] = {"traded": True} if self.is_behind() and not behind else {}
        if weighed:
            traded["recall"] = float(np.nanmean(self.recalls))
            traded["possible_recall"] = self.weighed_recall
        return {
            "accuracy": self.accuracy,
            "possible": self.possible,
            "rows": len(self.true),
            "behind": behind,
            **traded,
        }

    @property
    def recalls(self) -> np.ndarray:
        """Of the run by class (C,), NaN for classes without a row."""
        return _recalls(self.true, self.predicted, self.votes.shape[1])

    @property
    def possible_recalls(self) -> np.ndarray:
        """Of the yardstick by class (C,)."""
        return _recalls(self.true, self.yardstick, self.votes.shape[1])


@dataclass(frozen=True)
class Modes:
    """Some train rows by the kept weights of a user's own module, in both modes.

    Arguments:
        trained, evaluated: whether each row was told rightly in training and in evaluation mode,
            bool (n,).
        trained_loss, evaluated_loss: mean data loss of these rows.
    """

    trained: np.ndarray
    evaluated: np.ndarray
    trained_loss: float
    evaluated_loss: float

    @property
    def gap(self) -> float:
        """By how much evaluation mode is worse, as a share of the rows."""
        return float(self.trained.mean() - self.evaluated.mean())

    @property
    def z(self) -> float:
        """`gap` over its standard error, paired by row."""
        apart = int((self.trained != self.evaluated).sum())
        return self.gap * len(self.trained) / math.sqrt(apart) if apart else 0.0


def _places(scores: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The share of the other rows that score less than each chosen one (m,), ties half."""
    others = np.sort(scores[~chosen])
    below, upto = (np.searchsorted(others, scores[chosen], side=side) for side in ("left", "right"))
    return np.asarray((below + upto) / (2 * len(others)))


def _recalls(true: np.ndarray, predicted: np.ndarray, count: int) -> np.ndarray:
    found = np.full(count, np.nan)
    for label in range(count):
        of_class = true == label
        if of_class.any():
            found[label] = (predicted[of_class] == label).mean()
    return found
