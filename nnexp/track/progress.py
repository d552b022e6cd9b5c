"""Progress of a run: a bar on a terminal, plain lines in a file or on a build server."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TextIO

from nnexp.scores import is_loss, sign

MODES = ("auto", "bar", "plain", "none")
REFRESH = 0.1  # seconds between two drawings of the bar
BAR = 6  # least width of the bar itself
LINES = 12  # about so many lines in all where lines are printed


class Progress(Protocol):
    """What the trainer's caller tells of each epoch."""

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Show an epoch that is over.

        Arguments:
            row: the row of the history; `epoch` and, where there are any, `train_loss`,
                `train_accuracy`, `val_loss`, `val_accuracy`.
        """

    def close(self) -> None:
        """Show the last epoch, if it is not shown yet, and end; a second call does nothing."""


def make_progress(
    mode: str,
    epochs: int,
    *,
    monitor: str = "val_loss",
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Progress:
    """Give the progress display of a mode.

    Arguments:
        mode: "bar"; "plain", which prints the first and the last epoch and about ten between, by
            their number, so that equal runs print equal epochs; "none"; or "auto", the bar on a
            terminal and plain lines elsewhere.
        epochs: the number of the last epoch.
        monitor: the column that tells the best epoch: the least loss or the highest accuracy.
        stream: where to; None for standard error, which leaves standard output to results.
        clock: seconds, for the time left.

    Raises:
        ValueError: another mode.
    """
    if mode not in MODES:
        raise ValueError(f"progress is one of {', '.join(MODES)}. Received: {mode!r}")
    stream = sys.stderr if stream is None else stream
    if mode == "auto":
        mode = "bar" if is_terminal(stream) and not os.environ.get("CI") else "plain"
    if mode == "none":
        return _NoProgress()
    run = _Course(epochs, monitor, clock)
    return _Bar(run, stream) if mode == "bar" else _Lines(run, stream)


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can draw.

    Arguments:
        stream: any text stream.
    """
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:  # closed
        return False


class _NoProgress:
    def epoch(self, row: Mapping[str, Any]) -> None:
        pass

    def close(self) -> None:
        pass


class _Course:
    """How far a run is, its best epoch so far, and the time left."""

    def __init__(self, epochs: int, monitor: str, clock: Callable[[], float]) -> None:
        self.epochs = epochs
        self.row: Mapping[str, Any] | None = None
        self.best: tuple[int, float] | None = None
        self._monitor = monitor
        self._sign = sign(monitor)
        self._clock = clock
        self._start = clock()
        self._before: int | None = None  # epochs that an earlier attempt has trained

    @property
    def now(self) -> float:
        return self._clock()

    def take(self, row: Mapping[str, Any]) -> None:
        self.row = row
        if self._before is None:
            self._before = int(row["epoch"]) - 1
        value = row.get(self._monitor)
        if value is None:
            return
        value = float(value)
        if self.best is None or self._sign * value < self._sign * self.best[1]:
            self.best = (int(row["epoch"]), value) if not math.isnan(value) else self.best

    @property
    def elapsed(self) -> float:
        return self._clock() - self._start

    @property
    def left(self) -> float | None:
        if self.row is None or self._before is None:
            return None
        epoch = int(self.row["epoch"])
        return self.elapsed / (epoch - self._before) * (self.epochs - epoch)

    def parts(self) -> list[str]:
        row = self.row or {}
        parts = []
        for name, prefix in (("train", "train"), ("val", "val")):
            loss, accuracy = row.get(f"{prefix}_loss"), row.get(f"{prefix}_accuracy")
            if loss is not None or accuracy is not None:
                parts.append(f"{name} {_loss(loss)} {_percent(accuracy)}".rstrip())
        if self.best is not None:
            epoch, value = self.best
            shown = _loss(value) if is_loss(self._monitor) else _percent(value)
            parts.append(f"best {shown} @{epoch}")
        return parts


class _Lines:
    def __init__(self, course: _Course, stream: TextIO) -> None:
        self._course = course
        self._stream = stream
        self._every = _round_step(course.epochs)
        self._shown: int | None = None
        self._first = True

    def epoch(self, row: Mapping[str, Any]) -> None:
        self._course.take(row)
        epoch = int(row["epoch"])
        if self._first or epoch % self._every == 0 or epoch == self._course.epochs:
            self._first = False
            self._print()

    def close(self) -> None:
        row = self._course.row
        if row is not None and int(row["epoch"]) != self._shown:
            self._print()

    def _print(self) -> None:
        course = self._course
        assert course.row is not None
        self._shown = int(course.row["epoch"])
        total = str(course.epochs)
        head = f"epoch {self._shown:>{len(total)}}/{total}"
        line = "  ".join([head, *course.parts(), f"{duration(course.elapsed)} elapsed"])
        with contextlib.suppress(BrokenPipeError):  # `| head`: nobody reads, the run goes on
            print(line, file=self._stream, flush=True)


class _Bar:
    """A line that rich draws, at most ten times a second and in the caller's thread."""

    def __init__(self, course: _Course, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichProgress
        from rich.table import Column

        self._course = course
        self._drawn = -math.inf
        self._closed = False
        self._head = 2 * len(str(course.epochs)) + 1
        self._rich = RichProgress(
            TextColumn(
                "{task.completed:.0f}/{task.total:.0f}",
                markup=False,
                table_column=Column(no_wrap=True, min_width=self._head),
            ),
            BarColumn(None, table_column=Column(ratio=1, min_width=BAR)),
            TextColumn("{task.description}", markup=False),
            console=Console(file=stream, force_terminal=True),
            auto_refresh=False,
            expand=True,
            # What is printed meanwhile goes above the bar, but a pipe stays a pipe.
            redirect_stdout=is_terminal(sys.stdout),
            redirect_stderr=is_terminal(sys.stderr),
        )
        self._task = self._rich.add_task("", total=course.epochs)
        self._rich.start()

    def epoch(self, row: Mapping[str, Any]) -> None:
        self._course.take(row)
        if self._course.now - self._drawn >= REFRESH:
            self._draw()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._draw(over=True)
        self._rich.stop()

    def _draw(self, over: bool = False) -> None:
        course = self._course
        parts = course.parts()
        if over:
            parts.append(duration(course.elapsed))
        elif course.left is not None:
            parts.append(f"{duration(course.left)} left")
        room = self._rich.console.width - self._head - BAR - 2
        for expendable in (-2, 0):  # a narrow terminal goes without best, then without train
            if len("  ".join(parts)) > room and len(parts) > 2:
                del parts[expendable]
        done = 0 if course.row is None else int(course.row["epoch"])
        self._rich.update(self._task, completed=done, description="  ".join(parts))
        self._rich.refresh()
        self._drawn = course.now


def _round_step(epochs: int) -> int:
    """The step of 1, 2, 5, 10, 20, 50, ... that gives ten lines to LINES and a few more."""
    step, factors = 1, (2, 2.5, 2)
    turn = 0
    while epochs / step > LINES + 8:
        step = round(step * factors[turn % 3])
        turn += 1
    return step


def _loss(value: Any) -> str:
    if value is None:
        return ""
    value = float(value)
    size = abs(value)
    return f"{value:.4f}" if size == 0 or 1e-3 <= size < 1e3 else f"{value:.3g}"


def _percent(value: Any) -> str:
    return "" if value is None else f"{float(value):.1%}"


def duration(seconds: float) -> str:
    """A length of time in seconds as people write it: 8.1s, 2m05s, 1h02m."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
