"""Random numbers of torch's own generators, for code that draws from nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's generators for the block, and put them back where they were.

    Arguments:
        seed: of the CPU's, and of every GPU's that is in use.
    """
    in_use = torch.cuda.is_initialized()
    devices = list(range(torch.cuda.device_count())) if in_use else []
    with torch.random.fork_rng(devices=devices):
        # `manual_seed` alone would seed GPUs that are not in use yet, for good
        (torch.manual_seed if in_use else torch.default_generator.manual_seed)(seed)
        yield
