"""The sources of tables: scikit-learn's sets, made sets, OpenML, your own file, IDX images."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, cast

import numpy as np
import pandas as pd

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.sources import (
    CsvConfig,
    IdxConfig,
    OpenMLConfig,
)
from nnexp.data import files, idx
from nnexp.data.cells import MISSING_TOKENS, read_texts
from nnexp.data.content import ENDINGS, Content, read_content
from nnexp.data.delimited import COMMAS, PADDED
from nnexp.data.dialect import Dialect
from nnexp.data.labels import spellings
from nnexp.data.made import (
    make_blobs_table,
    make_circles_table,
    make_classification_table,
    make_moons_table,
)
from nnexp.data.names import are_cells, is_near, listing, without_header
from nnexp.data.table import Table, table_from_frame
from nnexp.errors import UserError


def load_table(config: DataConfig) -> Table:
    """Read or make the table that `config.name` stands for.

    Arguments:
        config: one of the classes of `nnexp.config.schema.sources`.

    Raises:
        UserError: the source is unknown, unreachable, damaged or lacks the target.
    """
    read = _SOURCES.get(config.name)
    if read is None:
        raise UserError(
            f"data={config.name!r} is no source of tables",
            f"one of {', '.join(_SOURCES)}",
            "data=csv data.path=/path/of/your/table.csv",
        )
    return read(config)


def _bundled(config: DataConfig) -> Table:
    return _read_bundled(config.name, config.target or "target")


@cache
def _read_bundled(name: str, target: str) -> Table:
    """A table that comes with scikit-learn, read once in a process: it never changes."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.frame
    if name != "digits":  # whose names are the digits themselves
        frame = frame.assign(target=np.asarray(bunch.target_names, dtype=object)[bunch.target])
    return table_from_frame(frame, target, name)


def _openml(config: DataConfig) -> Table:
    from sklearn.datasets import fetch_openml

    asked = cast(OpenMLConfig, config)
    if (asked.id is None) == (asked.dataset is None):
        both = "both are" if asked.id is not None else "neither is"
        raise UserError(
            f"data=openml needs data.id or data.dataset, and {both} given",
            "one of the two: a number, or a name",
            "data.id=1590" if asked.id is None else "data.dataset=null",
        )
    which: dict[str, Any] = {"data_id": asked.id}
    if asked.id is None:
        which = {"name": asked.dataset, "version": asked.version or "active"}
    shown = f"OpenML {asked.id if asked.id is not None else asked.dataset}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on versions, which the fingerprint settles
            bunch = fetch_openml(**which, as_frame=True, parser="auto", data_home=asked.cache)
    except (OSError, ValueError, RuntimeError) as problem:  # URLError is an OSError
        raise UserError(
            f"{shown} cannot be had: {(str(problem).splitlines() or ['no answer'])[0]}",
            "a data set of openml.org, and a network to reach it or a copy in data.cache",
            "data=csv data.path=/path/of/your/table.csv",
        ) from problem
    own = str(bunch.target.name) if isinstance(bunch.target, pd.Series) else None
    return table_from_frame(bunch.frame, config.target or own, shown)


def _csv(config: DataConfig) -> Table:
    asked = cast(CsvConfig, config)
    if asked.path is None:
        raise UserError(
            "data=csv needs data.path, the file of the table",
            f"a local file ending in {ENDINGS}",
            "data.path=/path/of/your/table.csv",
        )
    tokens, texts = tuple(asked.missing_tokens), tuple(asked.categorical)
    dialect = Dialect(asked.separator, asked.header, asked.decimal, asked.target)
    options = (dialect, tokens, texts)
    content = read_content(asked.path)
    frame = files.parse_table(content, *options)
    test = None
    if asked.test_path is not None:
        other = read_content(asked.test_path, key="data.test_path")
        dialect = replace(dialect, commas=frame.attrs.get(COMMAS, ()))
        options = (dialect, tokens, texts)
        test = files.parse_table(other, *options)
        # numbers to one file may be words to the other, where 007 is not 7
        if differing := _read_unlike(frame, test):
            options = (dialect, tokens, (*texts, *differing))
            frame, test = (files.parse_table(each, *options) for each in (content, other))
    if asked.header and files.is_delimited(content.path):
        _check_header(list(frame.columns), asked.target, content.path.name)
    table = table_from_frame(frame, asked.target, content.path.name, None, content.fingerprint)
    table = replace(
        table,
        header=asked.header and files.is_delimited(content.path),
        commas=tuple(frame.attrs.get(COMMAS, ())),
        padded=frame.attrs.get(PADDED, {}),
    )
    return table if test is None else _joined(table, test, other, config)


