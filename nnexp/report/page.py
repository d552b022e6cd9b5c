"""report.html: a sweep on one page that needs no server, no network and no script."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnexp.leaderboard import Leaderboard, Record, ranked, read_records
from nnexp.leaderboard.folders import natural
from nnexp.report.against import against_settings
from nnexp.report.curves import learning_curves
from nnexp.report.document import document
from nnexp.report.heat import heat_maps
from nnexp.report.observations import Observations
from nnexp.report.parallel import parallel_coordinates
from nnexp.report.spread import spread
from nnexp.report.summary import head, summary_title
from nnexp.report.table import leaderboard_table, runs_in_no_mean
from nnexp.report.unranked import unranked
from nnexp.track.folder import REPORT_FILE as FILE
from nnexp.track.folder import write_text


def report_html(board: Leaderboard, records: Sequence[Record], title: str | None = None) -> str:
    """The page; equal runs give equal text.

    Every text of a run folder is escaped, and the page allows itself no script but its own.

    Arguments:
        board: the leaderboard of the runs, which may have no configuration (`ranked`).
        records: all runs, those that failed too, in any order.
        title: of the page; None for what was swept and on which data.
    """
    records = sorted(records, key=lambda record: (natural(record.name), str(record.folder)))
    title = summary_title(board, records) if title is None else title
    seen = Observations()
    if board.configurations:
        sections = [
            leaderboard_table(board),
            runs_in_no_mean(board),
            learning_curves(board, seen),
            against_settings(board, seen),
            heat_maps(board),
            parallel_coordinates(board),
            spread(board),
        ]
    else:
        sections = unranked(board, seen)
    return document(title, head(board, records, title), *sections)


def write_report(folder: str | Path) -> Path:
    """Write a sweep's report.html into its folder, whole or not at all.

    Arguments:
        folder: the sweep's folder; its runs are read, and nothing in them is run.

    Returns:
        The file.

    Raises:
        UserError: there is no run; nothing is then written.
        OSError: the folder cannot be written to.
    """
    records = read_records([folder])
    return write_file(ranked(records), records, folder)


def write_file(board: Leaderboard, records: Sequence[Record], folder: str | Path) -> Path:
    """Write report.html, whole or not at all; see `report_html`.

    Arguments:
        board: the leaderboard of the runs.
        records: all runs.
        folder: where to; made when missing.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    page = report_html(board, records)
    write_text(folder / FILE, page, sync=False)  # the runs are kept, by which to make it anew
    return folder / FILE
