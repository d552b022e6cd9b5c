"""The runs that are in no mean: those that ended alike are told together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nnexp.leaderboard.board import Leaderboard
from nnexp.leaderboard.grouping import is_repetition
from nnexp.leaderboard.records import Record
from nnexp.leaderboard.words import setting, settings, short_names
from nnexp.lines import one_line


@dataclass(frozen=True)
class Ended:
    """Runs of one configuration that ended alike.

    Arguments:
        records: the runs.
        settings: what tells them from other runs, `lr=0.01 hidden=[64]`; what was typed where
            there is no configuration; empty where nothing is known.
        repeats: their seeds and folds, `seed=0,1`.
        status: of `records.Record`.
        reason: why; empty where nothing is known.
    """

    records: list[Record]
    settings: str
    repeats: str
    status: str
    reason: str

    @property
    def names(self) -> str:
        """Which runs: `4 5`."""
        return " ".join(one_line(record.name) for record in self.records)


def ended_alike(board: Leaderboard) -> list[Ended]:
    """The runs that are in no mean, in their order."""
    names = short_names(board.varied)
    alike: dict[tuple[str, str, str], list[Record]] = {}
    for record in board.failed:
        # of a run's own folder its name is enough, which is no absolute path
        reason = (record.reason or "").replace(str(record.folder.absolute()), record.name)
        end = (_settings(record, names), record.status, one_line(reason))
        alike.setdefault(end, []).append(record)
    return [
        Ended(records, told, _repeats(records), status, reason)
        for (told, status, reason), records in alike.items()
    ]


def _settings(record: Record, names: dict[str, str]) -> str:
    if not record.config:
        return " ".join(one_line(w) for w in record.words if not is_repetition(_key(w)))
    return settings({key: record.config[key] for key in names if key in record.config}, names)


def _repeats(records: list[Record]) -> str:
    found: dict[str, dict[str, None]] = {}
    for record in records:
        for key, value in _repeated(record):
            found.setdefault(key, {})[value] = None
    return " ".join(f"{key}={','.join(values)}" for key, values in found.items())


def _repeated(record: Record) -> Iterator[tuple[str, str]]:
    """Seeds and fold of a run: those that were typed where there is no configuration."""
    pairs: list[tuple[str, Any]] = [(k, v) for k, v in record.config.items() if v is not None]
    for key, value in pairs:
        if is_repetition(key) and not key.startswith("seeds."):
            yield key, setting(value)
    for word in record.words:
        if is_repetition(_key(word)):
            yield _key(word), one_line(word.partition("=")[2])


def _key(word: str) -> str:
    return word.lstrip("+").partition("=")[0]
