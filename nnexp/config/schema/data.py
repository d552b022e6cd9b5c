"""How a table is read and prepared: the keys that all options of `data=` share."""

# ruff: noqa: RUF009  (option() returns a dataclasses.field; it copies lists for each instance)
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Optional  # noqa: UP035  (OmegaConf reads these annotations)

from nnexp.config.schema.option import option
from nnexp.config.schema.split import SplitConfig


def scaling_option(default: str) -> Any:
    """`data.scaling` with the default that suits a source."""
    return option(
        default,
        "scaling of numeric columns, fitted on train rows",
        choices=("standard", "minmax", "robust", "quantile", "none"),
    )


@dataclass
class DataConfig:
    name: str = option("digits", "the source of the table")
    target: Optional[str] = option(None, "the column to predict")
    drop: List[str] = option([], "columns to leave out")
    numeric: List[str] = option([], "columns to read as numbers, whatever they look like")
    categorical: List[str] = option(
        [], "columns to read as categories, whatever they look like; the target's labels as written"
    )
    missing_tokens: List[str] = option([], "further texts that stand for a missing cell")
    sentinels: List[str] = option(
        [], "numbers that stand for a missing cell, each with its column, such as bmi=0"
    )
    decimal: str = option(
        "auto",
        "how texts write numbers: auto as programs do (1234.5), point for $1,234.50 and 12 %, "
        "comma for 1.234,50",
        choices=("auto", "point", "comma"),
    )
    duplicates: str = option(
        "keep",
        "drop leaves out, before the split, rows that equal another in every column and the label",
        choices=("keep", "drop"),
    )
    labels: str = option(
        "auto",
        "auto codes the classes 0..C-1; merge does so with texts that differ only in case, "
        "abbreviation (Y, yes), blanks or punctuation around them as one; raw feeds the numbers in "
        "the target column to the loss",
        choices=("auto", "merge", "raw"),
    )
    scaling: str = scaling_option("standard")
    missing: str = option(
        "mean",
        "what becomes of missing cells, fitted on train rows (drop leaves incomplete rows out, "
        "embedding learns a vector, none passes NaN on)",
        choices=(
            "mean",
            "median",
            "most_frequent",
            "constant",
            "knn",
            "iterative",
            "drop",
            "embedding",
            "none",
        ),
    )
    fill_value: float = option(0.0, "missing=constant: the number put in, before scaling")
    neighbors: int = option(5, "missing=knn: how many train rows are averaged", ge=1)
    indicator: bool = option(True, "add a 0/1 column for each column with missing train cells")
    encoding: str = option(
        "onehot",
        "how categories become numbers",
        choices=("onehot", "ordinal", "embedding"),
    )
    min_frequency: int = option(
        1, "levels with fewer train rows than this are merged into one rare level", ge=1
    )
    max_levels: int = option(
        100, "a text column with more levels than this is free text and dropped", ge=2
    )
    split: SplitConfig = field(default_factory=SplitConfig)
