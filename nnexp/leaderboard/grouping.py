"""Which runs are one configuration: those that differ in nothing but seeds and folds."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nnexp.errors import UserError
from nnexp.leaderboard.records import Record

FOLD = "data.split.fold"
FOLDS = "data.split.folds"
SPLIT_SEEDS = ("seeds.split", "seeds.valid")
# which cells a model is shown, and so where one is missing
_OF_CELLS = frozenset(
    f"data.{key}"
    for key in (
        "drop",
        "numeric",
        "categorical",
        "missing_tokens",
        "sentinels",
        "max_levels",
        "decimal",
    )
)
# which columns are used, of those that are there
_OF_USE = frozenset({"data.drop", "data.max_levels"})
# what is done to the columns of a table; every other key of `data` decides which rows are scored
_OF_COLUMNS = _OF_CELLS | frozenset(
    f"data.{key}"
    for key in (
        "scaling", "fill_value", "neighbors", "indicator", "encoding", "min_frequency", "missing",
    )
)  # fmt: skip
# what a run's numbers do not depend on, or not by intent
IMMATERIAL = frozenset(
    {
        "device",
        "threads",
        "trainer.progress",
        "trainer.save_every",
        "trainer.tensorboard",
        "trainer.watch",
    }
)


@dataclass(frozen=True)
class Replicates:
    """Runs of one configuration.

    Arguments:
        values: varied key -> value; a key that the configuration does not have is left out.
        records: its runs, however they ended.
    """

    values: dict[str, Any]
    records: list[Record]


@dataclass(frozen=True)
class Grouping:
    """All runs, grouped.

    Arguments:
        varied: the keys that tell the groups apart, in the order of the configuration.
        averaged: keys besides seeds and the fold that differ within a group, which only a choice
            of keys to group by leaves; they pair runs as seeds do, and are no repetitions: the
            runs of a seed are one.
        groups: in the order in which their first runs come.
    """

    varied: list[str]
    averaged: list[str]
    groups: list[Replicates]

    def unit(self, record: Record) -> Hashable:
        """What a run has in common with its partners in other groups: seeds, fold, the rows of the
        table and how they are split, the rest.
        """
        others = frozenset(
            (key, comparable(value))
            for key in self.averaged
            if (value := record.config.get(key)) is not None
        )
        return repetition(record), others, rows_of_table(record)


def group_records(records: Sequence[Record], by: Sequence[str] | None = None) -> Grouping:
    """Group runs by their configurations.

    Arguments:
        records: runs; those without a configuration are left out.
        by: the keys to group by; None for all but seeds, the fold, and what does not matter.

    Raises:
        UserError: no run has one of the keys, or it is a seed.
    """
    records = [record for record in records if record.config]
    keys = list(dict.fromkeys(key for record in records for key in record.config))
    if by is not None:
        chosen = list(dict.fromkeys(_known_key(key, keys, by) for key in by))
    else:
        chosen = [key for key in keys if not is_repetition(key) and key not in IMMATERIAL]
    groups: dict[Hashable, list[Record]] = {}
    for record in records:
        identity = tuple(comparable(record.config[k]) if k in record.config else () for k in chosen)
        groups.setdefault(identity, []).append(record)
    members = list(groups.values())
    heads = [group[0].config for group in members]
    varied = chosen if by is not None else [key for key in chosen if differs(key, heads)]
    averaged = []
    if by is not None:
        rest = [k for k in keys if k not in chosen and k not in IMMATERIAL and not is_repetition(k)]
        averaged = [key for key in rest if any(_varies(key, group) for group in members)]
    return Grouping(
        varied,
        averaged,
        [
            Replicates({key: head[key] for key in varied if key in head}, group)
            for head, group in zip(heads, members, strict=True)
        ],
    )


def repetition(record: Record) -> Hashable:
    """What makes a run a repetition of others of its configuration: its seeds and its fold."""
    config = record.config
    if config.get(SPLIT_SEEDS[1]) == config.get(SPLIT_SEEDS[0]):  # as null, which follows it
        config = {**config, SPLIT_SEEDS[1]: None}
    return frozenset(
        (key, comparable(value))
        for key, value in config.items()
        if is_repetition(key) and value is not None
    )


def is_repetition(key: str) -> bool:
    """Whether a key is one of those that a configuration's score is a mean over."""
    return key in ("seed", FOLD) or key.startswith("seeds.")


