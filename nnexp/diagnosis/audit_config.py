"""The configuration of an audit, from overrides and keyword arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from nnexp.config.check import check_section
from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.sources import CsvConfig
from nnexp.data.names import nearest_column
from nnexp.diagnosis.overrides import override
from nnexp.errors import UserError

NAMES = ("drop", "numeric", "categorical", "by")  # settings whose texts are names of columns


def audit_config(
    overrides: Sequence[str], target: str | None, options: Mapping[str, Any]
) -> DataConfig:
    """The `data` section of an audit.

    Arguments:
        overrides: as on the command line.
        target: the column of the labels; None for the overrides'.
        options: field -> value, set after the overrides.

    Raises:
        UserError: there is no such setting, or it has no such value.
    """
    config = _composed(overrides, target) if overrides else CsvConfig()
    _set(config, options, "data")
    check_section(config, "data")
    return config


def _composed(overrides: Sequence[str], target: str | None) -> DataConfig:
    from nnexp.config.compose import compose

    if isinstance(overrides, str):
        raise UserError(
            f"overrides are one text, {overrides!r}",
            "a list with a text for each override",
            f"nnexp.audit(frame, overrides={overrides.split()!r})",
        )
    source = ["data=csv", "data.path=table.csv"]  # which no configuration of a table goes without
    if target is not None:
        source.append(override("data.target", target))
    return compose([*source, *overrides]).data


def _set(section: Any, options: Mapping[str, Any], prefix: str) -> None:
    """Set fields of a configuration by name, those of a section from a mapping."""
    names = [item.name for item in fields(section)]
    for name, value in options.items():
        if name not in names:
            raise UserError(
                f"{prefix}.{name} is no setting",
                f"one of {', '.join(names)}",
                _with_value(f"{prefix}.{nearest_column(name, names)}", value),
            )
        own = getattr(section, name)
        if is_dataclass(own) and not is_dataclass(value):
            if not isinstance(value, Mapping):
                first = fields(own)[0].name
                given = value if isinstance(value, str) else getattr(own, first)
                raise UserError(
                    f"{prefix}.{name} cannot be {value!r}",
                    f"a mapping of {', '.join(item.name for item in fields(own))}",
                    f"{name}={{{first!r}: {given!r}}}",
                )
            _set(own, value, f"{prefix}.{name}")
        elif name == "sentinels" and isinstance(value, Mapping):
            setattr(section, name, _sentinels(value))
        elif name in NAMES:
            setattr(section, name, _named(value))
        else:
            setattr(section, name, list(value) if isinstance(value, tuple) else value)


def _named(given: Any) -> Any:
    """Names of columns, or one, as texts where pandas numbers them.

    >>> _named((0, "a")), _named(3), _named(None)
    (['0', 'a'], '3', None)
    """
    if isinstance(given, list | tuple):
        return [_named(own) for own in given]
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    return str(given) if whole else given


def _with_value(key: str, value: Any) -> str:
    """A setting with a value, where that can be typed; else its name."""
    simple = isinstance(value, str | int | float) or value is None
    return override(key, value) if simple else key


def _sentinels(numbers: Mapping[Any, Any]) -> list[str]:
    """The texts `column=number` for a number by column, or several; they are read later on.

    >>> _sentinels({"age": -1, "blood sugar": [0, 999]})
    ['age=-1', 'blood sugar=0', 'blood sugar=999']
    """
    return [
        f"{column}={number}"
        for column, given in numbers.items()
        for number in (
            given if isinstance(given, Iterable) and not isinstance(given, str) else [given]
        )
    ]
