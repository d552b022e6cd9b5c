"""From a frame to the float inputs of a model, by what was learnt from train rows."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from nnexp.config.sentinel import Sentinel
from nnexp.data import categories, sentinels
from nnexp.data.categories import Category
from nnexp.data.complete import complete_rows
from nnexp.data.dialect import USUAL, Dialect
from nnexp.data.files import read_file
from nnexp.data.frame_cells import Cells
from nnexp.data.names import counted, listing
from nnexp.data.numeric import NumericBlock, transform_blocks
from nnexp.data.saved import encode_fields, read_fields, write_fields
from nnexp.data.written import AUTO
from nnexp.errors import UserError


@dataclass(frozen=True)
class ModelInputs:
    """What a model sees of M rows.

    Arguments:
        x: float32 of shape (M, D), C-contiguous.
        codes: int64 of shape (M, Q), or None where Q = 0; code 0 stands for the zero vector, code
            1 and up for learned vectors.
        rows: int64 of shape (M,), which rows of the frame these are: all, unless missing=drop.
    """

    x: np.ndarray
    codes: np.ndarray | None
    rows: np.ndarray


@dataclass(frozen=True)
class Preprocessor:
    """What was learnt from the train rows, and how rows become inputs by it.

    Inputs are, in this order: numeric columns, a 0/1 indicator for each of `indicators`, and the
    one-hot or ordinal columns of the categories. With embeddings, codes are, in this order: one
    column for each of `embedded` (0 present, 1 missing), then one for each category.

    Arguments:
        numeric: names of the numeric columns.
        blocks: their fitted imputers and scalers.
        indicators: positions in `numeric` that get an indicator column.
        embedded: positions in `numeric` that get a code column (missing=embedding).
        categories: the categorical columns and their levels.
        ordinal: fitted transformers of the categories' codes (encoding=ordinal).
        missing: the option of that name.
        encoding: the option of that name.
        tokens: texts that stand for a missing cell.
        sentinels: numbers in these columns that stand for a missing cell.
        decimal: the option of that name.
        commas: numeric columns whose decimals a comma parts in the file.
    """

    numeric: tuple[str, ...]
    blocks: tuple[NumericBlock, ...]
    indicators: tuple[int, ...]
    embedded: tuple[int, ...]
    categories: tuple[Category, ...]
    ordinal: tuple[NumericBlock, ...]
    missing: str
    encoding: str
    tokens: tuple[str, ...]
    sentinels: tuple[Sentinel, ...] = ()
    decimal: str = AUTO
    commas: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a frame must have."""
        return (*self.numeric, *(category.name for category in self.categories))

    @cached_property
    def features(self) -> list[str]:
        """Names of the D columns of `ModelInputs.x`."""
        names = [*self.numeric, *(f"{self.numeric[place]} is missing" for place in self.indicators)]
        if self.encoding == "onehot":
            for category in self.categories:
                names += [f"{category.name}={title}" for title in category.titles]
        elif self.encoding == "ordinal":
            names += [category.name for category in self.categories]
        return names

    @property
    def levels(self) -> tuple[int, ...]:
        """The largest code of each of the Q columns of `ModelInputs.codes`."""
        sizes = [category.size for category in self.categories]
        return (*(1 for _ in self.embedded), *(sizes if self.encoding == "embedding" else []))

    def read(
        self,
        path: str | Path,
        dialect: Dialect = USUAL,
    ) -> pd.DataFrame:
        """Read a file to transform, as `read_file` does, with the cells of categories as written.

        Arguments:
            path: a table file.
            dialect: how a CSV is written; the decimals of its numbers are those of the run.

        Raises:
            UserError: as `read_file`, in words that name no key of a training command.
        """
        try:
            texts = [item.name for item in self.categories]
            own = dataclasses.replace(dialect, decimal=self.decimal, commas=self.commas)
            return read_file(path, own, self.tokens, texts)
        except UserError as error:
            remedy = error.remedy.removeprefix("data=csv ")
            if "data.separator=" in remedy:
                mark = shlex.split(remedy)[0].partition("=")[2].strip('"')
                remedy = f"nnexp predict RUN TABLE --separator {shlex.quote(mark)}"
            if "data.header=" in remedy:
                remedy = "a table with the header of the train table"
            raise UserError(
                error.wrong.removeprefix("data.path=").replace("data.separator", "--separator"),
                error.allowed,
                remedy.replace("data.path=", "nnexp predict RUN "),
            ) from error

    def transform(self, frame: pd.DataFrame) -> ModelInputs:
        """Turn rows into inputs; what a row becomes does not depend on the other rows.

        Columns are found by name: their order is free, further ones are ignored. Categories that
        train lacks become the rare level where there is one, and zeros otherwise. A single cell
        without a number in a numeric column is missing.

        Arguments:
            frame: M rows or more.

        Raises:
            UserError: a column is not there, or holds texts where train has numbers.
        """
        cells, _ = self._cells(frame)
        return self.encode(cells)

    def notes(self, frame: pd.DataFrame) -> list[str]:
        """What `transform` does to a frame besides the ordinary, one line each.

        Raises:
            UserError: as `transform`.
        """
        cells, emptied = self._cells(frame)
        used = set(self.columns)
        extra = [str(name) for name in frame.columns if name not in used]
        ignored = [f"columns that the model does not use: {listing(extra)}"] if extra else []
        left_out = len(frame) - len(self._complete(cells)) if self.missing == "drop" else 0
        dropped = [f"{counted(left_out, 'row')} with missing cells left out (data.missing=drop)"]
        lines = [*ignored, *sentinels.remarks(emptied), *self.remarks(cells)]
        return [*lines, *(dropped if left_out else [])]

    def remarks(self, cells: Cells) -> list[str]:
        """Cells read as missing, and categories that train lacks, one line a column."""
        lines = []
        for name in self.numeric:
            numbers = cells.numbers(name)
            if numbers.unread:
                lines.append(
                    f"column {name!r}: {counted(numbers.unread, 'cell')} with no number, such as "
                    f"{numbers.example!r}, read as missing"
                )
            if numbers.infinite:
                fate = "passed on" if cells.keep_infinite else "read as missing"
                lines.append(
                    f"column {name!r}: {counted(numbers.infinite, 'infinite cell')} {fate}"
                )
        for category in self.categories:
            new = categories.unseen(category, cells.texts(category.name))
            if new:
                fate = "read as rare" if category.merged else "read as none of those known"
                lines.append(
                    f"column {category.name!r}: categories without a train row, {fate}: "
                    f"{listing(map(repr, new), 4)}"
                )
        return lines

    def encode(self, cells: Cells) -> ModelInputs:
        """As `transform`, for cells that are read already and hold all columns."""
        rows = self._complete(cells)
        columns = [cells.numbers(name).values for name in self.numeric]
        x = np.zeros((len(rows), len(self.features)), dtype=np.float32)
        width = len(columns)
        transform_blocks(self.blocks, columns, rows, x[:, :width])
        if self.missing == "embedding":
            numbers = x[:, :width]
            for place in range(width):
                if columns[place].dtype.kind == "f":
                    numbers[np.isnan(numbers[:, place]), place] = 0
        for offset, place in enumerate(self.indicators):
            x[:, width + offset] = np.isnan(columns[place][rows])
        width += len(self.indicators)
        places = [
            categories.encode(category, cells.texts(category.name))[rows]
            for category in self.categories
        ]
        if self.encoding == "onehot":
            for category, place in zip(self.categories, places, strict=True):
                known = np.flatnonzero(place >= 0)
                x[known, width + place[known]] = 1
                width += category.size
        elif self.encoding == "ordinal":
            numbers_of = [categories.as_numbers(place) for place in places]
            transform_blocks(self.ordinal, numbers_of, np.arange(len(rows)), x[:, width:])
        return ModelInputs(x, self._codes(columns, rows, places), rows)

    @cached_property
    def _files(self) -> dict[str, bytes]:
        """Made once for all runs of a stack."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return encode_fields(fields)

    def save(self, folder: str | Path) -> None:
        """Write preprocess.json and preprocess.safetensors into an existing folder.

        The same preprocessing gives the same bytes.
        """
        write_fields(Path(folder), self._files)

    @staticmethod
    def load(folder: str | Path) -> Preprocessor:
        """Read what `save` wrote; nothing in the files can run or name code.

        Raises:
            UserError: the files are missing, damaged, or of another format.
        """
        return Preprocessor(**read_fields(Path(folder)))

    def _cells(self, frame: pd.DataFrame) -> tuple[Cells, dict[Sentinel, int]]:
        """The cells of a frame, and how many of them held each of the sentinels."""
        names = set(frame.columns)
        lacking = [name for name in self.columns if name not in names]
        if lacking:
            raise UserError(
                f"the table lacks the columns {listing(lacking)}",
                f"the columns that the model was trained on: {listing(self.columns, 40)}; the "
                f"table has {listing(frame.columns)}",
                "a table with these names in its header",
            )
        repeated = set(frame.columns[frame.columns.duplicated()])
        twice = [name for name in self.columns if name in repeated]
        if twice:
            raise UserError(
                f"the table has more than one column named {twice[0]!r}",
                "each name once",
                "a table with distinct names in its header",
            )
        frame, emptied = sentinels.empty_cells(frame, self.sentinels, self.tokens, self.decimal)
        cells = Cells(frame, self.tokens, self.missing == "none", self.decimal)
        for name in self.numeric:
            numbers = cells.numbers(name)
            if numbers.unread and np.isnan(numbers.values).all():
                raise UserError(
                    f"column {name!r} holds {numbers.example!r}, and no number in any row",
                    "numbers, as in the table that the model was trained on",
                    f"a table with numbers in the column {name!r}",
                )
        return cells, emptied

    def _complete(self, cells: Cells) -> np.ndarray:
        if self.missing != "drop":
            return np.arange(len(cells.frame))
        names = [category.name for category in self.categories]
        return np.flatnonzero(complete_rows(cells, self.numeric, names))

    def _codes(
        self, columns: list[np.ndarray], rows: np.ndarray, places: list[np.ndarray]
    ) -> np.ndarray | None:
        if not self.levels:
            return None
        codes = [np.isnan(columns[place][rows]).astype(np.int64) for place in self.embedded]
        if self.encoding == "embedding":
            codes += [place + 1 for place in places]
        return np.ascontiguousarray(np.stack(codes, axis=1))
