"""Generators of random numbers, one for each purpose and epoch, derived from a seed.

Nothing in nnexp draws from a global generator. What is drawn for (seed, purpose, epoch) depends
on these three alone, so a member of a stack draws what it would draw alone, and a resumed run
draws what the uninterrupted one would have.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PURPOSES = ("init", "batches", "dropout")


def sequence(seed: int, purpose: str, epoch: int = 0, place: int = 0) -> np.random.SeedSequence:
    """The seed sequence of one purpose in one epoch.

    Arguments:
        seed: the member's seed for this purpose, >= 0.
        purpose: one of `PURPOSES`.
        epoch: >= 0; 0 for what happens before the first epoch.
        place: >= 0; where a purpose has several places, such as the layers that drop units.
    """
    return np.random.SeedSequence([seed, PURPOSES.index(purpose), epoch, place])


def on_split(seed: int, split: Sequence[int], fold: int | None = None) -> int:
    """The seed of a training on a split: another one on each, but `seed` itself on the usual split.

    Runs on several splits that shared their initial weights would err together, which no spread
    over the splits could show.

    Arguments:
        seed: >= 0.
        split: the seeds of the rows that test, and of those that validate; the usual ones are 0.
        fold: which validates, >= 0; None for none.
    """
    if not any(split) and fold is None:
        return seed
    place = 0 if fold is None else fold + 1
    return int(np.random.SeedSequence([seed, *split, place]).generate_state(1)[0])


def generator(seed: int, purpose: str, epoch: int = 0, place: int = 0) -> np.random.Generator:
    """A NumPy generator; arguments as for `sequence` (SFC64, the fastest of NumPy's)."""
    return np.random.Generator(np.random.SFC64(sequence(seed, purpose, epoch, place)))


def torch_seed(seed: int, purpose: str, epoch: int = 0) -> int:
    """A 63-bit integer for `torch.Generator.manual_seed`, of one purpose in one epoch."""
    return int(sequence(seed, purpose, epoch).generate_state(1, np.uint64)[0] >> np.uint64(1))
