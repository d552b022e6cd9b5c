"""Which key is meant by a path that several options have, given the options chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nnexp.config.keys import Key, all_keys
from nnexp.config.schema.options import OPTIONS

Picked = Mapping[str, Sequence[str]]  # the options of each group, as `groups.chosen` gives them


def key_of(path: str, picked: Picked) -> Key | None:
    """The key of a path, by preference that of an option chosen; None where there is none."""
    found = [key for key in all_keys() if key.path == path]
    return next((key for key in found if is_chosen(key, picked)), found[0] if found else None)


def is_chosen(key: Key, picked: Picked) -> bool:
    """Whether a key belongs to what is chosen."""
    if key.owner is None:
        return True
    group, option = key.owner
    names = picked.get(group, [])
    # an option of the user's own is built on a schema that is not known here
    return option in names or any(name not in OPTIONS[group] for name in names)
