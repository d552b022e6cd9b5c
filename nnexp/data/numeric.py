"""Missing cells and scaling of numeric columns, by scikit-learn's transformers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.config.schema.data import DataConfig
from nnexp.data.cells import LARGEST

CHUNK = 8192  # rows transformed at a time: bounds the float64 copies
BLOCK_CELLS = 1 << 21  # train cells fitted at a time: 16 MiB in float64
MODEL_ROWS = 10_000  # train rows that knn and iterative learn from: both cost rows * rows or more
PADDED = 256  # rows that knn and iterative see at a time, always as many
ROUNDING = 16  # last places of float64 within which a column's numbers are one number, rounded
NEIGHBOR_COLUMNS = 50  # iterative looks at the most correlated columns where there are more


@dataclass(frozen=True)
class NumericBlock:
    """Fitted transformers of neighbouring numeric columns, applied in order.

    Arguments:
        start: the first column.
        stop: the column after the last.
        steps: fitted scikit-learn imputers and scalers.
    """

    start: int
    stop: int
    steps: tuple[Any, ...]


def fit_blocks(
    columns: Sequence[np.ndarray], train: np.ndarray, config: DataConfig, seed: int = 0
) -> tuple[NumericBlock, ...]:
    """Fit imputers and scalers on the train rows.

    Columns are imputed, then scaled; for knn they are scaled first, since its distances need
    columns of one size. Where columns do not depend on each other, they are fitted a few at a
    time, so that a wide table is never copied as a whole.

    Arguments:
        columns: D arrays of shape (N,), NaN where missing.
        train: int64, the train rows.
        config: scaling, missing and their options.
        seed: draws the rows that knn, iterative and quantile learn from where there are many.
    """
    if not columns:
        return ()
    together = config.missing in ("knn", "iterative")
    rows = train
    if together and len(train) > MODEL_ROWS:
        drawn = np.random.default_rng(seed).choice(len(train), MODEL_ROWS, replace=False)
        rows = train[np.sort(drawn)]
    width = len(columns) if together else max(1, BLOCK_CELLS // max(1, len(train)))
    blocks = []
    for start in range(0, len(columns), width):
        stop = min(start + width, len(columns))
        steps = _steps(config, len(rows), stop - start, seed)
        values = gather_rows(columns[start:stop], rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # iterative: stopped before its tolerance was met
            for place, step in enumerate(steps):
                # row by row in memory, as a loaded array is: another layout rounds differently
                fit(step, np.ascontiguousarray(_finite(values)) if together else _finite(values))
                if place < len(steps) - 1:
                    values = apply(step, values)
        blocks.append(NumericBlock(start, stop, tuple(steps)))
    return tuple(blocks)


def fit(step: Any, values: np.ndarray) -> None:
    """Fit a transformer on finite float64 values of shape (rows, columns), NaN where missing.

    scikit-learn's standard scaler takes numbers that differ little beside their size, such as
    nanoseconds since 1970, for one number, and leaves them as large as they are: here they have a
    deviation of 1 like all others.
    """
    step.fit(values)
    if type(step).__name__ != "StandardScaler":
        return
    for place in np.flatnonzero((step.scale_ == 1) & (step.var_ > 0) & (step.var_ != 1)):
        own = values[:, place]
        low, high = np.nanmin(own), np.nanmax(own)
        if high - low > ROUNDING * np.spacing(max(abs(low), abs(high))):
            step.scale_[place] = np.nanstd(own - low)
            step.var_[place] = step.scale_[place] ** 2


def transform_blocks(
    blocks: Sequence[NumericBlock], columns: Sequence[np.ndarray], rows: np.ndarray, out: np.ndarray
) -> None:
    """Write the transformed rows into `out`, a chunk of rows at a time.

    Arguments:
        blocks: fitted on columns in this order.
        columns: D arrays of shape (N,).
        rows: int64 of shape (M,), which of the N rows.
        out: float32 of shape (M, D), written to.
    """
    for block in blocks:
        for first in range(0, len(rows), CHUNK):
            chunk = rows[first : first + CHUNK]
            values = gather_rows(columns[block.start : block.stop], chunk)
            for step in block.steps:
                values = apply(step, values)
            # a number beyond float32 would become infinite: held at its largest instead
            infinite = np.isinf(values)
            limited = np.clip(values, -LARGEST, LARGEST)
            limited[infinite] = values[infinite]
            out[first : first + len(chunk), block.start : block.stop] = limited


def gather_rows(columns: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """The rows of the columns as float64 of shape (rows, columns)."""
    values = np.empty((len(rows), len(columns)), dtype=np.float64, order="F")
    contiguous = len(rows) and rows[-1] - rows[0] == len(rows) - 1
    index: Any = slice(int(rows[0]), int(rows[-1]) + 1) if contiguous else rows
    for place, column in enumerate(columns):
        values[:, place] = column[index]
    return values


def apply(step: Any, values: np.ndarray) -> np.ndarray:
    """Transform float64 values of shape (rows, columns) by one fitted step.

    Infinite cells, which only missing=none lets through, stay as they are. What a row becomes
    does not depend on the other rows. What comes back may be `values` themselves.
    """
    if type(step).__name__ in ("KNNImputer", "IterativeImputer"):
        return _apply_padded(step, values)
    if type(step).__name__ == "SimpleImputer" and not np.isnan(values).any():
        return values
    infinite = np.isinf(values)
    result = np.asarray(step.transform(_finite(values)))
    if infinite.any():
        result[infinite] = values[infinite]
    return result


def _apply_padded(step: Any, values: np.ndarray) -> np.ndarray:
    # Matrix products round differently with their number of rows, which is enough for knn to
    # pick another of two equally near neighbours: every call sees as many incomplete rows.
    result = values.copy()
    incomplete = np.flatnonzero(np.isnan(values).any(axis=1))
    for first in range(0, len(incomplete), PADDED):
        chunk = incomplete[first : first + PADDED]
        padded = np.ascontiguousarray(values[np.resize(chunk, PADDED)])
        result[chunk] = step.transform(padded)[: len(chunk)]
    return result


def _finite(values: np.ndarray) -> np.ndarray:
    infinite = np.isinf(values)
    return np.where(infinite, np.nan, values) if infinite.any() else values


def _steps(config: DataConfig, rows: int, width: int, seed: int) -> list[Any]:
    imputer = _imputer(config, rows, width, seed)
    scaler = make_scaler(config.scaling, rows, seed)
    order = [scaler, imputer] if config.missing == "knn" else [imputer, scaler]
    return [step for step in order if step is not None]


def _imputer(config: DataConfig, rows: int, width: int, seed: int) -> Any:
    from sklearn.impute import KNNImputer, SimpleImputer

    if config.missing in ("mean", "median", "most_frequent"):
        return SimpleImputer(strategy=config.missing, keep_empty_features=True)
    if config.missing == "constant":
        return SimpleImputer(
            strategy="constant", fill_value=float(config.fill_value), keep_empty_features=True
        )
    if config.missing == "knn":
        return KNNImputer(n_neighbors=min(config.neighbors, rows), keep_empty_features=True)
    if config.missing == "iterative":
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401
        from sklearn.impute import IterativeImputer

        return IterativeImputer(
            n_nearest_features=NEIGHBOR_COLUMNS if width > NEIGHBOR_COLUMNS else None,
            skip_complete=True,  # columns complete in train: their mean, without a model each
            keep_empty_features=True,
            random_state=seed % 2**32,
        )
    return None  # drop, embedding, none


def make_scaler(scaling: str, rows: int, seed: int = 0) -> Any:
    """An unfitted scaler of the kind `scaling` names, or None for none.

    Arguments:
        scaling: standard, minmax, robust, quantile (onto a normal distribution, see
            `nnexp.data.quantiles`) or none.
        rows: the train rows it will see, which bounds the number of quantiles.
        seed: draws the rows that quantiles are taken from where there are more than 10,000.
    """
    from sklearn import preprocessing

    if scaling == "standard":
        return preprocessing.StandardScaler()
    if scaling == "minmax":
        return preprocessing.MinMaxScaler()
    if scaling == "robust":
        return preprocessing.RobustScaler()
    if scaling == "quantile":
        from nnexp.data.quantiles import MidRankQuantiles

        return MidRankQuantiles(
            n_quantiles=max(1, min(1000, rows)),
            output_distribution="normal",
            random_state=seed % 2**32,
        )
    return None
