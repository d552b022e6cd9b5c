"""history.csv: a row an epoch, kept by a killed run, byte-equal between equal runs."""

from __future__ import annotations

import contextlib
import csv
import io
import numbers
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nnexp.errors import UserError
from nnexp.files import read_regular, write_bytes
from nnexp.track.folder import append

FILE = "history.csv"
SIGNALS_FILE = "signals.csv"
LARGEST = 1 << 28  # bytes, of a million epochs
MOST_CELLS = 10_000_000  # and as many cells, which take more memory than their bytes
LAST = 1 << 31  # epoch that may be told of
COLUMNS = (
    "epoch",
    "train_loss",
    "train_penalty",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "lr",
)


class History:
    """The rows of history.csv, written as they come.

    Arguments:
        folder: the run folder.
        keep: None for a new run; to resume one, the last epoch whose row stays (0 for none):
            rows after it are taken away, so that the resumed file equals an uninterrupted one.
        file, columns: of another table of the same kind, its name and first columns.

    Raises:
        FileExistsError: a history is there and `keep` is None.
        UserError: `keep` is given and what is there is no history.
    """

    def __init__(
        self,
        folder: str | Path,
        keep: int | None = None,
        file: str = FILE,
        columns: Sequence[str] = COLUMNS,
    ) -> None:
        self.path = Path(folder) / file
        self._first = tuple(columns)
        self._columns: list[str] | None = None
        if not self.path.exists():
            return
        if keep is None:
            raise FileExistsError(f"{self.path} belongs to another run")
        rows = _parse(_whole_lines(self.path, self._first), self.path, self._first)
        if not rows:
            self.path.unlink()
            return
        self._columns = rows[0]
        kept = [row for row in rows[1:] if int(row[0]) <= keep]
        write_bytes(self.path, _lines([self._columns, *kept]))

    def append(self, row: Mapping[str, Any]) -> None:
        """Write the row of one epoch.

        Arguments:
            row: `epoch` and any of `COLUMNS`, then further columns; the first row settles
                which. None, and a column left out, give an empty cell. Numbers may be those of
                Python, numpy, or a torch scalar on the CPU; each is written in the shortest form
                that reads back exactly.

        Raises:
            ValueError: no epoch, or a column that the first row did not have.
        """
        if row.get("epoch") is None:
            raise ValueError(f"a row of the history needs its epoch. Received: {dict(row)}")
        lines = self._header(row)
        assert self._columns is not None
        append(self.path, _lines([*lines, [_cell(row.get(name)) for name in self._columns]]))

    def append_columns(
        self, columns: Mapping[str, Sequence[Any] | NDArray[np.float64] | None]
    ) -> None:
        """Write the rows of some epochs at once.

        Arguments:
            columns: by name a value for each row, as for `append`, or an array of them in which
                NaN is an empty cell; None for empty cells.

        Raises:
            ValueError: a column that the first row did not have.
        """
        lines = self._header(columns)
        assert self._columns is not None
        rows = columns["epoch"]
        empty = [""] * (0 if rows is None else len(rows))
        given = (columns.get(name) for name in self._columns)
        cells = [empty if values is None else _cells(values) for values in given]
        append(self.path, _lines([*lines, *zip(*cells, strict=True)]))

    def _header(self, names: Collection[str]) -> list[list[str]]:
        """The first line, if it is still to be written; names that it does not have are refused."""
        lines = []
        if self._columns is None:
            self._columns = [*self._first, *(name for name in names if name not in self._first)]
            lines.append(self._columns)
        if not set(self._columns).issuperset(names):
            unknown = [name for name in names if name not in self._columns]
            raise ValueError(f"columns are settled by the first row. Received also: {unknown}")
        return lines

    @property
    def columns(self) -> list[str] | None:
        """The columns that a row settles besides the first ones; None before there is one."""
        return None if self._columns is None else self._columns[len(self._first) :]

    def frame(self) -> HistoryFrame:
        """Read back what is written so far."""
        return read_history(self.path.parent)


