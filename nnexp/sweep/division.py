"""Into how many chunks each stack is divided, so that the processes end at about one time.

A step of a stack takes a while whatever its members, so a stack is divided only where a process
would wait otherwise.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

STEP = 2.5e-4  # seconds of a step on a CPU whatever the members, by bench_sweep.py, ...
MEMBER, FLOPS = 2e-5, 3e10  # ... and of each member: so much, and its operations at such a rate
BEGIN = 0.01  # seconds until a chunk's process is at work
GAIN = 0.98  # a division is worth its name where it takes less than this share of the time


@dataclass(frozen=True)
class Load:
    """What there is to do in a stack.

    Arguments:
        members: how many, >= 1.
        steps: of the longest run.
        flops: floating-point operations of one member's step.
        most: members that a chunk may have, >= 1.
    """

    members: int
    steps: int
    flops: float
    most: int

    @property
    def fewest(self) -> int:
        """Chunks that there must be."""
        return math.ceil(self.members / self.most)

    def seconds(self, chunks: int) -> list[float]:
        """About what each of so many chunks takes a process."""
        small, more = divmod(self.members, chunks)
        sizes = [small + 1] * more + [small] * (chunks - more)
        each = MEMBER + self.flops / FLOPS
        return [BEGIN + self.steps * (STEP + size * each) for size in sizes]


def divide(loads: Sequence[Load], processes: int) -> list[int]:
    """How many chunks to make of each stack.

    Stacks are divided one after the other, whichever evens out the processes most, as long as
    that helps; of all divisions that take about the shortest time, the one of fewest chunks is
    taken.

    Arguments:
        loads: of the stacks.
        processes: how many work at a time, >= 1.

    Returns:
        For each stack a number from `fewest` to its members.

    >>> divide([Load(24, 1000, 1e6, 64)], 2), divide([Load(5, 1000, 1e6, 64)] * 2, 2)
    ([2], [1, 1])
    """
    counts = [load.fewest for load in loads]
    busy = _busy(loads, counts, processes)
    best, shortest = list(counts), busy[0] if busy else 0.0
    if processes == 1 or len(loads) >= 2 * processes:  # there is enough to go round
        return best
    while True:
        trials = []
        for place, load in enumerate(loads):
            if counts[place] < min(load.members, processes * load.fewest):
                more = [*counts[:place], counts[place] + 1, *counts[place + 1 :]]
                trials.append((_busy(loads, more, processes), more))
        if not trials or min(trials)[0] >= busy:
            break
        busy, counts = min(trials)
        if busy[0] < GAIN * shortest:
            best, shortest = counts, busy[0]
    # a search that goes step by step may stop short of what all together bring
    each = [min(load.members, processes * load.fewest) for load in loads]
    return each if _busy(loads, each, processes)[0] < GAIN * shortest else best


def _busy(loads: Sequence[Load], counts: Sequence[int], processes: int) -> list[float]:
    """Seconds that each process works, most first, where each takes the longest chunk left."""
    chunks = [own for load, count in zip(loads, counts, strict=True) for own in load.seconds(count)]
    times = [0.0] * processes
    for seconds in sorted(chunks, reverse=True):
        heapq.heapreplace(times, times[0] + seconds)
    return sorted(times, reverse=True)
