"""What is worth saying of a table before a run: rows left out, columns dropped, odd labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data import sentinels
from nnexp.data.cells import is_number_dtype
from nnexp.data.columns import Column
from nnexp.data.labelled import Labelled
from nnexp.data.labels import ALIKE, spellings
from nnexp.data.names import are_cells, counted, listing, typed, without_header
from nnexp.data.numeric import MODEL_ROWS
from nnexp.data.padded import example_of
from nnexp.data.preprocess import Preprocessor
from nnexp.data.split_column import says_parts


def fold_messages(parts: Mapping[str, int], config: SplitConfig) -> list[str]:
    """The line on rows that a fold leaves out; none where it leaves none."""
    if not parts.get("unused"):
        return []
    rows = counted(parts["unused"], "row")
    if config.method == "time":
        return [f"{rows} later than the fold not used"]
    return [f"{rows} left out of training, so that every fold trains on equally many"]


def messages_of(
    labelled: Labelled,
    columns: Sequence[Column],
    y_train: np.ndarray,
    left_out: Mapping[str, int],
    preprocessor: Preprocessor,
    config: DataConfig,
) -> list[str]:
    """One line for each thing about a dataset that its user may not expect.

    Arguments:
        labelled: its table.
        columns: what became of each.
        y_train: class indices of the train rows.
        left_out: reason -> rows.
        preprocessor: fitted on the train rows.
        config: the choices.
    """
    lines, labels = [], labelled.labels
    if left_out["no target"]:
        lines.append(f"{counted(left_out['no target'], 'row')} without a target left out")
    keep = typed("data.categorical", [*config.categorical, str(labelled.table.target.name)])
    if labels.missing:
        told = (f"{word!r} in {counted(rows, 'row')}" for word, rows in labels.missing.items())
        lines.append(f"labels read as missing: {listing(told, 6)}; {keep} keeps them as labels")
    for texts in labels.alike:
        same = f"labels {listing(map(repr, texts), 6)} are one number and one class"
        lines.append(f"{same}; {keep} keeps them apart")
    if left_out["duplicates"]:
        lines.append(f"{counted(left_out['duplicates'], 'row')} equal to another left out")
    elif config.duplicates == "drop":
        lines.append("no row equals another in all columns that data.drop leaves")
    if left_out["missing cells"]:
        lines.append(f"{counted(left_out['missing cells'], 'row')} with missing cells left out")
    reasons: dict[str, list[str]] = {}
    for column in columns:
        if column.kind == "dropped":
            reasons.setdefault(column.reason, []).append(column.name)
    for reason, names in reasons.items():
        plural = f"{len(names)} columns" if len(names) > 1 else "column"
        lines.append(f"dropped {plural} {listing(names, 6)}: {reason}")
    lines += _padded(labelled, columns, config)
    names = [*map(str, labelled.table.frame.columns), str(labelled.table.target.name)]
    if labelled.table.header and are_cells(names):
        lines.append(
            f"the columns have names like cells, {listing(names[:3])}, ...: where the file has no "
            f"header, {without_header(names)}"
        )
    for column in columns:
        if column.kind != "categorical" or config.split.method == "column":
            continue
        if says_parts(labelled.cells.texts(column.name).levels):
            by = f"data.split.method=column {typed('data.split.by', column.name)}"
            lines.append(
                f"column {column.name!r} says which rows are train and test, and is a feature; "
                f"{by} splits by it"
            )
    for alike in spellings(labels.classes):
        lines.append(
            f"labels {listing(map(repr, alike), 6)} differ only in {ALIKE}, and are classes of "
            "their own; data.labels=merge makes them one"
        )
    lines += sentinels.remarks(labelled.emptied, absent=True)
    lines += preprocessor.remarks(labelled.cells)
    present = np.bincount(y_train, minlength=len(labels.classes))
    absent = [labels.classes[place] for place in np.flatnonzero(present == 0)]
    if absent:
        lines.append(f"classes without a train row: {listing(map(repr, absent), 6)}")
    if preprocessor.missing in ("knn", "iterative") and len(y_train) > MODEL_ROWS:
        lines.append(
            f"missing cells are filled in from {MODEL_ROWS} of {len(y_train)} train rows, "
            "drawn at random"
        )
    return lines


def _padded(labelled: Labelled, columns: Sequence[Column], config: DataConfig) -> list[str]:
    """The line on columns that are read as quantities, and written as codes are: 01067."""
    found = {}
    for column in columns:
        if column.kind != "numeric" or column.name in config.numeric:
            continue
        example = labelled.table.padded.get(column.name, "")
        if not example and not is_number_dtype(labelled.cells.dtypes[column.name]):
            example = example_of(labelled.cells.texts(column.name).levels)
        if example:
            found[column.name] = example
    if not found:
        return []
    what = f"column{'s' * (len(found) > 1)} {listing(found, 6)}"
    keep = typed("data.categorical", [*config.categorical, *found])
    return [
        f"{what}: numbers with leading zeros, as {next(iter(found.values()))!r}, are read as "
        f"quantities; {keep} reads them as codes"
    ]
