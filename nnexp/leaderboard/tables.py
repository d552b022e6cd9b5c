"""The tables that runs were trained on, as their manifests tell of them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nnexp.errors import UserError
from nnexp.leaderboard.grouping import rows_of_table
from nnexp.leaderboard.records import Record
from nnexp.runs.started import FILE_KEYS
from nnexp.track.folder import read_json

MANIFEST_FILE = "manifest.json"
FINGERPRINT = "data.fingerprint"
DIGITS = 8  # of a fingerprint, which tell files apart


def table_of(record: Record) -> Mapping[str, Any]:
    """What a run's manifest says of its table; empty where it says nothing."""
    try:
        data = read_json(record.folder / MANIFEST_FILE).get("data")
    except (UserError, AttributeError):
        return {}
    return data if isinstance(data, dict) else {}


def with_fingerprints(records: Sequence[Record]) -> list[Record]:
    """The records, with their tables' fingerprints as settings where a file has changed.

    A file may hold another table under the same name by the time of a later run, or in another
    folder. The key tells the runs of each content apart, as any key that decides the rows.
    """
    known = [_fingerprint(record) for record in records]
    found: dict[Hashable, set[str]] = {}
    for record, own in zip(records, known, strict=True):
        if own is not None:
            found.setdefault(rows_of_table(record), set()).add(own)
    if all(len(contents) == 1 for contents in found.values()):
        return list(records)
    return [
        record if own is None else replace(record, config={**record.config, FINGERPRINT: own})
        for record, own in zip(records, known, strict=True)
    ]


def with_gaps(records: Sequence[Record]) -> list[Record]:
    """The records, those that leave out rows with missing cells with the columns that have some.

    Two runs on one table that use other columns have the same rows where those with gaps are the
    same, and are not told so by their settings.
    """
    return [
        replace(record, gaps=_gaps(record))
        if record.config.get("data.missing") == "drop"
        else record
        for record in records
    ]


def _gaps(record: Record) -> frozenset[tuple[str, int]] | None:
    table = table_of(record)
    counts, left_out = table.get("missing"), table.get("left_out")
    if not isinstance(counts, dict) or not isinstance(left_out, dict):
        return None
    if "duplicates" in left_out:  # which other columns tell apart
        return None
    if not all(type(count) is int for count in counts.values()):
        return None
    return frozenset(counts.items())


def _fingerprint(record: Record) -> str | None:
    """The beginning of the fingerprint of a table that was read from files."""
    if not any(record.config.get(key) for key in FILE_KEYS):
        return None
    fingerprint = table_of(record).get("fingerprint")
    return fingerprint[:DIGITS] if isinstance(fingerprint, str) else None
