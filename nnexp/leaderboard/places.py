"""Paths of tables, as the leaderboard shows them: no more of each than tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from nnexp.leaderboard.records import Record
from nnexp.runs.started import FILE_KEYS


def without_places(records: Sequence[Record]) -> list[Record]:
    """The records with the absolute paths that tell them apart cut to their ends.

    A path that all of them share is no setting that is shown, and stays.
    """
    told = {key: _ends(records, key) for key in sorted(FILE_KEYS)}
    told = {key: ends for key, ends in told.items() if ends}
    if not told:
        return list(records)
    changed = []
    for record in records:
        own = {
            key: ends[record.config[key]]
            for key, ends in told.items()
            if isinstance(record.config.get(key), str)
        }
        changed.append(replace(record, config={**record.config, **own}))
    return changed


def _ends(records: Sequence[Record], key: str) -> dict[str, str]:
    """Path -> its shortest end that no other has: `/home/me/a/t.csv` -> `a/t.csv`."""
    paths = sorted({path for r in records if isinstance(path := r.config.get(key), str)})
    parts = {path: PurePath(path).parts for path in paths if PurePath(path).is_absolute()}
    if len(paths) < 2 or not parts:
        return {}
    for count in range(1, max(map(len, parts.values()))):
        ends = {
            path: "/".join(parts[path][1:][-count:]) if path in parts else path for path in paths
        }
        if len(set(ends.values())) == len(paths):
            return ends
    return {}