def decides_rows(key: str) -> bool:
    """Whether a key decides which rows a run is scored on, or what they are called."""
    return key.startswith("data.") and key not in _OF_COLUMNS


def rows_of_table(record: Record) -> Hashable:
    """What decides the rows that a run has, and how they are split, but for seeds and the fold."""
    drops = record.config.get("data.missing") == "drop"  # which leaves rows out, by their columns
    deciding = (_OF_CELLS if record.gaps is None else _OF_CELLS - _OF_USE) if drops else frozenset()
    return drops and (True, record.gaps), frozenset(
        (key, comparable(value))
        for key, value in record.config.items()
        if value is not None and key != FOLD
        if decides_rows(key) or key in deciding
    )


def split_of(record: Record) -> Hashable:
    """What decides a run's train and validation rows, for one choice of `data.split`.

    `seeds.valid` follows `seeds.split` where it is null.
    """
    split, valid, fold = (record.config.get(key) for key in (*SPLIT_SEEDS, FOLD))
    return tuple(map(comparable, (split, split if valid is None else valid, fold)))


def comparable(value: Any) -> Hashable:
    """A value of a configuration in a form that can be compared: 1 is 1.0, and is not true."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, int | float):
        return ("number", value) if value == value else ("number", "nan")
    if isinstance(value, list | tuple):
        return ("list", tuple(comparable(item) for item in value))
    if isinstance(value, dict):
        return ("dict", tuple((str(key), comparable(item)) for key, item in sorted(value.items())))
    return ("none",) if value is None else ("text", str(value))


def order_of(value: Any) -> tuple[int, float, str]:
    """A key to sort values of any kind by: null, numbers by size, then text."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
        return (1, float(value), "")
    return (2, 0.0, repr(value) if not isinstance(value, str) else value)


def differs(key: str, heads: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a key tells configurations apart, by its value or by its being there.

    A key that an option has and another has not (`optimizer.betas`) is told by the option's name.
    """
    if len({comparable(head[key]) for head in heads if key in head}) > 1:
        return True
    name = f"{key.partition('.')[0]}.name"
    present: dict[Hashable, set[bool]] = {}
    for head in heads:
        present.setdefault(comparable(head.get(name)), set()).add(key in head)
    return any(len(answers) > 1 for answers in present.values())


def _varies(key: str, records: Iterable[Record]) -> bool:
    return len({comparable(record.config.get(key)) for record in records}) > 1


def _known_key(word: str, keys: Sequence[str], by: Sequence[str]) -> str:
    """The key that a user means; `optimizer`, as is typed to train, is `optimizer.name`."""
    key = word if word in keys else f"{word}.name"
    others = [own for own in by if not is_repetition(own)]
    if is_repetition(word):
        raise UserError(
            f"{word} tells no configurations apart: their scores are means over it",
            "keys of the configuration other than seeds and data.split.fold",
            f"--by {' '.join(others) or 'optimizer.lr'}",
        )
    if key in keys:
        return key
    from nnexp.config.likeness import nearest

    usable = [k for k in keys if not is_repetition(k)]
    ends = {k.rpartition(".")[2]: k for k in reversed(usable)}
    best = ends.get(word) or nearest(word, usable)
    best = best or ends.get(nearest(word, list(ends)) or "", "optimizer.lr")
    raise UserError(
        f"no run has a key {word!r}",
        "keys of the runs' config.yaml, as typed to train: optimizer.lr",
        f"--by {' '.join(best if own == word else own for own in by)}",
    )
