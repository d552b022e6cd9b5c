"""The end of a sweep: its leaderboard printed and written, its report, what to do next."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from nnexp.config.flags import places
from nnexp.config.shell import shell
from nnexp.errors import TRAIN, UserError
from nnexp.leaderboard import (
    Leaderboard,
    Record,
    print_leaderboard,
    ranked,
    read_records,
)
from nnexp.leaderboard.chosen import words_of_first
from nnexp.leaderboard.folders import is_run
from nnexp.leaderboard.nothing import nothing_to_rank
from nnexp.leaderboard.writing import write_files
from nnexp.near import near
from nnexp.report.page import write_file
from nnexp.runs.jobs import Job, TakenError


def finish(folder: Path, jobs: Sequence[Job], report: bool, command: Sequence[str] = ()) -> bool:
    """Rank the finished jobs of a sweep, print it, and write it into the sweep's folder.

    Arguments:
        folder: the sweep's.
        jobs: all of its jobs; other runs below its folder are none of the sweep.
        report: write report.html too.
        command: the program and the words that the sweep was called with.

    Returns:
        Whether a leaderboard was printed, which lists the runs that are in no mean as well.
    """
    if not folder.is_dir() or all(job.status == "interrupted" for job in jobs):
        return False
    shown = near(folder)
    board, names = None, ""
    try:
        records = read_records(_folders(jobs))
        board = ranked(records)
        names = ", ".join(_write(folder, board, records, report))
        if not board.configurations:
            raise nothing_to_rank(records, board.sort)
        print(flush=True)
        print_leaderboard(board)
    except UserError as error:
        board = None
        print(f"\nno leaderboard: {error.wrong}\ntry: {error.remedy}", file=sys.stderr)
    print(f"\nfolder:      {shown}{f' ({names})' if names else ''}")
    if any(job.config is not None and job.config.trainer.tensorboard for job in jobs):
        print(f"TensorBoard: tensorboard --logdir {quote(str(shown))}")
    words = None if board is None else words_of_first(board)
    if words is not None:
        print(f"the first:   {_again(command, words)}")
    sys.stdout.flush()
    return board is not None


def _folders(jobs: Sequence[Job]) -> list[Path]:
    """The run folders of jobs: those that are another run's, or were never made, are left out."""
    own = [job.folder for job in jobs if not isinstance(job.error, TakenError)]
    return [folder for folder in own if is_run(folder)]


def _again(command: Sequence[str], words: Sequence[str]) -> str:
    """What trains the first alone, as the sweep was called and with its folders of options."""
    path = command[0] if command else ""
    program = f"python {shell(path)}" if path.endswith(".py") else TRAIN
    return " ".join([program, *map(shell, [*places(command), *words])])


def _write(folder: Path, board: Leaderboard, records: Sequence[Record], report: bool) -> list[str]:
    """Write the files, a leaderboard if there is one; their names."""
    written: list[Path] = []
    try:
        if board.configurations:
            written += write_files(board, folder)
        if report:
            written.append(write_file(board, records, folder))
    except OSError as error:
        print(f"\nleaderboard and report are not written: {error}", file=sys.stderr)
    return [path.name for path in written]
