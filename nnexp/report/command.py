"""`nnexp compare`: the leaderboard of any run folders and sweeps."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from nnexp.arguments import Arguments
from nnexp.errors import UserError
from nnexp.leaderboard.leaderboard import leaderboard
from nnexp.leaderboard.records import read_records
from nnexp.leaderboard.text import print_leaderboard
from nnexp.leaderboard.writing import cannot_write, write_files
from nnexp.report.page import write_file


def main(words: Sequence[str]) -> int:
    """`nnexp compare WORDS`; returns the exit status.

    Raises:
        UserError: a mistake in the words, a path without runs, a score or key there is not.
    """
    parser = Arguments(
        "nnexp compare",
        "RUN... [--sort KEY] [--by KEY...] [-o FOLDER]",
        "Rank configurations by their mean validation score, and say which cannot be told apart.",
    )
    parser.add("paths", nargs="*", type=Path, metavar="RUN", help="run folders, sweeps, or trees")
    parser.add(
        "--sort",
        metavar="KEY",
        help="val_loss (default, but for losses that measure different things), val_accuracy, "
        "val_balanced_accuracy or val_auc",
    )
    parser.add(
        "--by",
        nargs="+",
        action="extend",
        metavar="KEY",
        help="what makes a configuration, as optimizer.lr; all that differs but seeds otherwise",
    )
    parser.add(
        "-o",
        "--out",
        type=Path,
        metavar="FOLDER",
        help="write leaderboard.csv, .md and report.html there",
    )
    typed = list(words)
    options = parser.parse_args(words)
    by, paths = None, list(options.paths)
    if options.by is not None:
        # a folder after --by is a run: no key is called so
        paths += [Path(word) for word in options.by if Path(word).is_dir()]
        words = [word for word in options.by if not Path(word).is_dir()]
        by = [key for word in words for key in word.split(",") if key]
    for word in map(str, paths):
        flag, sign, value = word.partition("=")
        if sign and flag in ("sort", "by") and not Path(word).exists():
            kept = [other for other in typed if other != word]
            remedy = shlex.join(["nnexp", "compare", *kept, f"--{flag}", value])
            raise UserError(f"there is no run under {word!r}", f"--{flag} is a flag", remedy)
    if not paths:
        parser.error("the following arguments are required: RUN")
    records = read_records(paths)
    board = leaderboard(records, options.sort, by)
    print_leaderboard(board)
    if options.out is not None:
        try:
            files = [*write_files(board, options.out), write_file(board, records, options.out)]
        except OSError as error:
            raise cannot_write(options.out, error) from error
        print(f"written: {' '.join(map(str, files))}")
    elif len(paths) == 1 and len(records) > 1:
        folder = quote(str(paths[0]))
        hint = f"nothing is written; -o {folder} writes leaderboard.csv, .md and report.html"
        print(hint, file=sys.stderr)
    return 0
