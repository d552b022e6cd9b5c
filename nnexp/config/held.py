"""Words of a sweep that fit only some of the options it varies.

Hydra composes the whole sweep once before there is any job, with the usual option of each group
that is varied. `optimizer.momentum=0.5` would then be a mistake beside `optimizer=adam,sgd`, though
half of the jobs take it: such words are held back from that, and are words of each job.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydra.errors import HydraException

from nnexp.config.grammar import parse
from nnexp.config.keys import all_keys
from nnexp.config.schema.options import OPTIONS


def held(overrides: Sequence[str]) -> list[str]:
    """The words that set a key which not all options of a varied group have.

    >>> held(["optimizer=sgd,adam", "optimizer.lr=0.1", "optimizer.momentum=0.5"])
    ['optimizer.momentum=0.5']
    """
    try:
        parsed = [(word, parse(word)) for word in overrides]
    except HydraException:  # whoever composes them will say so
        return []
    names = {override.key_or_group for _, override in parsed}
    if any(name.startswith("hydra/sweeper") for name in names):  # another one knows nothing of it
        return []
    varied = {o.key_or_group for _, o in parsed if o.is_sweep_override()} & OPTIONS.keys()
    if any(name == "sweep" or name.startswith("sweep.params") for name in names):
        varied = set(OPTIONS)  # any of them, in a file
    return [
        word
        for word, override in parsed
        if override.key_or_group.partition(".")[0] in varied and _fits_some(override.key_or_group)
    ]


def _fits_some(key: str) -> bool:
    group = key.partition(".")[0]
    owners = {
        k.owner for k in all_keys() if key == k.path or (k.is_open and key.startswith(k.path))
    }
    return 0 < len(owners) < len(OPTIONS[group])


def in_order(words: Sequence[str], typed: Sequence[str]) -> list[str]:
    """Words in the order in which they were typed; those that were not come first."""
    place = {word: position for position, word in enumerate(typed)}
    return sorted(words, key=lambda word: place.get(word, -1))
