"""What a run says on the screen: notes on the data before it, its scores after it."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from nnexp.lines import encodable, one_line, visible_lines
from nnexp.near import near
from nnexp.track.progress import is_terminal

# metrics.json's key -> the column's title
SCORES = {
    "loss": "loss",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
}
PARTS = {"val": "validation", "test": "test"}
OWN_NAME = re.compile(r"\d\d-\d\d-\d\d-\d+-[0-9a-f]{4}|\d+")  # of a run, or of a sweep's member


def format_summary(
    metrics: Mapping[str, Any],
    folder: str | Path,
    *,
    epochs: int | None = None,
    tensorboard: bool = True,
) -> str:
    """Put a run's scores into a few lines of aligned text.

    Arguments:
        metrics: the content of metrics.json: `best_epoch`, and `val` and `test` each None or
            the scores, their `<score>_stderr` and the number of rows `n`.
        folder: the run folder.
        epochs: the last epoch trained; None to leave it out.
        tensorboard: whether there are events to open.

    Returns:
        Lines that end in a line break.
    """
    lines = [_title(metrics, epochs)]
    rows = _rows(metrics)
    if len(rows) > 1:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            first, *rest = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append("  ".join([first, *rest]).rstrip())
    lines += [f"{name}: {value}" for name, value in _places(folder, tensorboard)]
    return "\n".join(lines) + "\n"


def print_summary(
    metrics: Mapping[str, Any],
    folder: str | Path,
    *,
    epochs: int | None = None,
    tensorboard: bool = True,
    stream: TextIO | None = None,
) -> None:
    """Print a run's scores: a table on a terminal, aligned text elsewhere.

    Arguments:
        metrics: as in `format_summary`.
        folder: the run folder.
        epochs: the last epoch trained; None to leave it out.
        tensorboard: whether there are events to open.
        stream: where to; None for standard output.
    """
    stream = sys.stdout if stream is None else stream
    if not is_terminal(stream):
        text = format_summary(metrics, folder, epochs=epochs, tensorboard=tensorboard)
        _write(text, stream)
        return

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    console.print(Text(_title(metrics, epochs), "bold"))
    rows = _rows(metrics)
    if len(rows) > 1:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for title in rows[0]:
            table.add_column(title)
        for row in rows[1:]:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
    for name, value in _places(folder, tensorboard):
        # soft_wrap: a path or a command that is copied must not hold rich's line breaks
        console.print(Text.assemble((f"{name}: ", "dim"), value), soft_wrap=True)


def print_messages(
    messages: Sequence[str], warnings: Sequence[str] = (), stream: TextIO | None = None
) -> None:
    """Print notes and warnings before training, a line each.

    Arguments:
        messages: what was done to the data.
        warnings: what the user should look at; each begins with "warning:".
        stream: where to; None for standard error.
    """
    stream = sys.stderr if stream is None else stream
    lines = [one_line(text) for text in messages]
    lines += [f"warning: {one_line(text)}" for text in warnings]
    if not lines:
        return
    if not is_terminal(stream):
        _write("".join(f"{line}\n" for line in lines), stream)
        return

    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    for line in lines:
        console.print(Text(line, "yellow" if line.startswith("warning: ") else ""), soft_wrap=True)


def print_text(text: str, stream: TextIO | None = None) -> None:
    """Print lines as they are but for what steers a terminal, on standard output by default."""
    _write(visible_lines(text), sys.stdout if stream is None else stream)


def tensorboard_command(folder: str | Path) -> str:
    """Give the command that opens TensorBoard on a run and its neighbours.

    The neighbours are the runs of the same day, or the members of the same sweep: TensorBoard
    grows slow over hundreds of runs. A folder that the user has named is opened alone.

    Arguments:
        folder: the run folder.
    """
    path = Path(folder)
    logdir = path.parent if OWN_NAME.fullmatch(path.name) else path
    words = ["tensorboard", "--logdir", str(near(logdir.absolute()))]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _title(metrics: Mapping[str, Any], epochs: int | None) -> str:
    best = metrics.get("best_epoch")
    if best is None:
        return "no epoch was scored" if epochs is None else f"{epochs} epochs, none scored"
    kept = "kept the last epoch," if metrics.get("kept") == "last" else "best epoch"
    return f"{kept} {best}" + (f" of {epochs}" if epochs is not None else "")


def _rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """The table, a title row first; a score that no part has gets no row."""
    parts = {name: metrics[name] for name in PARTS if metrics.get(name)}
    rows = [["", *(_part_title(name, part.get("n")) for name, part in parts.items())]]
    for score, title in SCORES.items():
        if any(part.get(score) is not None for part in parts.values()):
            cells = [
                _score(part.get(score), part.get(f"{score}_stderr")) for part in parts.values()
            ]
            rows.append([title, *cells])
    return rows


def _part_title(name: str, rows: int | None) -> str:
    return PARTS[name] if rows is None else f"{PARTS[name]} ({rows} rows)"


def _score(value: Any, stderr: Any) -> str:
    if value is None:
        return "-"
    shown = f"{float(value):.4f}" if abs(float(value)) < 1000 else f"{float(value):.4g}"
    return shown if stderr is None else f"{shown} ± {float(stderr):.4f}"


def _places(folder: str | Path, tensorboard: bool) -> list[tuple[str, str]]:
    places = [("run folder", str(near(Path(folder).absolute())))]
    return [*places, ("TensorBoard", tensorboard_command(folder))] if tensorboard else places


def _write(text: str, stream: TextIO) -> None:
    with contextlib.suppress(BrokenPipeError):  # `| head`: nobody reads, the run goes on
        stream.write(encodable(text, stream))
        stream.flush()
