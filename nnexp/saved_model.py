"""A finished run's model, which predicts a DataFrame.

Loading a run folder runs no code from it: configuration, preprocessing and weights are plain
data, and a model class of the user's own is imported only where the folder is trusted.
"""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from nnexp import calls
from nnexp.config import bounds
from nnexp.config import saved as saved_config
from nnexp.config.saved import read_config
from nnexp.data import Preprocessor
from nnexp.data import saved as saved_preprocessing
from nnexp.data.dialect import Dialect
from nnexp.data.header import numbered_names
from nnexp.data.names import counted
from nnexp.errors import UserError
from nnexp.files import open_tensors
from nnexp.model.weights import FILE as WEIGHTS_FILE
from nnexp.model.weights import weights_from_tensors
from nnexp.runs import assemble
from nnexp.track.history import HistoryFrame, read_history
from nnexp.track.manifest import check_files, read_manifest
from nnexp.train.evaluate import chunks

LARGEST_ABOUT = 1 << 20  # characters of JSON about the weights
LARGEST = 3e38  # of a raw label, which float32 can hold
LIMITS = {  # what loading reads, and the most bytes of it
    saved_config.FILE: bounds.LARGEST,
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
        theta, buffers = weights_from_tensors(model, tensors)
        self._stack = model.bind(theta, buffers, dtype=self._dtype)

    @property
    def history(self) -> HistoryFrame:
        """The run's history.csv as a DataFrame; `history.plot()` draws the learning curves."""
        return read_history(self.folder)

    def read(self, table: str | Path, separator: str | None = None) -> pd.DataFrame:
        """Read a table file as the run has read its own: what pandas would take for a number may
        be a category (`007`), and commas may part decimals.

        Arguments:
            table: a file of the formats that training reads.
            separator: between the cells of a CSV; None for that of the run.

        Raises:
            UserError: the file is none, or without a header has another number of columns.
        """
        path = calls.file(table, "model.read")
        try:
            return self.read_file(path, separator)
        except UserError as error:
            remedy = _as_call(error.remedy, path)
            raise UserError(error.wrong, error.allowed, remedy) from error

    def read_file(self, table: Path, separator: str | None = None) -> pd.DataFrame:
        """As `read`; remedies are those of `nnexp predict`."""
        data = self.config.data
        mark = getattr(data, "separator", None) if separator is None else separator
        dialect = Dialect(mark, getattr(data, "header", True))
        frame = self.preprocessor.read(table, dialect)
        return frame if dialect.header else self._in_place(table, frame, dialect)

    def _in_place(self, table: Path, frame: pd.DataFrame, dialect: Dialect) -> pd.DataFrame:
        """The rows of a file without a header, its columns those of the run's own by their place.

        Arguments:
            table: the file.
            frame: as it is; with all columns, or all but the target's.
            dialect: as it was read.
        """
        known = read_manifest(self.folder).get("data")
        columns = known.get("columns") if isinstance(known, dict) else None
        target = str(self.config.data.target)
        others = list(columns) if isinstance(columns, dict) else []
        names = numbered_names(len(others) + 1)
        if len(frame.columns) == len(names):
            return frame
        if len(frame.columns) == len(others) and target in names:
            names.remove(target)
            return self.preprocessor.read(table, replace(dialect, header=names))
        raise UserError(
            f"{table.name!r} has {len(frame.columns)} columns, and no header to find them by",
            f"the {len(names)} columns of the train table in their order, or all but {target!r}",
            "a table with these columns",
        )

    def predict_proba(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Probabilities (rows, classes), columns in the order of `classes`, each row summing to 1.

        A row's result does not depend on the other rows. Rows that the run's `data.missing=drop`
        leaves out, and those whose missing cells reach the model with `none`, are NaN.

        Arguments:
            frame: a table with the columns `columns`; further ones are ignored.

        Raises:
            UserError: a column is missing or holds text where the run had numbers.
        """
        return self.apply(frame)[0]

    def predict(self, frame: pd.DataFrame) -> NDArray[Any]:
        """The predicted class (rows,) of each row, a label as the table had them.

        Rows without probabilities are None. Arguments and errors as for `predict_proba`.
        """
        _, chosen = self.apply(frame)
        labels = np.array(self.classes)
        if (chosen >= 0).all() and labels.dtype.kind != "U":
            return labels[chosen]
        boxed = np.array([*self.classes, None], dtype=object)
        return boxed[chosen]

    def notes(self, frame: pd.DataFrame) -> list[str]:
        """What prediction does to a table besides the ordinary, one line each.

        Further columns that are ignored, cells read as missing, new categories, rows left out or
        without outputs; `nnexp predict` prints them. Arguments and errors as for `predict_proba`.
        """
        _, chosen = self.apply(frame)
        return [*self.preprocessor.notes(frame), *self.missed(chosen)]

    def missed(self, chosen: NDArray[np.int64]) -> list[str]:
        """A line on rows that came out of the model as NaN; none where there are none.

        Arguments:
            chosen: class indices (rows,), as `apply` gives them.
        """
        missing = int((chosen < 0).sum())
        if not missing or self.preprocessor.missing == "drop":
            return []
        return [f"{counted(missing, 'row')} without a prediction: NaN came out of the model"]

    @torch.no_grad()
    def apply(self, frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
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
    path = calls.folder(folder, "nnexp.load")
    try:
        return Model(path, trust)
    except UserError as error:
        if not error.remedy.endswith("--trust"):
            raise
        remedy = f"nnexp.load({str(path)!r}, trust=True)"
        raise UserError(error.wrong, error.allowed, remedy) from error


def _as_call(remedy: str, table: Path) -> str:
    """A command line that predicts another file, or reads it otherwise, as a call of `read`."""
    words = shlex.split(remedy) if remedy.startswith("nnexp predict RUN ") else []
    if len(words) < 4:
        return remedy
    given = [repr(str(table) if words[3] == "TABLE" else words[3])]
    if "--separator" in words[4:-1]:
        given.append(f"separator={words[words.index('--separator') + 1]!r}")
    return f"model.read({', '.join(given)})"


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
    if kinds == {str} and not all(map(calls.is_text, labels)):
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
