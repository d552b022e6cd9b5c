"""Whether one fact tells the label far better than all other columns together do."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import sign_p

STRONG, STRONGLY = 0.85, 0.6  # accuracy of one fact that tells much, and share of errors it removes
FEWER = 0.25  # its errors over those of all other columns together, where little is left to tell

# Held against the clean tables of scikit-learn and shared/data and the made ones of the benchmark:
# none of them is told.
FAR_FEWER = 0.45  # its errors over those of all other columns, where it leaves some to tell
CHANCE = 1e-3  # of being so much better than all other columns together (McNemar)


def beats(right: np.ndarray, known: np.ndarray, others: np.ndarray, fewer: float) -> bool:
    """Whether a fact makes far fewer errors than all other columns, beyond chance.

    Arguments:
        right: which rows (n,) the fact tells rightly.
        known: rows (n,) in which the fact is known: it is judged on these.
        others: which rows (n,) all other columns tell rightly.
        fewer: its errors over theirs, at most.
    """
    wrong = known & ~right
    ahead, behind = int((right & ~others).sum()), int((wrong & others).sum())
    few = int(wrong.sum()) <= fewer * int((known & ~others).sum())
    return few and sign_p(ahead, behind) < CHANCE
