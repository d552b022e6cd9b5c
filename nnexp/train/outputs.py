"""What the validation outputs of an epoch tell besides their mean loss and accuracy.

They are worked up for many epochs at once, row by row, so that a member's do not depend on its
neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nnexp.train.plan import Problem

MOVED = ("val_moved_right", "val_moved_wrong", "val_moved_flips")


@dataclass(slots=True)
class Outputs:
    """Validation outputs of some members that have equally many rows."""

    places: tuple[int, ...]
    logits: Tensor | None  # (k, m, C); None once they are not looked at
    losses: Tensor  # (k, m) float64
    predicted: Tensor  # (k, m)
    true: Tensor  # (k, m)

    def member_bytes(self) -> int:
        """What one member's take of memory."""
        row = 3 * 8  # losses, predicted and true
        if self.logits is not None:
            row += self.logits.shape[2] * self.logits.element_size()
        return self.losses.shape[1] * row


class OutputReader:
    """Reads the validation outputs of a stack, epoch after epoch.

    Arguments:
        problem: what the stack learns.
        classes: how many there are, C.
    """

    def __init__(self, problem: Problem, classes: int) -> None:
        self._problem, self._classes = problem, classes
        # of each member the last epoch's predicted classes and losses
        self._before: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def keep(self, rows: Sequence[int]) -> None:
        """Keep only the members `rows`, in this order."""
        self._before = {new: self._before[old] for new, old in enumerate(rows) if self._before}

    def read(self, epochs: Sequence[Sequence[Outputs]], members: int) -> dict[str, np.ndarray]:
        """What the outputs of E epochs tell, by column (E, K); the next follow on the last.

        Arguments:
            epochs: of each its outputs, in groups of equally many rows.
            members: K.
        """
        whole: dict[str, np.ndarray] = {}
        for group in zip(*epochs, strict=True):  # the same members in each epoch
            for name, values in self._of_group(group).items():
                if name not in whole:
                    whole[name] = np.full((len(epochs), members), math.nan)
                whole[name][:, list(group[0].places)] = values
        return whole

    def _of_group(self, group: Sequence[Outputs]) -> dict[str, np.ndarray]:
        """The same members in E epochs: by column (E, k)."""
        loss, decision = self._problem.loss, self._problem.decision
        places = group[0].places
        predicted = torch.stack([one.predicted for one in group]).cpu().numpy()
        shape, count = predicted.shape, self._classes
        rows = shape[2]
        losses = torch.stack([one.losses for one in group]).cpu().numpy()
        true = group[0].true.cpu().numpy()  # (k, m)
        hits = predicted == true
        named = _counts(predicted + 1, count + 1)[..., 1:]  # -1 is no class
        rows_of = _counts(true, count)  # (k, C)
        told = _counts(np.broadcast_to(true, shape), count, hits)
        recalls = np.where(rows_of > 0, told / np.maximum(rows_of, 1), np.inf)
        now = {
            "val_accuracy": hits.mean(2),
            "val_loss": self._reduced(group, losses),
            "val_majority": named.max(-1) / rows,
            "val_recall_min": recalls.min(-1),
        }
        own = [self._before.get(place) for place in places]
        if all(one is not None for one in own):
            first_classes = np.stack([one[0] for one in own if one is not None])
            first_losses = np.stack([one[1] for one in own if one is not None])
        else:
            first_classes, first_losses = predicted[0], np.full(shape[1:], math.nan)
        before = np.concatenate((first_classes[None], predicted[:-1]))
        change = (losses - np.concatenate((first_losses[None], losses[:-1]))) / rows
        flipped = predicted != before
        now["val_flips"] = np.where(np.isnan(change[..., 0]), math.nan, flipped.mean(2))
        finite = np.isfinite(change)
        unknown = ~finite.all(2)
        if unknown.any():
            change = np.where(finite, change, 0.0)
        stayed = ~flipped
        for name, which in zip(MOVED, (stayed & hits, stayed & ~hits, flipped), strict=True):
            now[name] = np.where(which, change, 0.0).sum(2)
            now[name][unknown] = math.nan
        spaced = [place for place, one in enumerate(group) if one.logits is not None]
        now["val_entropy"] = np.full(shape[:2], math.nan)
        if spaced:
            logits = torch.cat([one.logits for one in group if one.logits is not None])
            shares = decision.probabilities(loss.activate(logits))  # (E * k, m, C)
            entropy = -(shares * shares.clamp(min=1e-30).log()).double().sum(-1).cpu().numpy()
            means = entropy.reshape(len(spaced), *shape[1:]).mean(2)
            now["val_entropy"][spaced] = means / math.log(count)
        for place, classes, own_losses in zip(places, predicted[-1], losses[-1], strict=True):
            self._before[place] = (classes, own_losses)
        return now

    def _reduced(self, group: Sequence[Outputs], losses: np.ndarray) -> np.ndarray:
        """The loss (E, k) of the row losses (E, k, m), as `validate` reduces it."""
        data, loss = self._problem.data, self._problem.loss
        total = torch.from_numpy(losses.sum(2))
        rows = losses.shape[2]
        if data.targets.weights is None:
            return loss.of_set(total, float(rows), rows, self._problem.plan.batch_size).numpy()
        by_class = data.targets.weights
        labels = data.targets.classes
        of_class = torch.zeros(int(labels.max()) + 1, dtype=torch.float64, device=labels.device)
        of_class[labels] = by_class.double()
        weight = of_class[group[0].true].sum(1).cpu()
        return loss.of_set(total, weight, rows, self._problem.plan.batch_size).numpy()


def _counts(labels: np.ndarray, classes: int, which: np.ndarray | None = None) -> np.ndarray:
    """How often each label is there (..., C), of labels (..., m); of some only where `which`."""
    groups = labels.reshape(-1, labels.shape[-1])
    flat = (groups + classes * np.arange(len(groups))[:, None]).reshape(-1)
    if which is not None:
        flat = flat[which.reshape(-1)]
    found = np.bincount(flat, minlength=classes * len(groups))
    return found.reshape(*labels.shape[:-1], classes)
