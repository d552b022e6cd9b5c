"""Contradictions between the keys of a table: its source, its columns and its split."""

from __future__ import annotations

from nnexp.config.keys import literal
from nnexp.config.schema.config import Config
from nnexp.config.schema.sources import ClassificationConfig, CsvConfig, IdxConfig, OpenMLConfig
from nnexp.config.sentinel import read_sentinels
from nnexp.errors import UserError


def source_is_given(config: Config) -> UserError | None:
    """`data=csv` needs `data.path`; `data=idx` a folder or both files; `data=openml` id or name."""
    data = config.data
    if isinstance(data, CsvConfig) and not data.path:
        return UserError(
            "data=csv without data.path",
            "data.path is a file: .csv, .tsv, .parquet or .feather, plain or compressed",
            "data.path=table.csv" if data.target else "data.path=table.csv data.target=income",
        )
    if isinstance(data, IdxConfig):
        pairs = ((data.images, data.image_labels), (data.test_images, data.test_image_labels))
        rule = "data.path is the folder, or data.images and data.image_labels are the files"
        if not data.path and not data.images:
            return UserError("data=idx without data.path", rule, "data=idx data.path=fashion-mnist")
        if data.path and data.images:
            remedy = "data.images=null data.image_labels=null"
            return UserError("data.path and data.images are both given", rule, remedy)
        for (images, labels), names in zip(pairs, ("image", "test_image"), strict=True):
            if bool(images) != bool(labels):
                missing = f"data.{names}s" if labels else f"data.{names}_labels"
                given = f"data.{names}_labels" if labels else f"data.{names}s"
                return UserError(
                    f"{given} without {missing}",
                    "images and their labels are given together",
                    f"{missing}=FILE",
                )
    if isinstance(data, OpenMLConfig) and (data.id is None) == (data.dataset is None):
        which, remedy = "both data.id and", "data.dataset=null"
        if data.id is None:
            which, remedy = "neither data.id nor", "data=openml data.id=31"
        return UserError(
            f"data=openml with {which} data.dataset", "exactly one of the two is given", remedy
        )
    return None


def shares_leave_train_rows(config: Config) -> UserError | None:
    """`data.split.test` and `data.split.valid`, where it is used, together stay below 1."""
    split = config.data.split
    if split.method == "column" or _has_test_file(config) or split.test + split.valid < 1:
        return None
    if split.folds is not None:
        return None
    return UserError(
        f"data.split.test={literal(split.test)} and data.split.valid={literal(split.valid)} "
        "leave no rows to train on",
        "data.split.test + data.split.valid < 1",
        "data.split.test=0.2 data.split.valid=0.2",
    )


def fold_is_given(config: Config) -> UserError | None:
    """`data.split.folds` needs `data.split.fold`, which is below it; `-m` runs all folds."""
    folds, fold = config.data.split.folds, config.data.split.fold
    if folds is None and fold is None:
        return None
    if folds is None:
        return UserError(
            f"data.split.fold={fold} without data.split.folds",
            "data.split.fold goes with data.split.folds, the number of folds",
            f"data.split.folds={max(5, (fold or 0) + 1)}",
        )
    if fold is None:
        return UserError(
            f"data.split.folds={folds} without data.split.fold, the one that validates",
            f"data.split.fold is 0 to {folds - 1} in a single run; with -m all of them are run",
            f"data.split.folds={folds} data.split.fold=0",
        )
    if fold >= folds:
        return UserError(
            f"data.split.fold={fold} with data.split.folds={folds}",
            f"folds are counted from 0: data.split.fold is 0 to {folds - 1}",
            f"data.split.fold={folds - 1}",
        )
    return None


def split_column_is_given(config: Config) -> UserError | None:
    """`data.split.method` group, time and column need `data.split.by`, and random none."""
    split = config.data.split
    if split.method == "random" and split.by:
        return UserError(
            f"data.split.by={literal(split.by)} is not used by data.split.method=random",
            "data.split.by goes with data.split.method=group, time or column",
            f"data.split.method=group data.split.by={literal(split.by)}",
        )
    missing = split.method != "random" and not split.by
    if not missing or (split.method == "column" and _has_test_file(config)):
        return None
    name = {"group": "patient", "time": "date", "column": "part"}[split.method]
    return UserError(
        f"data.split.method={split.method} without data.split.by",
        f"data.split.by names the {split.method if split.method != 'column' else 'split'} column",
        f"data.split.by={name}",
    )


def columns_have_one_part(config: Config) -> UserError | None:
    """No column is target, dropped and split column at once, or numeric and categorical."""
    data = config.data
    if data.target in data.drop:
        return UserError(
            f"data.target={literal(data.target)} is also in data.drop",
            "the target is kept out of the features by itself",
            f"data.drop={literal([n for n in data.drop if n != data.target])}",
        )
    both = [name for name in data.numeric if name in data.categorical]
    if both:
        return UserError(
            f"column {both[0]!r} is in data.numeric and in data.categorical",
            "a column is read one way",
            f"data.numeric={literal([n for n in data.numeric if n not in both])}",
        )
    if data.target is not None and data.split.by == data.target:
        return UserError(
            f"data.split.by={literal(data.split.by)} is the target",
            "data.split.by names another column than data.target",
            "data.split.method=random data.split.by=null",
        )
    return None


def sentinels_are_numbers(config: Config) -> UserError | None:
    """Each item of `data.sentinels` is a column, `=` and a number."""
    try:
        read_sentinels(config.data.sentinels)
    except UserError as error:
        return error
    return None


def made_table_is_possible(config: Config) -> UserError | None:
    """`data=classification`: informative + redundant <= features; a weight for each class."""
    data = config.data
    if not isinstance(data, ClassificationConfig):
        return None
    used = data.informative + data.redundant
    if used > data.features:
        return UserError(
            f"data.informative={data.informative} and data.redundant={data.redundant} are more "
            f"than data.features={data.features}",
            "data.informative + data.redundant <= data.features",
            f"data.features={used}",
        )
    if data.weights and (len(data.weights) != data.classes or sum(data.weights) <= 0):
        return UserError(
            f"data.weights={literal(data.weights)} with data.classes={data.classes}",
            "data.weights is empty or holds a share for each class, not all 0",
            f"data.weights={literal([round(1 / data.classes, 3)] * data.classes)}",
        )
    return None


def _has_test_file(config: Config) -> bool:
    """Whether the source brings test rows of its own, so that `data.split.test` is not used."""
    data = config.data
    if isinstance(data, CsvConfig):
        return bool(data.test_path)
    return isinstance(data, IdxConfig) and bool(data.path or data.test_images)
