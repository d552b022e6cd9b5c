"""The leaderboard: which configuration is best in validation, and which may be as good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from nnexp import calls
from nnexp.errors import UserError
from nnexp.leaderboard.board import SCORES, Comparison, Configuration, Leaderboard, Summary
from nnexp.leaderboard.leaderboard import leaderboard, ranked
from nnexp.leaderboard.records import Record, read_records
from nnexp.leaderboard.text import print_leaderboard

__all__ = [
    "Comparison",
    "Configuration",
    "Leaderboard",
    "Record",
    "Summary",
    "compare",
    "leaderboard",
    "print_leaderboard",
    "ranked",
    "read_records",
]


def compare(
    paths: Any,
    sort: str | None = None,
    by: str | Sequence[str] | None = None,
) -> Leaderboard:
    """The leaderboard of some runs: `nnexp compare` from Python.

    Printed, it is the table of the command; `frame()` gives a pandas DataFrame.

    Arguments:
        paths: a run folder, a sweep's folder, a tree of both, what `nnexp.run` and
            `nnexp.multirun` gave, or several of them.
        sort: the validation score that ranks: `val_loss`, `val_accuracy`,
            `val_balanced_accuracy` or `val_auc`; None for the loss, or the accuracy where all
            runs monitor it, or their losses measure different things.
        by: the key or keys that make a configuration; None for all that differ but seeds.

    Raises:
        UserError: a path without runs, another score, a key that no run has, nothing to rank.
    """
    calls.no_table(paths, "nnexp.compare", "run folders, or what nnexp.run and nnexp.multirun gave")
    alone = isinstance(paths, str | PathLike) or hasattr(paths, "folder")
    several: Any = [paths] if alone or not isinstance(paths, Iterable) else paths
    if isinstance(sort, str | PathLike) and sort not in SCORES and Path(sort).is_dir():
        shown = [str(calls.folder(path, "nnexp.compare")) for path in (*several, sort)]
        raise UserError(
            f"sort={str(sort)!r}, which is a folder",
            "several folders in a list",
            f"nnexp.compare({shown!r})",
        )
    keys = [by] if isinstance(by, str) else by
    records = read_records([calls.folder(path, "nnexp.compare") for path in several])
    try:
        return leaderboard(records, sort, keys)
    except UserError as error:
        flag, _, rest = error.remedy.partition(" ")
        if flag not in ("--sort", "--by"):
            raise
        shown = [str(calls.folder(path, "nnexp.compare")) for path in several]
        value = repr(rest) if flag == "--sort" else repr(rest.split())
        call = f"nnexp.compare({shown!r}, {flag[2:]}={value})"
        raise UserError(error.wrong, error.allowed.replace(flag, flag[2:]), call) from error
