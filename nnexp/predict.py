"""Predictions of a finished run's model, for a table or a DataFrame.

Loading a run folder runs no code from it: configuration, preprocessing and weights are plain
data, and a model class of the user's own is imported only where the folder is trusted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from nnexp import assemble, calls
from nnexp.arguments import Arguments
from nnexp.config import saved as saved_config
from nnexp.config.saved import read_config
from nnexp.data import Preprocessor
from nnexp.data import saved as saved_preprocessing
from nnexp.data.content import BINARY_ENDINGS
from nnexp.data.delimited import numbered
from nnexp.data.files import SPREADSHEETS
from nnexp.data.names import counted
from nnexp.errors import UserError
from nnexp.files import open_tensors
from nnexp.model.weights import FILE as WEIGHTS_FILE
from nnexp.model.weights import from_tensors
from nnexp.track.history import HistoryFrame, read_history
from nnexp.track.manifest import check_files, read_manifest
from nnexp.track.status import read_status
from nnexp.train.evaluate import chunks

LARGEST_ABOUT = 1 << 20  # characters of JSON about the weights
LARGEST = 3e38  # of a raw label, which float32 can hold
LIMITS = {  # what loading reads, and the most bytes of it
    saved_config.FILE: saved_config.LARGEST,
    saved_preprocessing.STATE_FILE: saved_preprocessing.LARGEST_STATE,
    saved_preprocessing.ARRAYS_FILE: saved_preprocessing.LARGEST_ARRAYS,
    WEIGHTS_FILE: 4 << 30,
}


class Model:
    """A trained model with its preprocessing, as a run folder holds them.

    Arguments:
        folder: the run folder.
        trust: import a model class of the user's own, which runs its code.

    Attributes:
        classes: the labels in the order of the columns of probabilities, as the table had them.
        columns: names of the columns that a table must have.

    Raises:
        UserError: this is no run folder, it is damaged, or it needs to be trusted.
    """

    def __init__(self, folder: str | Path, trust: bool = False) -> None:
        self.folder = Path(folder)
        check_files(self.folder, LIMITS)
        self.config = read_config(folder, trust)
        self.preprocessor = Preprocessor.load(folder)
        self.columns: list[str] = list(self.preprocessor.columns)
        plan = assemble.plan(self.config)
        self._dtype = plan.compute or plan.dtype
        path = self.folder / WEIGHTS_FILE
        try:
            with open_tensors(path, LIMITS[WEIGHTS_FILE]) as tensors:
                self._bind(path, tensors)
        except OSError as error:
            raise _damaged(path, f"cannot be read: {error}") from error

    def _bind(self, path: Path, tensors: Any) -> None:
        """Build the model that the configuration describes and give it its weights."""
        config = self.config
        inputs, self.classes = _read_about(path, tensors, config.data.labels == "raw")
        if inputs != len(self.preprocessor.features):
            raise _damaged(path, "does not fit the preprocessing")
        try:
            coded = assemble.coding(config, self.classes)
        except UserError as error:
            raise _damaged(path, f"does not fit the configuration: {error.wrong}") from error
        self._decision = assemble.decision(config, coded)
        self._loss = assemble.loss(config, coded, None, torch.zeros(()))
        model = assemble.model(config, inputs, self.preprocessor.levels, coded.outputs)
        theta, buffers = from_tensors(model, tensors)
        self._stack = model.bind(theta, buffers, dtype=self._dtype)

    @property
    def history(self) -> HistoryFrame:
        """The run's history.csv as a DataFrame; `history.plot()` draws the learning curves."""
        return read_history(self.folder)

    def predict_proba(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Probabilities (rows, classes), columns in the order of `classes`, each row summing to 1.

        A row's result does not depend on the other rows. Rows that the run's `data.missing=drop`
        leaves out, and those whose missing cells reach the model with `none`, are NaN.

        Arguments:
            frame: a table with the columns `columns`; further ones are ignored.

        Raises:
            UserError: a column is missing or holds text where the run had numbers.
        """
        return self._apply(frame)[0]

    def predict(self, frame: pd.DataFrame) -> NDArray[Any]:
        """The predicted class (rows,) of each row, a label as the table had them.

        Rows without probabilities are None. Arguments and errors as for `predict_proba`.
        """
        _, chosen = self._apply(frame)
        labels = np.array(self.classes)
        if (chosen >= 0).all() and labels.dtype.kind != "U":
            return labels[chosen]
        boxed = np.array([*self.classes, None], dtype=object)
        return boxed[chosen]

    def notes(self, frame: pd.DataFrame) -> list[str]:
        """What prediction does to a table besides the ordinary, one line each.

        Further columns that are ignored, cells read as missing, new categories, rows left out;
        `nnexp predict` prints them. Arguments and errors as for `predict_proba`.
        """
        return self.preprocessor.notes(frame)

    @torch.no_grad()
    def _apply(self, frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Probabilities (rows, classes) and class indices (rows,), NaN and -1 for rows left out."""
        if not isinstance(frame, pd.DataFrame):
            raise UserError(
                f"a table is expected, not {type(frame).__name__}",
                f"a pandas DataFrame with the columns {', '.join(self.columns[:5])}, ...",
                "pandas.DataFrame(values, columns=model.columns)",
            )
        inputs = self.preprocessor.transform(frame)
        shares = np.full((len(frame), len(self.classes)), np.nan)
        chosen = np.full(len(frame), -1, dtype=np.int64)
        if len(inputs.rows):
            x = torch.from_numpy(inputs.x).to(self._dtype)
            codes = None if inputs.codes is None else torch.from_numpy(inputs.codes)
            rows = torch.arange(len(x))
            for place, chunk in chunks(self._stack, x, codes, rows, 1):
                outputs = self._loss.activate(chunk)
                real, where = slice(place.stop - place.start), inputs.rows[place]
                shares[where] = self._decision.probabilities(outputs.double())[0, real].numpy()
                chosen[where] = self._decision.classes(outputs)[0, real].numpy()
        return shares, chosen


def load(folder: Any, trust: bool = False) -> Model:
    """The model of a finished run; see `Model`."""
    return Model(calls.folder(folder, "nnexp.load"), trust)


def main(words: Sequence[str]) -> int:
    """`nnexp predict WORDS`; returns the exit status."""
    parser = Arguments(
        "nnexp predict",
        "RUN TABLE [-o FILE] [--trust]",
        "Predict a table with a run's model.",
    )
    parser.add("run", type=Path, metavar="RUN", help="a run folder")
    parser.add("table", type=Path, metavar="TABLE", help="a table with the same columns")
    parser.add("-o", "--out", type=Path, metavar="FILE", help="where predictions go")
    parser.add("--trust", action="store_true", help="allow a model class of your own to be run")
    options = parser.parse_args(words)
    return predict_file(options.run, options.table, options.out, options.trust)


def _in_place(
    model: Model, table: Path, frame: pd.DataFrame, separator: str | None
) -> pd.DataFrame:
    """The rows of a file without a header, its columns those of the run's own file by their place.

    Arguments:
        frame: the file as it is; with all columns, or all but the target's.

    Raises:
        UserError: it has another number of columns.
    """
    known = read_manifest(model.folder)["data"]
    target = str(model.config.data.target)
    others = list(known["columns"]) if isinstance(known, dict) and "columns" in known else []
    names = numbered(len(others) + 1)
    if len(frame.columns) == len(names):
        return frame
    if len(frame.columns) == len(others) and target in names:
        names.remove(target)
        return model.preprocessor.read(table, separator, names)
    raise UserError(
        f"{table.name!r} has {len(frame.columns)} columns, and no header to find them by",
        f"the {len(names)} columns of the train table in their order, or all but {target!r}",
        "a table with these columns",
    )


def predict_file(run: Path, table: Path, out: Path | None = None, trust: bool = False) -> int:
    """Predict a table file: `nnexp predict RUN TABLE [-o FILE]`.

    Writes a CSV with a row for each of the table's, in its order: `prediction`, and
    `probability_<class>` for each class.

    Arguments:
        run: the run folder.
        table: a file of the formats that training reads.
        out: where to write; None for standard output.
        trust: see `Model`.

    Returns:
        0.
    """
    if out is not None and out.exists() and table.exists() and out.samefile(table):
        raise UserError(
            f"{str(out)!r} is the table itself, and would be overwritten",
            "another file for the predictions",
            f"nnexp predict {quote(str(run))} {quote(str(table))} -o predictions.csv",
        )
    if out is not None and out.suffix.lower() in (*BINARY_ENDINGS, *SPREADSHEETS):
        raise UserError(
            f"{out.name!r} would not be what its ending says: predictions are written as CSV",
            "a name that ends in .csv",
            f"-o {quote(str(out.with_suffix('.csv')))}",
        )
    model = load(run, trust)
    separator = getattr(model.config.data, "separator", None)
    header = getattr(model.config.data, "header", True)
    command = f"nnexp predict {quote(str(run))}"
    try:
        frame = model.preprocessor.read(table, separator, header)
        if not header:
            frame = _in_place(model, table, frame, separator)
        for line in model.preprocessor.notes(frame):
            print(line, file=sys.stderr)
        shares, chosen = model._apply(frame)
        for line in _remarks(model, chosen):
            print(line, file=sys.stderr)
    except UserError as error:
        remedy = error.remedy.replace("nnexp predict RUN", command)
        if remedy.startswith("a table "):
            remedy = f"{command} TABLE"
        raise UserError(error.wrong, error.allowed, remedy) from error
    labels = np.array([*model.classes, ""], dtype=object)
    columns = {"prediction": labels[chosen]}
    for index, label in enumerate(model.classes):
        columns[f"probability_{label}"] = shares[:, index]
    predictions = pd.DataFrame(columns)
    if out is None:
        predictions.to_csv(sys.stdout, index=False)
        return 0
    try:
        predictions.to_csv(out, index=False)
    except OSError as error:
        raise UserError(
            f"{str(out)!r} cannot be written: {error.strerror or error}",
            "a file in a folder that exists and is yours to write",
            f"{command} {quote(str(table))} -o predictions.csv",
        ) from error
    print(f"{counted(len(predictions), 'row')} predicted: {out}")
    return 0


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


def _read_about(path: Path, tensors: Any, raw: bool) -> tuple[int, list[Any]]:
    """Inputs and classes that a weights file is for.

    Arguments:
        path: the file, for messages.
        tensors: what is open.
        raw: the classes are the numbers that the loss saw.
    """
    text = (tensors.metadata() or {}).get("nnexp", "")
    if len(text) > LARGEST_ABOUT:
        raise _damaged(path, "has too long a description")
    try:
        about = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"has no description: {error}") from error
    classes = about.get("classes") if isinstance(about, dict) else None
    inputs = about.get("inputs") if isinstance(about, dict) else None
    if type(inputs) is not int or not isinstance(classes, list) or not _are_classes(classes, raw):
        raise _damaged(path, "does not say which classes it has")
    return inputs, classes


def _are_classes(labels: list[Any], raw: bool) -> bool:
    """Whether they are two labels or more, distinct and of one kind; bounded numbers if `raw`."""
    kinds = {type(label) for label in labels}
    if len(kinds) != 1 or not kinds <= ({bool, int, float} if raw else {bool, int, float, str}):
        return False
    if raw or kinds == {float}:
        largest = LARGEST if raw else sys.float_info.max
        if not all(abs(label) <= largest for label in labels):  # as is no NaN
            return False
    return len(set(labels)) == len(labels) > 1


def _damaged(path: Path, what: str) -> UserError:
    return UserError(
        f"{str(path)!r} {what}",
        "the file that nnexp wrote, unchanged",
        "ls outputs",
    )
