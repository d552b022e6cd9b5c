"""What the page of a sweep shows where no run can be ranked: how runs ended, and their curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nnexp.leaderboard import Configuration, Leaderboard
from nnexp.leaderboard.grouping import comparable
from nnexp.report.chart import COLOURS
from nnexp.report.curves import PANELS, learning_curves
from nnexp.report.markup import Markup
from nnexp.report.observations import Observations
from nnexp.report.table import runs_in_no_mean


def unranked(board: Leaderboard, seen: Observations) -> list[Markup | None]:
    """The sections of the page.

    Arguments:
        board: without configurations.
        seen: the histories.
    """
    shown = _as_they_come(board)
    sections = [runs_in_no_mean(board)]
    if _has_curves(shown, seen):
        sections.append(learning_curves(shown, seen))
    return sections


def _has_curves(board: Leaderboard, seen: Observations) -> bool:
    """Whether there is more to draw than dots: runs that diverge often do so at once."""
    records = [record for row in board.configurations[:COLOURS] for record in row.records]
    return any(
        np.isfinite(run[name]).sum() > 1
        for run in map(seen.history, records)
        for name, _ in PANELS
        if name in run
    )


def _as_they_come(board: Leaderboard) -> Leaderboard:
    """The board with its failed runs as configurations that have no score."""
    alike: dict[object, Configuration] = {}
    for record in board.failed:
        if not record.config:
            continue
        values = {key: record.config[key] for key in board.varied if key in record.config}
        row = alike.setdefault(
            comparable(values), Configuration(len(alike) + 1, values, [], 0, {}, None)
        )
        row.records.append(record)
    rows = [replace(row, planned=len(row.records)) for row in alike.values()]
    return replace(board, configurations=rows)
