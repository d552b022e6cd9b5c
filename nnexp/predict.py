"""`nnexp predict`: a table file in, a CSV of predictions out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nnexp.arguments import Arguments
from nnexp.csv_out import check_name, write_csv
from nnexp.data.names import counted
from nnexp.errors import UserError
from nnexp.lines import one_line
from nnexp.saved_model import Model, load
from nnexp.track.status import read_status


def main(words: Sequence[str]) -> int:
    """`nnexp predict WORDS`; returns the exit status."""
    parser = Arguments(
        "nnexp predict",
        "RUN TABLE [-o FILE] [--separator MARK] [--trust]",
        "Predict a table with a run's model.",
        {"--delimiter": "--separator", "--output": "--out"},
    )
    parser.add("run", type=Path, metavar="RUN", help="a run folder")
    parser.add("table", type=Path, metavar="TABLE", help="a table with the same columns")
    parser.add("-o", "--out", type=Path, metavar="FILE", help="where predictions go")
    parser.add("--separator", metavar="MARK", help="between cells, where it is not the run's")
    parser.add("--trust", action="store_true", help="allow a model class of your own to be run")
    options = parser.parse_args(words)
    return predict_file(options.run, options.table, options.out, options.trust, options.separator)


def predict_file(
    run: Path,
    table: Path,
    out: Path | None = None,
    trust: bool = False,
    separator: str | None = None,
) -> int:
    """Predict a table file: `nnexp predict RUN TABLE [-o FILE]`.

    Writes a CSV with a row for each of the table's, in its order: `prediction`, and
    `probability_<class>` for each class; with tabs where the file's name ends in .tsv.

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
    try:
        frame = model.read_file(table, separator)
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
    predictions = _predictions(model, shares, chosen)
    write_csv(predictions, out, f"{command} {quote(str(table))}", "predictions")
    if out is not None:
        print(f"{counted(len(predictions), 'row')} predicted: {out}")
    return 0


def _check_out(out: Path, table: Path, command: str) -> None:
    """Refuse to write over the table, or what no CSV is called."""
    if out.exists() and table.exists() and out.samefile(table):
        raise UserError(
            f"{str(out)!r} is the table itself, and would be overwritten",
            "another file for the predictions",
            f"{command} {quote(str(table))} -o predictions.csv",
        )
    check_name(out, "predictions")


def _predictions(
    model: Model, shares: NDArray[np.floating], chosen: NDArray[np.int64]
) -> pd.DataFrame:
    """The table of predictions: the class of each row (n,), and the probabilities (n, C)."""
    labels = np.array([*model.classes, ""], dtype=object)
    columns = {"prediction": labels[chosen]}
    for index, label in enumerate(model.classes):
        columns[f"probability_{label}"] = shares[:, index]
    return pd.DataFrame(columns)


def _remarks(model: Model, chosen: NDArray[np.int64]) -> list[str]:
    """What to know of the predictions besides what the preprocessing notes."""
    status = read_status(model.folder)
    lines = []
    if status["status"] != "done":
        lines.append(f"the run ended as {status['status']}: {status['reason']}")
    return [*lines, *model.missed(chosen)]
