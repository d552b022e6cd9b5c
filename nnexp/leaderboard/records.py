"""Run folders as data: how each ended, its configuration, its scores."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnexp.config.typed import read_typed
from nnexp.errors import UserError
from nnexp.files import read_regular
from nnexp.leaderboard.damage import changed_files
from nnexp.leaderboard.folders import find_runs, relative_names
from nnexp.leaderboard.plain import Configs
from nnexp.track.folder import LARGEST_JSON, METRICS_FILE
from nnexp.track.status import FILE as STATUS_FILE
from nnexp.track.status import read_status

if TYPE_CHECKING:
    from nnexp.track.history import HistoryFrame

HALVED = "stopped after epoch"  # how the reason of a run begins that successive halving dropped
MISSING = "its folder is gone"  # the reason of a job of a sweep of which nothing is left
NOT_BEGUN = "not begun"  # how the reason of a run begins whose turn did not come


@dataclass(frozen=True)
class Record:
    """One run folder, as data.

    Arguments:
        folder: the run folder.
        name: its path below the deepest folder that all runs read together are in: `3`.
        status: `done`, `diverged`, `failed`, `interrupted` or `running`; `failed` also where the
            folder is damaged.
        reason: one line on why it is not done; None where it is, or nothing is known.
        config: dotted key -> value, as `{"optimizer.lr": 0.001, "model.hidden": [64, 64]}`;
            empty where it cannot be read.
        metrics: the content of metrics.json; None where there is none.
        words: of a run without a configuration, what was typed for it and not for all others.
        gaps: of a run whose rows with missing cells were left out, the columns that have some and
            in how many rows, which tell the rows; None where that is not known, or no row was.
    """

    folder: Path
    name: str
    status: str
    reason: str | None
    config: dict[str, Any]
    metrics: dict[str, Any] | None
    words: tuple[str, ...] = ()
    gaps: frozenset[tuple[str, int]] | None = None

    @property
    def open(self) -> bool:
        """Whether it has yet to come to its end, or to begin."""
        return self.status in ("interrupted", "running")

    @property
    def begun(self) -> bool:
        """Whether its turn has come."""
        return not (self.open and (self.reason or "").startswith(NOT_BEGUN))

    @property
    def stopped_after(self) -> int | None:
        """The epoch after which successive halving stopped it; None for a run that it did not."""
        found = re.match(rf"{HALVED} (\d+)", self.reason or "")
        return None if found is None else int(found[1])

    def history(self) -> HistoryFrame:
        """The run's history.csv.

        Raises:
            UserError: the folder has none, or it is damaged.
        """
        from nnexp.track.history import read_history

        return read_history(self.folder)


def read_records(paths: Sequence[str | Path]) -> list[Record]:
    """Read run folders, without running anything that they hold.

    A damaged folder becomes a record that has failed, with what is wrong as its reason; so does a
    job of a sweep whose folder is gone.

    Arguments:
        paths: run folders, sweep folders (their members are read), or trees of both.

    Returns:
        A record for each run folder; numbers in names are sorted as numbers.

    Raises:
        UserError: a path does not exist or holds no run.
    """
    folders = find_runs(paths, lost=True)
    names = relative_names([folder.resolve() for folder in folders])
    configs = Configs()
    records = [_read(folder, name, configs) for folder, name in zip(folders, names, strict=True)]
    return records if all(record.config for record in records) else _with_words(records)


def _with_words(records: Sequence[Record]) -> list[Record]:
    """Tell runs without a configuration, which failed before they began, by what was typed."""
    typed = [read_typed(record.folder, trust=True) or [] for record in records]
    several = [set(words) for words in typed if words]
    shared = set.intersection(*several) if len(several) > 1 else set()
    return [
        record
        if record.config
        else replace(record, words=tuple(word for word in words if word not in shared))
        for record, words in zip(records, typed, strict=True)
    ]


def _read(folder: Path, name: str, configs: Configs) -> Record:
    damage: list[str] = []
    status, reason = "failed", None
    try:
        told = read_status(folder)
        status = told["status"]
        reason = _line(told["reason"])
    except UserError:
        if not folder.exists():
            return Record(folder, name, status, MISSING, {}, None)
        damage.append(_unreadable(folder, STATUS_FILE))
    config: dict[str, Any] = {}
    try:
        config = configs.read(folder)
    except ValueError as error:
        damage.append(str(error))
    metrics, content = None, {}
    if (folder / METRICS_FILE).exists() or status == "done":
        try:
            content[METRICS_FILE] = read_regular(folder / METRICS_FILE, LARGEST_JSON)
            metrics = json.loads(content[METRICS_FILE])
        except (OSError, ValueError, RecursionError):
            damage.append(_unreadable(folder, METRICS_FILE))
        if metrics is not None and not _are_metrics(metrics):
            metrics = None
            damage.append(f"{METRICS_FILE} holds no scores")
    if status == "done" and not damage:
        damage += changed_files(folder, content)
    if damage and status == "done":
        status = "failed"
    if damage and not reason:
        reason = "; ".join(damage)
    return Record(folder, name, status, reason, config, metrics)


def _are_metrics(content: Any) -> bool:
    """Whether `val` and `test` are there, each a mapping or null."""
    return isinstance(content, dict) and all(
        part in content and isinstance(content[part], dict | None) for part in ("val", "test")
    )


def _line(reason: Any) -> str | None:
    return None if reason is None else " ".join(str(reason).split()) or None


def _unreadable(folder: Path, file: str) -> str:
    """What is wrong with a file, without its path, which differs from machine to machine."""
    path = folder / file
    return f"{file} is damaged" if path.exists() or path.is_symlink() else f"it has no {file}"
