"""Whether a table, and which of its rows train, validate and test, are those of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shlex import join
from typing import Any

from nnexp.config.typed import read_typed
from nnexp.data import Dataset
from nnexp.errors import UserError
from nnexp.runs.runner import split_id
from nnexp.track.manifest import FILE as MANIFEST
from nnexp.track.manifest import read_manifest


def facts_of_manifest(folder: Path) -> dict[str, Any]:
    """What an interrupted run was trained on; nothing where it was killed."""
    if not (folder / MANIFEST).exists():
        return {}
    told = read_manifest(folder).get("data")
    if not isinstance(told, dict):
        return {}
    return {"data": told.get("fingerprint"), "rows": told.get("split")}


def check_table(folder: Path, dataset: Dataset, facts: Mapping[str, Any]) -> None:
    """Refuse a table that is not the one that the run was trained on, where that is known."""
    before = facts.get("data")
    if before not in (None, dataset.summary["fingerprint"]):
        raise UserError(
            f"the table {dataset.summary['source']!r} has changed since the run began",
            "the table that it was trained on; with another one it is another run",
            f"nnexp train {join(read_typed(folder) or [])}".strip(),
        )
    split, rows = facts.get("split"), facts.get("rows")
    if split not in (None, split_id(dataset)) or rows not in (None, dataset.summary["split"]):
        raise UserError(
            "other rows would train, validate or test than when the run began, by another version "
            "of nnexp or of a library",
            "the version that it was begun with; with this one it is another run",
            f"nnexp train {join(read_typed(folder) or [])}".strip(),
        )
