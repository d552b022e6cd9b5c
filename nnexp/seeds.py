"""Generators of random numbers, one for each purpose and epoch, derived from a seed.

Nothing in nnexp draws from a global generator. What is drawn for (seed, purpose, epoch) depends
on these three alone, so a member of a stack draws what it would draw alone, and a resumed run
draws what the uninterrupted one would have.
"""

from __future__ import annotations

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


def generator(seed: int, purpose: str, epoch: int = 0, place: int = 0) -> np.random.Generator:
    """A NumPy generator; arguments as for `sequence` (SFC64, the fastest of NumPy's)."""
    return np.random.Generator(np.random.SFC64(sequence(seed, purpose, epoch, place)))


def torch_seed(seed: int, purpose: str, epoch: int = 0) -> int:
    """A 63-bit integer for `torch.Generator.manual_seed`, of one purpose in one epoch."""
    return int(sequence(seed, purpose, epoch).generate_state(1, np.uint64)[0] >> np.uint64(1))
