"""What a loop adds to its loss, where it holds the training down."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.seen import Seen
from nnexp.loop.fixes import NO_PENALTY

WEIGHS = 0.25  # of the loss itself, from which on what is added pulls visibly
LEARNT = 0.1  # of the loss of naming the class shares, below which the train rows are learnt
MORE = 1.0  # of it, from where on it pulls more than the loss


def of_penalty(seen: Seen) -> list[Nomination]:
    """A penalty that weighs beside the loss, in a loop that is behind and has not learnt its train
    rows: where they are learnt the loss is next to nothing, and any penalty weighs beside it.

    Arguments:
        seen: the loop, with `train_penalty` in its history where it adds anything.
    """
    extra, losses = seen.column("train_penalty"), seen.column("train_loss")
    known = np.isfinite(extra) & np.isfinite(losses) if len(extra) else np.zeros(0, bool)
    if not known.any() or seen.train is None or not seen.is_behind:
        return []
    late = np.flatnonzero(known)[known.sum() // 2 :]
    beside = float(np.median(extra[late])), float(np.median(losses[late]))
    if not (beside[0] > WEIGHS * beside[1] and beside[1] > LEARNT * seen.loss_scale):
        return []
    return [
        Nomination(
            "over_regularized",
            (
                Evidence(
                    "what the loop adds to its loss", beside[0], f"well below {beside[1]:.3g}"
                ),
                Evidence("the loss itself", beside[1], "near 0 where train rows are learnt"),
                Evidence(
                    "accuracy on train rows, in evaluation mode",
                    seen.train.accuracy,
                    f"at least {seen.train.possible:.3f}, what other learners reach",
                ),
            ),
            "a penalty is added that weighs as the loss does: the weights stay too small to tell "
            "the train rows themselves",
            (NO_PENALTY,),
            0.9 if beside[0] > MORE * beside[1] else 0.8,
        )
    ]