def _read_unlike(frame: pd.DataFrame, test: pd.DataFrame) -> list[str]:
    """The columns that are texts in one file and something else in the other."""
    shared = set(frame.columns) & set(test.columns)
    texts = [
        {n for n in shared if pd.api.types.is_string_dtype(each[n].dtype)} for each in (frame, test)
    ]
    return sorted(texts[0] ^ texts[1])


def _check_header(names: list[str], target: str | None, file: str) -> None:
    """Answer a target that is no column where the first row was taken for a header."""
    if target in names or not are_cells(names):
        return
    if target is not None and is_near(target, names):  # mistyped
        return
    raise UserError(
        f"the columns of {file!r} have names like cells: {listing(names)}",
        "a first line with their names, or data.header=false; they are then x1, x2, ...",
        without_header(names),
    )


def _joined(table: Table, test: pd.DataFrame, content: Content, config: DataConfig) -> Table:
    target = str(table.target.name)
    lacking = [name for name in (*table.frame.columns, target) if name not in test.columns]
    lacking = [name for name in lacking if name not in config.drop and name != config.split.by]
    if lacking:
        raise UserError(
            f"data.test_path={content.path.name!r} lacks the columns {listing(lacking)}",
            f"the columns of the train file: {listing([*table.frame.columns, target])}",
            "data.test_path=null",
        )
    tokens = {*MISSING_TOKENS, *config.missing_tokens}
    if target in config.categorical:
        tokens = {""}
    known = set(read_texts(table.target, tokens).levels)
    found = set(read_texts(test[target], tokens).levels)
    unknown = found - known
    groups = [set(alike) for alike in spellings(sorted(known | found))]
    spelt = {label for alike in groups if alike & known for label in alike}
    if config.labels == "merge":
        unknown -= spelt
    if unknown:
        raise UserError(
            f"data.test_path={content.path.name!r} has labels that the train file lacks: "
            f"{listing(map(repr, sorted(unknown)), 6)}",
            f"the train file's labels: {listing(map(repr, sorted(known)), 6)}; "
            f"the test file's: {listing(map(repr, sorted(found)), 6)}",
            "data.labels=merge" if unknown <= spelt else "data.test_path=null",
        )
    both = pd.concat([table.frame, test.reindex(columns=table.frame.columns)], ignore_index=True)
    labels = pd.concat([table.target, test[target]], ignore_index=True)
    parts = np.repeat(["train", "test"], [len(table.frame), len(test)])
    fingerprint = _sha256([table.fingerprint, content.fingerprint])
    return replace(table, frame=both, target=labels, parts=parts, fingerprint=fingerprint)


def _idx(config: DataConfig) -> Table:
    asked = cast(IdxConfig, config)
    given = [asked.images, asked.image_labels, asked.test_images, asked.test_image_labels]
    if asked.path is not None and not any(given):
        given = [None if file is None else str(file) for file in idx.find_files(asked.path)]
    elif asked.path is not None:
        raise UserError(
            "data.path and the files of data.images are both given",
            "a folder, or the files",
            "data.path=null",
        )
    if given[0] is None or given[1] is None or (given[2] is None) != (given[3] is None):
        raise UserError(
            "data=idx needs a folder, or a file of images and the file of their labels",
            "data.path, or data.images with data.image_labels (and test_images with "
            "test_image_labels)",
            "data.path=/folder/with/the/four/idx/files",
        )
    pairs = [(given[0], given[1])]
    if given[2] is not None and given[3] is not None:
        pairs.append((given[2], given[3]))
    pixels, labels, counts, fingerprints = idx.read_image_pairs(list(pairs))
    digits = len(str(pixels.shape[1] - 1))
    names = [f"pixel{place:0{digits}d}" for place in range(pixels.shape[1])]
    # copy=False: the frame is one block of bytes, and stays the only copy of the pixels
    frame = pd.DataFrame(pixels, columns=names, copy=False)
    parts = np.repeat(["train", "test"], counts) if len(counts) == 2 else None
    target = pd.Series(labels, name="label", copy=False)
    return Table(frame, target, "idx", parts, _sha256(fingerprints))


def _sha256(fingerprints: list[str]) -> str:
    return hashlib.sha256("".join(fingerprints).encode()).hexdigest()


_SOURCES: dict[str, Callable[[DataConfig], Table]] = {
    "digits": _bundled,
    "breast_cancer": _bundled,
    "wine": _bundled,
    "iris": _bundled,
    "moons": make_moons_table,
    "circles": make_circles_table,
    "blobs": make_blobs_table,
    "classification": make_classification_table,
    "openml": _openml,
    "csv": _csv,
    "idx": _idx,
}
