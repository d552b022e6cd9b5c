"""The leaderboard on the screen: as much of it as the width allows."""

from __future__ import annotations

import contextlib
import shutil
import sys
import textwrap
from dataclasses import dataclass
from typing import TextIO

from nnexp.leaderboard.board import SAME, Comparison, Leaderboard
from nnexp.leaderboard.ended import ended_alike
from nnexp.leaderboard.words import number, plural, score_title, short_names, short_settings
from nnexp.lines import cut_apart, encodable, one_line, shorten
from nnexp.scores import is_loss

GAP = 2
PIPE = 120  # columns where the output is no terminal
MOST_FAILED = 20  # lines of runs that are listed
MOST_NAMES = 12  # of runs that ended alike
WIDEST = 24  # characters of a setting
NARROWEST = 6
STYLES = {"first": "bold green", "apart": "dim", "same": "", "unknown": ""}


@dataclass
class PrintedColumn:
    """A column of text.

    Arguments:
        title: its head.
        cells: a text a row.
        keep: how much it matters; the columns of the lowest number go first, 9 always stays.
        left: whether it is flush left.
    """

    title: str
    cells: list[str]
    keep: int
    left: bool = False

    @property
    def width(self) -> int:
        return max(map(len, [self.title, *self.cells]))


def leaderboard_text(board: Leaderboard, width: int | None = None) -> str:
    """The leaderboard as aligned lines that end in a line break.

    Arguments:
        board: the leaderboard.
        width: columns of the screen, >= 40; None for no limit.
    """
    return "".join(f"{line}\n" for line, _ in _styled(board, width))


def print_leaderboard(board: Leaderboard, stream: TextIO | None = None) -> None:
    """Print the leaderboard: as wide as the terminal, 120 columns elsewhere.

    Arguments:
        board: the leaderboard.
        stream: where to; None for standard output.
    """
    from nnexp.track.progress import is_terminal

    stream = sys.stdout if stream is None else stream
    terminal = is_terminal(stream)
    width = max(40, shutil.get_terminal_size((PIPE, 24)).columns)
    if not terminal:
        with contextlib.suppress(BrokenPipeError):
            stream.write(encodable(leaderboard_text(board, width), stream))
            stream.flush()
        return

    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, width=width)
    for line, style in _styled(board, width):
        console.print(Text(line, style), soft_wrap=True)


def _styled(board: Leaderboard, width: int | None) -> list[tuple[str, str]]:
    """The lines, each with how it looks on a terminal."""
    columns, dropped = _fitted(board, width)
    head, rule, *rows = _lines(columns)
    lines = [(line, "bold") for line in _wrapped([_title(board)], width)]
    lines += [("", ""), (head, "bold"), (rule, "dim")]
    for line, row in zip(rows, board.configurations, strict=True):
        lines.append((line, STYLES[row.standing]))
    lines.append(("", ""))
    lines += [(line, "") for line in _wrapped(_remarks(board, dropped), width)]
    lines += [(line, "yellow") for line in _failed(board, width)]
    return [(line.rstrip(), style) for line, style in lines]


def _title(board: Leaderboard) -> str:
    better = "lower" if is_loss(board.sort) else "higher"
    runs = sum(row.planned for row in board.configurations)
    return (
        f"{plural(len(board.configurations), 'configuration')}, "
        f"{plural(runs, 'run')}, by mean {score_title(board.sort)} ({better} is better)"
    )


def _columns(board: Leaderboard, widest: int) -> list[PrintedColumn]:
    """All columns, from left to right."""
    rows, names = board.configurations, short_names(board.varied)
    columns = [
        PrintedColumn("#", [f"{row.rank} {row.mark}".rstrip() for row in rows], 9, left=True)
    ]
    for place, key in enumerate(board.varied):
        shown = short_settings([row.values[key] for row in rows if key in row.values])
        cells = [next(shown) if key in row.values else "" for row in rows]
        columns.append(
            PrintedColumn(
                shorten(names[key], max(widest, 10)),
                cut_apart(cells, widest),
                9 if place == 0 else 8,
                left=True,
            )
        )
    columns.append(PrintedColumn("runs", [f"{len(row.records)}/{row.planned}" for row in rows], 6))
    if board.halved:
        cells = [str(row.stopped_after or "") for row in rows]
        columns.append(PrintedColumn("stopped after", cells, 6))
    columns += _validation(board, board.sort, (9, 7, 2))
    for other, weights in (("val_loss", (3, 1, 0)), ("val_accuracy", (5, 2, 0))):
        if other != board.sort:
            columns += _validation(board, other, weights)
    if board.paired:
        against = [row.against_leader for row in rows]
        columns.append(PrintedColumn("p", [_p(a.p_holm) if a else "" for a in against], 2))
        columns.append(PrintedColumn(board.unit, [_needed(a) for a in against], 5))
    for score in board.tests:
        if score in board.winner_test:
            cells = [number(row.scores[score].mean) for row in rows]
            columns.append(PrintedColumn(_heading(score), cells, 2 if score == "test_loss" else 4))
    return columns


