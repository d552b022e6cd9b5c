"""From overrides to a checked Config, with or without the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
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

    Safe to call any number of times, also inside a Hydra application. Of the same choices of
    options the first call reads the files of conf/, and the others do while none of them changes;
    with options of the user's own each call reads them.

    Arguments:
        overrides: command line overrides, `["optimizer=sgd", "reg.l2=0.01"]`.

    Raises:
        UserError: for anything the command line would refuse.
    """
    composer = Composer(compose_tree) if own_folders() else _remembered()
    return composer.compose([str(o) for o in overrides])


@dataclass(frozen=True)
class _World:
    """What a composition depends on beside its overrides.

    Arguments:
        files: of all options, with their sizes and times.
        nodes: of Hydra's store, by their place.
        variables: the environment, which an option may name.
    """

    files: dict[str, tuple[int, int]]
    nodes: dict[tuple[str, ...], Any]
    variables: dict[str, str]

    def is_as(self, other: _World) -> bool:
        """Whether nothing differs."""
        return (
            (self.files, self.variables) == (other.files, other.variables)
            and self.nodes.keys() == other.nodes.keys()
            and all(self.nodes[place] is own for place, own in other.nodes.items())
        )


_known: list[tuple[_World, Composer]] = []


def _remembered() -> Composer:
    """One for all calls while the world stays as it is."""
    register()
    nodes = dict(_nodes(ConfigStore.instance().repo))
    now = _World(dict(_files(str(conf_dir()))), nodes, dict(os.environ))
    if not _known or not _known[0][0].is_as(now) or _known[0][1].choices >= MOST:
        _known[:] = [(now, Composer(compose_tree))]
    return _known[0][1]


def _files(folder: str) -> Iterator[tuple[str, tuple[int, int]]]:
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith((".yaml", ".yml")):
                path = Path(place, name)
                with suppress(OSError):  # a link to nothing, as editors leave
                    about = path.stat()
                    yield str(path), (about.st_size, about.st_mtime_ns)


def _nodes(
    repo: Mapping[str, Any], place: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, own in repo.items():
        if isinstance(own, dict):
            yield from _nodes(own, (*place, name))
        else:
            yield (*place, name), own