class HistoryFrame(pd.DataFrame):
    """A history as a DataFrame, whose `plot()` draws the learning curves.

    `frame.plot()` draws loss and accuracy of train and validation rows; with arguments, and as
    `frame.plot.line(...)`, it is pandas' own.
    """

    @property
    def _constructor(self) -> Callable[..., HistoryFrame]:
        return HistoryFrame

    @property
    def plot(self) -> Any:
        """Learning curves when called without arguments, otherwise pandas' plot accessor."""
        from nnexp.track.plot import LearningCurves

        return LearningCurves(self)


def read_history(folder: str | Path) -> HistoryFrame:
    """Read a run's history.

    Arguments:
        folder: the run folder. A last line cut short by a kill is left out.

    Returns:
        A row an epoch; missing values are NaN.

    Raises:
        UserError: the folder has no history.
    """
    return _read(Path(folder), FILE, COLUMNS)


def read_signals(folder: str | Path) -> pd.DataFrame:
    """Read a run's signals.csv, as `read_history` does; the row of epoch 0 is before training."""
    return pd.DataFrame(_read(Path(folder), SIGNALS_FILE, ("epoch",)))


def read_columns(folder: Path) -> dict[str, NDArray[Any]]:
    """The columns of a run's history as `read_history` has them, without a frame around them."""
    return _columns(folder, FILE, COLUMNS)


def _read(folder: Path, file: str, first: Sequence[str]) -> HistoryFrame:
    return HistoryFrame(_columns(folder, file, first))


def _columns(folder: Path, file: str, first: Sequence[str]) -> dict[str, NDArray[Any]]:
    path = folder / file
    if not path.is_file():
        raise UserError(
            f"{str(folder)!r} has no {file}",
            "the folder of a run that has trained for an epoch",
            f"ls outputs/*/*/{file}",
        )
    rows = _parse(_whole_lines(path, first), path, first) or [list(first)]
    cells = zip(*rows[1:], strict=True) if len(rows) > 1 else ([] for _ in rows[0])
    found = dict(zip(rows[0], map(_column, cells), strict=True))
    numbers = first if file == FILE else rows[0]  # a user may have added columns to a history
    if any(found[name].dtype == object for name in numbers):
        raise _not_a_history(path, first)
    return found


def _whole_lines(path: Path, first: Sequence[str]) -> bytes:
    try:
        content = read_regular(path, LARGEST)  # it may be a stranger's
    except OSError as error:
        raise _not_a_history(path, first) from error
    return content[: content.rfind(b"\n") + 1]


def _parse(content: bytes, path: Path, first: Sequence[str]) -> list[list[str]]:
    try:
        if content.count(b",") + content.count(b"\n") > MOST_CELLS:
            raise ValueError("too many cells")
        rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))
        if rows and rows[0][: len(first)] != list(first):
            raise ValueError("another header")
        for row in rows[1:]:
            if not 0 <= int(row[0]) <= LAST:
                raise ValueError("no epoch")
            if len(row) != len(rows[0]):
                raise ValueError("a row of another length")
    except (ValueError, IndexError, csv.Error) as error:
        raise _not_a_history(path, first) from error
    return rows


def _column(cells: Iterable[str]) -> NDArray[Any]:
    """Numbers as Python reads them, which is exact; not every pandas' reader is."""
    cells = list(cells)
    with contextlib.suppress(ValueError, OverflowError):
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    with contextlib.suppress(ValueError):
        return np.array([float(cell or "nan") for cell in cells], dtype=np.float64)
    return np.array([cell or None for cell in cells], dtype=object)


def _not_a_history(path: Path, first: Sequence[str]) -> UserError:
    return UserError(
        f"{str(path)!r} is not a history",
        f"a CSV file that begins with {','.join(first)}",
        f"head -3 {quote(str(path))}",
    )


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def _cells(values: Sequence[Any] | NDArray[np.float64]) -> list[str]:
    if isinstance(values, np.ndarray):
        return ["" if value != value else repr(value) for value in values.tolist()]
    return list(map(_cell, values))


def _cell(value: Any) -> str:
    if type(value) is float:
        return repr(value)
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, numbers.Integral):
        return str(int(value))
    return repr(float(value))
