"""From overrides to a checked Config, with or without the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore

from nnexp.config.many import Composer
from nnexp.config.own import own_folders
from nnexp.config.schema.config import Config
from nnexp.config.store import conf_dir, register
from nnexp.config.tree import compose_tree

MOST = 200  # choices of options that are remembered


def compose(overrides: Sequence[str] = ()) -> Config:
    """The configuration that `python train.py OVERRIDES` would run with.

    Safe to call any number of times, also inside a Hydra application; of the same choices of
    options the first call reads the files, and the others do while none of them changes.

    Arguments:
        overrides: command line overrides, `["optimizer=sgd", "reg.l2=0.01"]`.

    Raises:
        UserError: for anything the command line would refuse.
    """
    return _composer().compose([str(o) for o in overrides])


@dataclass(frozen=True)
class _Known:
    """A composer, and what it was made with.

    Arguments:
        files: of all options, with their sizes and times.
        nodes: of Hydra's store, by their place.
    """

    files: dict[str, tuple[int, int]]
    nodes: dict[tuple[str, ...], Any]
    composer: Composer

    def holds(self, other: _Known) -> bool:
        """Whether nothing has changed since."""
        return (
            self.files == other.files
            and self.nodes.keys() == other.nodes.keys()
            and all(self.nodes[place] is own for place, own in other.nodes.items())
            and self.composer.choices < MOST
        )


_known: list[_Known] = []


def _composer() -> Composer:
    """One for all calls while the files and the store stay as they are."""
    register()
    folders = [conf_dir(), *own_folders()]
    now = _Known(
        {path: about for folder in folders for path, about in _files(str(folder.absolute()))},
        dict(_nodes(ConfigStore.instance().repo)),
        Composer(compose_tree),
    )
    if not _known or not _known[0].holds(now):
        _known[:] = [now]
    return _known[0].composer


def _files(folder: str) -> Iterator[tuple[str, tuple[int, int]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _files(entry.path)
            else:
                stat = entry.stat()
                yield entry.path, (stat.st_size, stat.st_mtime_ns)


def _nodes(
    repo: Mapping[str, Any], place: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, own in repo.items():
        if isinstance(own, dict):
            yield from _nodes(own, (*place, name))
        else:
            yield (*place, name), own
