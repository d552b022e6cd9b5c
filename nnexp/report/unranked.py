"""What the page of a sweep shows where no run can be ranked: how runs ended, and their curves."""

from __future__ import annotations

from dataclasses import replace

from nnexp.leaderboard import Configuration, Leaderboard
from nnexp.leaderboard.grouping import comparable
from nnexp.report.curves import learning_curves
from nnexp.report.markup import Markup
from nnexp.report.observations import Observations
from nnexp.report.table import runs_in_no_mean


def unranked(board: Leaderboard, seen: Observations) -> list[Markup | None]:
    """The sections of the page.

    Arguments:
        board: without configurations.
        seen: the histories.
    """
    return [runs_in_no_mean(board), learning_curves(_as_they_come(board), seen)]


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
