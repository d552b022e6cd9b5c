"""leaderboard.csv and leaderboard.md in a folder."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from nnexp.errors import UserError
from nnexp.leaderboard.board import Leaderboard
from nnexp.track.folder import write_text

CSV_FILE = "leaderboard.csv"
MARKDOWN_FILE = "leaderboard.md"


def write_files(board: Leaderboard, folder: str | Path) -> list[Path]:
    """Write leaderboard.csv and leaderboard.md, each atomically.

    Arguments:
        board: the leaderboard.
        folder: where to; made when missing.

    Returns:
        The two files.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = {CSV_FILE: board.csv(), MARKDOWN_FILE: board.markdown()}
    for name, content in files.items():
        # the runs are kept, by which to make it anew
        write_text(folder / name, content, sync=False)
    return [folder / name for name in files]


def cannot_write(folder: Path, error: OSError) -> UserError:
    """The answer where a user's folder cannot be written to."""
    return UserError(
        f"{str(folder)!r} cannot be written to: {error.strerror or error}",
        "a folder that is yours to write, or a new one",
        f"ls -ld {quote(str(folder.parent))}",
    )
