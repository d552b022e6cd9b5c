"""Datasets of many runs: each source is read once, and equal choices share one dataset."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import astuple, dataclass, fields
from typing import Any

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.sources import CsvConfig
from nnexp.data.dataset import Dataset, prepare_drafted
from nnexp.data.draft import Draft, draft
from nnexp.data.labelled import Labelled, read_labelled
from nnexp.data.sources import load_table
from nnexp.data.table import Table
from nnexp.errors import UserError

# what `load_table` never reads; a key that is not named here is taken for one that it does
_AFTER_READING = (
    "labels",
    "sentinels",
    "duplicates",
    "scaling",
    "missing",
    "fill_value",
    "neighbors",
    "indicator",
    "encoding",
    "min_frequency",
    "max_levels",
    "numeric",
    "split",
)
# what `draft` never reads
_OF_NUMBERS = ("scaling", "fill_value", "neighbors")
# how the cells of a CSV are read
_FILES_ONLY = ("missing_tokens", "categorical", "decimal")


@dataclass(frozen=True)
class _Refused:
    """A mistake that was found once, without the frames that its traceback holds."""

    wrong: str
    allowed: str
    remedy: str


class Tables:
    """Datasets by their configuration, made as `prepare(load_table(config), config, seed)`.

    A source is read once, whatever becomes of it later: a file that changes meanwhile is not read
    again. Its cells are parsed once for all splits and scalings, and a split is drawn once for all
    scalings; only what is learnt from the train rows is learnt anew. Mistakes are remembered too,
    and raised again.
    """

    def __init__(self) -> None:
        self._tables: dict[Hashable, Table | _Refused] = {}
        self._labelled: dict[Hashable, Labelled | _Refused] = {}
        self._drafts: dict[Hashable, Draft | _Refused] = {}
        self._datasets: dict[Hashable, Dataset | _Refused] = {}

    def prepare(self, config: DataConfig, seed: int = 0, valid_seed: int | None = None) -> Dataset:
        """The dataset of a configuration; the same object for equal configurations and seeds.

        Arguments:
            config: the choices, checked; may be changed afterwards without harm.
            seed: of the split.
            valid_seed: of who validates among the rows that do not test; None for `seed`.

        Returns:
            A dataset whose arrays are shared: they are not to be written to.

        Raises:
            UserError: as `load_table` and `prepare`.
        """
        seeds = seed, seed if valid_seed is None else valid_seed
        return _once(
            self._datasets, (_frozen(config), seeds), lambda: self._prepare(config, *seeds)
        )

    def draft(self, config: DataConfig, seed: int = 0, valid_seed: int | None = None) -> Draft:
        """What is known of a dataset before it is prepared; arguments and errors as `prepare`."""
        valid_seed = seed if valid_seed is None else valid_seed
        key = _frozen_without(config, _OF_NUMBERS), seed, valid_seed
        return _once(
            self._drafts, key, lambda: draft(self.labelled(config), config, seed, valid_seed)
        )

    def labelled(self, config: DataConfig) -> Labelled:
        """The table of a configuration, read and labelled, but not split.

        Raises:
            UserError: as `load_table` and `read_labelled`.
        """
        source = source_key(config)
        table = _once(self._tables, source, lambda: load_table(config))
        reading = (source, *_reading_key(config))
        return _once(self._labelled, reading, lambda: read_labelled(table, config))

    def without_datasets(self) -> Tables:
        """Others that share what is read with these, and hold no dataset yet."""
        other = Tables()
        other._tables, other._labelled = self._tables, self._labelled
        return other

    def _prepare(self, config: DataConfig, seed: int, valid_seed: int) -> Dataset:
        drafted = self.draft(config, seed, valid_seed)
        return prepare_drafted(self.labelled(config), drafted, config, seed)


def _reading_key(config: DataConfig) -> tuple[Hashable, ...]:
    """What `read_labelled` reads of a configuration, besides the table."""
    names = ["labels", "missing_tokens", "sentinels", "duplicates", "decimal", "categorical"]
    if config.duplicates != "keep":  # which columns are compared, and how
        names += ["drop", "numeric"]
    values = [_frozen(getattr(config, name)) for name in names]
    if config.duplicates != "keep" and config.split.method == "column":
        values.append(("split", config.split.by))
    return (config.missing == "none", *values)


def source_key(config: DataConfig) -> Hashable:
    """What `load_table` reads of a configuration: equal for configurations of one table."""
    left_out = {*_AFTER_READING, "drop"}
    split_by = None
    if not isinstance(config, CsvConfig):
        left_out |= {*_FILES_ONLY}
    elif config.test_path is not None:  # a test file may lack columns that are no features
        left_out -= {"drop", "labels"}
        split_by = config.split.by
    return (*_frozen_without(config, left_out), split_by)


def _once(kept: dict[Hashable, Any], key: Hashable, make: Callable[[], Any]) -> Any:
    found = kept.get(key)
    if found is None:
        try:
            found = kept[key] = make()
        except UserError as error:
            kept[key] = _Refused(error.wrong, error.allowed, error.remedy)
            raise
    if isinstance(found, _Refused):
        raise UserError(*astuple(found))
    return found


def _frozen_without(config: DataConfig, left_out: Collection[str]) -> tuple[Hashable, ...]:
    names = [field.name for field in fields(config) if field.name not in left_out]
    return (type(config), *(_frozen(getattr(config, name)) for name in names))


def _frozen(value: Any) -> Hashable:
    if isinstance(value, list | tuple):
        return tuple(map(_frozen, value))
    if hasattr(value, "__dataclass_fields__"):
        return (type(value), *(_frozen(getattr(value, item.name)) for item in fields(value)))
    return value
