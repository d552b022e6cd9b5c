"""A range test on the screen: a row for each rate, what to know, and what to type next."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from nnexp.near import near
from nnexp.sweep.rate_choice import judged, stable
from nnexp.track.progress import is_terminal

if TYPE_CHECKING:
    from nnexp.sweep.lr_find import RateTest

STYLES = {
    "suggested": "bold green",
    "diverged": "dim",
    "worse": "dim",
    "unstable": "dim",
}  # by the first remark


def print_rates(result: RateTest, stream: TextIO | None = None) -> None:
    """Print a range test: a table on a terminal, aligned text elsewhere.

    Arguments:
        result: the test.
        stream: where to; None for standard output.
    """
    stream = sys.stdout if stream is None else stream
    rows = table_rows(result)
    if is_terminal(stream):
        _draw(result, rows, stream)
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_title(result)]
    for row in rows:
        *numbers, remark = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join([*numbers, remark.strip()]).rstrip())
    lines += [*result.notes, *(f"{name}: {text}" for name, text in _places(result))]
    print("\n".join(lines), file=stream)


def table_rows(result: RateTest) -> list[list[str]]:
    """The table, a title row first: the rate, its losses, remarks; see `RateTest.frame`."""
    frame = result.frame
    validated = "val_loss" in frame
    column = "val_loss" if validated else "train_loss"
    least = frame[column].min()
    valid = frame["val_loss"].to_numpy() if validated else None
    told = judged(frame["train_loss"].to_numpy(), valid, result.untrained)
    calm = stable(told, result.untrained)
    unstable = calm.any() & (frame["rate"] > frame["rate"][calm].max()).to_numpy()
    configured = _nearest(list(frame["rate"]), result.configured)
    rows = [["rate", "train loss", *(["val loss", "std error"] if validated else []), ""]]
    for row, broken in zip(frame.to_dict("records"), unstable, strict=True):
        remarks = []
        if row["rate"] == result.suggestion:
            remarks.append("suggested")
        if row["diverged"]:
            of = f" {row['diverged']} of {result.seeds}" if row["diverged"] < result.seeds else ""
            remarks.append(f"diverged{of}")
        elif row[column] > result.untrained:
            remarks.append("worse than untrained")
        elif broken:
            remarks.append("unstable")
        if row[column] == least:
            remarks.append("least loss")
        if row["rate"] == configured:
            about = "" if configured == result.configured else f": {result.configured:g}"
            remarks.append(f"configured{about}")
        names = ("train_loss", "val_loss", "val_stderr") if validated else ("train_loss",)
        cells = [_loss(float(row[name])) for name in names]
        rows.append([f"{row['rate']:g}", *cells, ", ".join(remarks)])
    return rows


def _draw(result: RateTest, rows: Sequence[Sequence[str]], stream: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    console.print(Text(_title(result), "bold"), soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for title in rows[0][:-1]:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column(rows[0][-1])
    for row in rows[1:]:
        style = STYLES.get(row[-1].partition(" ")[0].rstrip(","), "")
        table.add_row(*(Text(cell) for cell in row), style=style)
    console.print(table)
    for note in result.notes:
        console.print(Text(note, "yellow"), soft_wrap=True)
    for name, text in _places(result):
        # soft_wrap: a path or a command that is copied must not hold rich's line breaks
        console.print(Text.assemble((f"{name}: ", "dim"), text), soft_wrap=True)


def _title(result: RateTest) -> str:
    seeds = f"{result.seeds} seed" + ("s" if result.seeds > 1 else "")
    return (
        f"{len(result.frame)} rates with {seeds} each, {result.steps} steps; "
        f"loss before training {_loss(result.untrained)}"
    )


def _places(result: RateTest) -> list[tuple[str, str]]:
    places = [] if result.suggestion is None else [("train with", result.command)]
    return (
        places
        if result.folder is None
        else [*places, ("files", str(near(result.folder.absolute())))]
    )


def _nearest(rates: Sequence[float], rate: float) -> float | None:
    """The tested rate nearest to another one; None where that is out of their range."""
    if not rates[0] <= rate <= rates[-1]:
        return None
    return min(rates, key=lambda tested: max(tested / rate, rate / tested))


def _loss(value: float) -> str:
    if value != value:
        return "-"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.3g}"
