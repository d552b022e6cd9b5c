"""The preprocessing, learnt from the train rows alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from nnexp.config.schema.data import DataConfig
from nnexp.config.sentinel import read_sentinels
from nnexp.data import categories
from nnexp.data.columns import Column
from nnexp.data.frame_cells import Cells
from nnexp.data.numeric import NumericBlock, fit_blocks
from nnexp.data.preprocess import Preprocessor


def draft_preprocessor(
    cells: Cells,
    columns: list[Column],
    train: np.ndarray,
    config: DataConfig,
    commas: Sequence[str] = (),
) -> Preprocessor:
    """A preprocessor that knows its columns and categories, and has learnt nothing from numbers.

    Arguments:
        cells: N rows.
        columns: the kind of every column.
        train: int64, the train rows, at least one.
        config: its missing, indicator, encoding and their options; its sentinels are kept for
            further rows, and empty in the cells already.
        commas: the columns whose numbers had a decimal comma in the file.
    """
    kept = [column for column in columns if column.kind == "numeric"]
    numeric = tuple(column.name for column in kept)
    holes = tuple(place for place, column in enumerate(kept) if column.missing)
    indicated = config.indicator and config.missing not in ("drop", "embedding", "none")
    fitted = tuple(
        categories.fit_category(column.name, cells.texts(column.name), train, config.min_frequency)
        for column in columns
        if column.kind == "categorical"
    )
    names = {*numeric, *(category.name for category in fitted)}
    return Preprocessor(
        numeric=numeric,
        blocks=(),
        indicators=holes if indicated else (),
        embedded=holes if config.missing == "embedding" else (),
        categories=fitted,
        ordinal=(),
        missing=config.missing,
        encoding=config.encoding,
        tokens=tuple(sorted(cells.tokens)),
        sentinels=tuple(s for s in read_sentinels(config.sentinels) if s.column in names),
        decimal=cells.decimal,
        commas=tuple(name for name in numeric if name in commas),
    )


def fit_preprocessor(
    drafted: Preprocessor, cells: Cells, train: np.ndarray, config: DataConfig, seed: int = 0
) -> Preprocessor:
    """Learn the preprocessing from the train rows alone.

    Arguments:
        drafted: what `draft_preprocessor` made of them.
        cells: N rows.
        train: int64, the train rows, at least one.
        config: its scaling and missing, and their options.
        seed: draws samples where a method learns from some of the train rows.
    """
    ordinal: tuple[NumericBlock, ...] = ()
    if config.encoding == "ordinal":
        places = [
            categories.as_numbers(categories.encode(category, cells.texts(category.name)))
            for category in drafted.categories
        ]
        # the mean stands in for categories that train lacks, whatever the numbers' rule is
        ordinal = fit_blocks(places, train, dataclasses.replace(config, missing="mean"), seed)
    values = [cells.numbers(name).values for name in drafted.numeric]
    blocks = fit_blocks(values, train, config, seed)
    return dataclasses.replace(drafted, blocks=blocks, ordinal=ordinal)
