"""Why loss and accuracy part: where the change of the validation loss came from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.seen import Seen
from nnexp.statistics import Z, share_stderr


@dataclass(frozen=True)
class Explained:
    """The change of loss and accuracy over a run.

    Arguments:
        loss: change of the validation loss from before the first step to the last epoch.
        right, wrong, flips: its parts from rows that stayed right, that stayed wrong, and whose
            predicted class changed, summed over the epochs.
        penalty: change of the penalty over the run.
        accuracy: change of the validation accuracy.
        noise: half the width of the 95 % interval of the last validation accuracy.
        rows: of the validation.
        prior_loss, prior_accuracy: of naming the class shares, NaN where it is not known, and the
            most frequent class.
    """

    loss: float
    right: float
    wrong: float
    flips: float
    penalty: float
    accuracy: float
    noise: float
    rows: int
    prior_loss: float
    prior_accuracy: float

    def text(self) -> str:
        """In two sentences."""
        parts = {
            "from rows that were right already": self.right,
            "from rows that stayed wrong": self.wrong,
            "from rows whose class changed": self.flips,
        }
        named = ", ".join(f"{value:+.3g} {where}" for where, value in parts.items())
        prior = f"the most frequent class has a share of {self.prior_accuracy:.3f} in train rows"
        if math.isfinite(self.prior_loss):
            prior = (
                f"naming the class shares of the train rows has loss {self.prior_loss:.3f} there, "
                f"and accuracy {self.prior_accuracy:.3f}"
            )
        return (
            f"From the first to the last epoch the validation loss changed by {self.loss:+.3g}: "
            f"{named}; the penalty by {self.penalty:+.3g}. The validation accuracy changed by "
            f"{self.accuracy:+.3f}, of which {self.noise:.3f} may be chance ({self.rows} rows); "
            f"{prior}."
        )


def explain(seen: Seen) -> Explained | None:
    """Take the run's change of loss apart; None where nothing was watched."""
    losses, accuracies = seen.signal("val_loss"), seen.signal("val_accuracy")
    if len(losses) < 2 or not seen.valid_rows:
        return None
    if seen.diverged:  # the accuracy of NaN is none
        accuracies = accuracies[: len(losses)]
    moved = {name: seen.signal(f"val_moved_{name}") for name in ("right", "wrong", "flips")}
    penalties = seen.column("train_penalty")
    known = penalties[np.isfinite(penalties)]
    last = float(accuracies[-1])
    return Explained(
        loss=float(losses[-1] - losses[0]),
        right=float(moved["right"].sum()),
        wrong=float(moved["wrong"].sum()),
        flips=float(moved["flips"].sum()),
        penalty=float(known[-1] - known[0]) if len(known) else 0.0,
        accuracy=float(last - accuracies[0]),
        noise=Z * float(share_stderr(last, seen.valid_rows)),
        rows=seen.valid_rows,
        prior_loss=seen.prior_loss,
        prior_accuracy=seen.prior_accuracy,
    )
