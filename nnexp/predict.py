"""`nnexp predict`: a table file in, a CSV of predictions out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nnexp.arguments import Arguments
from nnexp.data.content import BINARY_ENDINGS
from nnexp.data.dialect import Dialect
from nnexp.data.files import SPREADSHEETS
from nnexp.data.header import numbered_names
from nnexp.data.names import counted
from nnexp.errors import UserError
from nnexp.lines import one_line
from nnexp.saved_model import Model, load
from nnexp.track.manifest import read_manifest
from nnexp.track.status import read_status


def main(words: Sequence[str]) -> int:
    """`nnexp predict WORDS`; returns the exit status."""
    parser = Arguments(
        "nnexp predict",
        "RUN TABLE [-o FILE] [--separator MARK] [--trust]",
        "Predict a table with a run's model.",
    )
    parser.add("run", type=Path, metavar="RUN", help="a run folder")
    parser.add("table", type=Path, metavar="TABLE", help="a table with the same columns")
    parser.add("-o", "--out", type=Path, metavar="FILE", help="where predictions go")
    parser.add("--separator", metavar="MARK", help="between cells, where it is not the run's")
    parser.add("--trust", action="store_true", help="allow a model class of your own to be run")
    options = parser.parse_args(words)
    return predict_file(options.run, options.table, options.out, options.trust, options.separator)


def _in_place(model: Model, table: Path, frame: pd.DataFrame, dialect: Dialect) -> pd.DataFrame:
    """The rows of a file without a header, its columns those of the run's own file by their place.

    Arguments:
        frame: the file as it is; with all columns, or all but the target's.
        dialect: as it was read.

    Raises:
        UserError: it has another number of columns.
    """
    known = read_manifest(model.folder).get("data")
    columns = known.get("columns") if isinstance(known, dict) else None
    target = str(model.config.data.target)
    others = list(columns) if isinstance(columns, dict) else []
    names = numbered_names(len(others) + 1)
    if len(frame.columns) == len(names):
        return frame
    if len(frame.columns) == len(others) and target in names:
        names.remove(target)
        return model.preprocessor.read(table, replace(dialect, header=names))
    raise UserError(
        f"{table.name!r} has {len(frame.columns)} columns, and no header to find them by",
        f"the {len(names)} columns of the train table in their order, or all but {target!r}",
        "a table with these columns",
    )


def predict_file(
    run: Path,
    table: Path,
    out: Path | None = None,
    trust: bool = False,
    separator: str | None = None,
) -> int:
    """Predict a table file: `nnexp predict RUN TABLE [-o FILE]`.

    Writes a CSV with a row for each of the table's, in its order: `prediction`, and
    `probability_<class>` for each class.

    Arguments:
        run: the run folder.
        table: a file of the formats that training reads.
        out: where to write; None for standard output.
        trust: see `Model`.
        separator: between the cells of a CSV; None for that of the run.

    Returns:
        0.
    """
    command = f"nnexp predict {quote(str(run))}"
    if out is not None:
        _check_out(out, table, command)
    model = load(run, trust)
    if separator is None:
        separator = getattr(model.config.data, "separator", None)
    dialect = Dialect(separator, getattr(model.config.data, "header", True))
    try:
        frame = model.preprocessor.read(table, dialect)
        if not dialect.header:
            frame = _in_place(model, table, frame, dialect)
        for line in model.preprocessor.notes(frame):
            print(one_line(line), file=sys.stderr)
        shares, chosen = model.apply(frame)
        for line in _remarks(model, chosen):
            print(one_line(line), file=sys.stderr)
    except UserError as error:
        remedy = error.remedy.replace("nnexp predict RUN TABLE", f"{command} {quote(str(table))}")
        remedy = remedy.replace("nnexp predict RUN", command)
        if remedy.startswith("a table "):
            remedy = f"{command} TABLE"
        raise UserError(error.wrong, error.allowed, remedy) from error
    _write(_predictions(model, shares, chosen), out, f"{command} {quote(str(table))}")
    return 0


def _check_out(out: Path, table: Path, command: str) -> None:
    """Refuse to write over the table, or what no CSV is called."""
    if out.exists() and table.exists() and out.samefile(table):
        raise UserError(
            f"{str(out)!r} is the table itself, and would be overwritten",
            "another file for the predictions",
            f"{command} {quote(str(table))} -o predictions.csv",
        )
    if out.suffix.lower() in (*BINARY_ENDINGS, *SPREADSHEETS):
        raise UserError(
            f"{out.name!r} would not be what its ending says: predictions are written as CSV",
            "a name that ends in .csv",
            f"-o {quote(str(out.with_suffix('.csv')))}",
        )


def _predictions(
    model: Model, shares: NDArray[np.floating], chosen: NDArray[np.int64]
) -> pd.DataFrame:
    """The table of predictions: the class of each row (n,), and the probabilities (n, C)."""
    labels = np.array([*model.classes, ""], dtype=object)
    columns = {"prediction": labels[chosen]}
    for index, label in enumerate(model.classes):
        columns[f"probability_{label}"] = shares[:, index]
    return pd.DataFrame(columns)


def _write(predictions: pd.DataFrame, out: Path | None, command: str) -> None:
    """Write predictions as CSV, to standard output where there is no file."""
    if out is None:
        predictions.to_csv(sys.stdout, index=False)
        return
    try:
        predictions.to_csv(out, index=False)
    except OSError as error:
        raise UserError(
            f"{str(out)!r} cannot be written: {error.strerror or error}",
            "a file in a folder that exists and is yours to write",
            f"{command} -o predictions.csv",
        ) from error
    print(f"{counted(len(predictions), 'row')} predicted: {out}")


def _remarks(model: Model, chosen: NDArray[np.int64]) -> list[str]:
    """What to know of the predictions besides what the preprocessing notes."""
    status = read_status(model.folder)
    lines = []
    if status["status"] != "done":
        lines.append(f"the run ended as {status['status']}: {status['reason']}")
    missing = int((chosen < 0).sum())
    if missing and model.preprocessor.missing != "drop":
        lines.append(f"{counted(missing, 'row')} without a prediction: NaN came out of the model")
    return lines