def _heading(score: str) -> str:
    """`val_balanced_accuracy` -> `val bal. acc.`"""
    title = score.replace("_", " ").replace("balanced accuracy", "bal. acc.")
    return title.replace("accuracy", "acc.")


def _validation(board: Leaderboard, score: str, keep: tuple[int, int, int]) -> list[PrintedColumn]:
    scores = [row.scores[score] for row in board.configurations]
    columns = [PrintedColumn(_heading(score), [number(s.mean) for s in scores], keep[0])]
    if any(s.low == s.low for s in scores):
        columns.append(PrintedColumn("± 95 %", [number(s.high - s.mean) for s in scores], keep[1]))
        columns.append(PrintedColumn("sd", [number(s.sd) for s in scores], keep[2]))
    return columns


def _fitted(board: Leaderboard, width: int | None) -> tuple[list[PrintedColumn], list[str]]:
    """The columns that fit, and the varied keys that do not.

    Columns of less weight go first, then settings are cut short, then settings go from the right.
    """
    columns = _columns(board, WIDEST)
    if width is None:
        return columns, []
    for keep in range(8):
        for narrow in (WIDEST, 12) if keep else (WIDEST,):
            columns = [c for c in _columns(board, narrow) if c.keep >= keep]
            if _total(columns) <= width:
                return columns, []
    columns = [c for c in _columns(board, NARROWEST) if c.keep >= 8]
    places = [i for i, c in enumerate(columns) if c.left and c.title != "#"]
    dropped: list[str] = []
    while _total(columns) > width and len(places) > 1:
        del columns[places.pop()]
        dropped.insert(0, board.varied[len(places)])
    if _total(columns) > width:
        columns = [c for c in columns if c.keep >= 9]
    return columns, dropped


def _total(columns: list[PrintedColumn]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _lines(columns: list[PrintedColumn]) -> list[str]:
    def line(cells: list[str]) -> str:
        pairs = zip(columns, cells, strict=True)
        return (" " * GAP).join(
            cell.ljust(c.width) if c.left else cell.rjust(c.width) for c, cell in pairs
        )

    count = len(columns[0].cells)
    return [
        line([c.title for c in columns]),
        "─" * _total(columns),
        *(line([c.cells[row] for c in columns]) for row in range(count)),
    ]


def _remarks(board: Leaderboard, dropped: list[str]) -> list[str]:
    remarks = []
    standings = [row.standing for row in board.configurations]
    unit, test = board.unit, board.test
    compared = " that it was compared with" if "unknown" in standings else ""
    if "same" in standings and board.paired:
        others = " of those compared" if compared else ""
        remarks.append(
            f"{SAME} ({test}): the best{others} is among the first and "
            f"these. `{unit}`: how many would tell, with 80 % power, if the difference is as seen; "
            "? for unknown or none"
        )
    elif "same" in standings:
        remarks.append(SAME)
    elif "apart" in standings:
        so_far = " so far" if board.incomplete else ""
        remarks.append(f"the first is better than every other{compared}{so_far} ({test})")
    if dropped:
        remarks.append(f"not shown for lack of room: {', '.join(dropped)} (--by KEY... picks)")
    return [*remarks, *board.notes]


def _failed(board: Leaderboard, width: int | None) -> list[str]:
    """The runs left out; those of one configuration that ended alike share a line."""
    if not board.failed:
        return []
    alike = ended_alike(board)
    lines = ["", f"{plural(len(board.failed), 'run')} in no mean:"]
    for own in alike[:MOST_FAILED]:
        names = own.names
        if len(own.records) > MOST_NAMES:  # which would leave no room for how they ended
            first = own.records[0].name
            names = f"{one_line(first)} ... ({plural(len(own.records), 'run')})"
        head = f"  {names}  {f'{own.settings}  ' if own.settings else ''}{own.status}"
        if width is None or len(head) + 2 + len(own.reason) <= width:
            lines.append(f"{head}  {own.reason}")
        else:
            lines.append(shorten(head, width))
            lines += _wrapped([own.reason], width, "      ") if own.reason else []
    rest = sum(len(own.records) for own in alike[MOST_FAILED:])
    return [*lines, f"  and {plural(rest, 'more run')}"] if rest else lines


def _wrapped(notes: list[str], width: int | None, margin: str = "") -> list[str]:
    if width is None:
        return notes
    # a word may be a command or a path: never cut
    return [
        line
        for note in notes
        for line in textwrap.wrap(
            note,
            width,
            initial_indent=margin,
            subsequent_indent=margin or "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]


def _needed(against: Comparison | None) -> str:
    if against is None or against.distinguishable or not against.pairs:
        return ""
    return "?" if against.pairs_needed is None else str(against.pairs_needed)


def _p(value: float) -> str:
    if value != value:
        return "-"
    return f"{value:.3f}" if value >= 0.001 else "<.001"
