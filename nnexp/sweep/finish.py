"""The end of a sweep: its leaderboard printed and written, its report, what to do next."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from nnexp.errors import UserError
from nnexp.leaderboard import (
    Leaderboard,
    Record,
    leaderboard,
    print_leaderboard,
    read_records,
)
from nnexp.leaderboard.writing import write_files
from nnexp.near import near
from nnexp.report.page import write_file
from nnexp.runs.jobs import Job


def finish(folder: Path, jobs: Sequence[Job], report: bool) -> bool:
    """Rank the finished jobs of a sweep, print it, and write it into the sweep's folder.

    Arguments:
        folder: the sweep's.
        jobs: all of its jobs.
        report: write report.html too.

    Returns:
        Whether a leaderboard was printed, which lists the runs that are in no mean as well.
    """
    if not folder.is_dir() or all(job.status == "interrupted" for job in jobs):
        return False
    shown = near(folder)
    board, names = None, ""
    try:
        records = read_records([folder])
        board = leaderboard(records)
    except UserError as error:
        print(f"\nno leaderboard: {error.wrong}", file=sys.stderr)
    else:
        names = ", ".join(_write(folder, board, records, report))
        print(flush=True)
        print_leaderboard(board)
    print(f"\nfolder:      {shown}{f' ({names})' if names else ''}")
    if any(job.config is not None and job.config.trainer.tensorboard for job in jobs):
        print(f"TensorBoard: tensorboard --logdir {quote(str(shown))}")
    sys.stdout.flush()
    return board is not None


def _write(folder: Path, board: Leaderboard, records: Sequence[Record], report: bool) -> list[str]:
    """Write the files; their names."""
    written: list[Path] = []
    try:
        written += write_files(board, folder)
        if report:
            written.append(write_file(board, records, folder))
    except OSError as error:
        print(f"\nleaderboard and report are not written: {error}", file=sys.stderr)
    return [path.name for path in written]
