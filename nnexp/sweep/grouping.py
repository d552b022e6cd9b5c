"""Which runs can be trained as one stack, and how stacks are cut into chunks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from nnexp.config.schema.config import Config
from nnexp.data.draft import Shape
from nnexp.train.optimizers import OPTIMIZERS

# members of a chunk, by device; with more a step takes a member longer (scripts/bench_sweep.py)
MOST = {"cpu": 64, "cuda": 4096}


@dataclass(frozen=True)
class Group:
    """Runs that can share a stack.

    Arguments:
        traits: what they have in common and others have not, by name.
        places: which of the runs, ascending.
    """

    traits: dict[str, Any]
    places: list[int]


def traits(config: Config, shape: Shape) -> dict[str, Any]:
    """What all runs of one stack have in common, as hashable values by name.

    Arguments:
        config: the run's configuration.
        shape: of its table.
    """
    trainer, optimizer, loss = config.trainer, config.optimizer, asdict(config.loss)
    flags = {flag: getattr(optimizer, flag) for flag in OPTIMIZERS[optimizer.name].flags}
    return {
        "model": repr(asdict(config.model)),
        "optimizer": repr((optimizer.name, flags)),
        "scheduler": config.scheduler.name,
        "loss": repr(loss),
        "trainer.batch_size": trainer.batch_size,
        "trainer.shuffle": trainer.shuffle,
        "trainer.monitor": trainer.monitor,
        "trainer.checkpoint": trainer.checkpoint,
        "trainer.precision": trainer.precision,
        "trainer.watch": trainer.watch,
        "device": config.device,
        "threads": config.threads,
        "number of inputs": (shape.inputs, shape.levels),
        "classes": (repr(shape.classes), config.data.labels),
        "number of train rows": int(shape.train_counts.sum()),
        "validation rows": shape.valid_rows > 0,
        "class weights": tuple(shape.train_counts)
        if config.loss.class_weight == "balanced"
        else None,
    }


def group(found: Sequence[dict[str, Any]]) -> list[Group]:
    """Put runs of equal traits together, in the order of their first members.

    Arguments:
        found: for each run its `traits`.
    """
    groups: dict[tuple[Any, ...], Group] = {}
    for place, own in enumerate(found):
        key = tuple(own.values())
        groups.setdefault(key, Group(own, [])).places.append(place)
    return list(groups.values())


def differences(groups: Sequence[Group]) -> list[str]:
    """The names of the traits by which groups differ; why they are not one stack."""
    names = groups[0].traits if groups else {}
    return [name for name in names if len({repr(g.traits[name]) for g in groups}) > 1]


def cut(count: int, most: int, pieces: int = 1) -> list[range]:
    """Cut 0..count-1 into ranges of nearly equal length.

    Arguments:
        count: how many, >= 1.
        most: the longest range, >= 1.
        pieces: at least so many ranges, where there are so many.
    """
    number = min(count, max(pieces, math.ceil(count / max(1, most))))
    edges = [round(count * place / number) for place in range(number + 1)]
    return [range(a, b) for a, b in pairwise(edges)]
