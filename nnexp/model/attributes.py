"""What a module keeps in plain attributes, read before and after a call to see what it changes.

A module may count its calls, remember a tensor, or draw from a generator of its own; no state dict
holds any of it.
"""

from __future__ import annotations

import io
import pickle
import types
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

BY_IDENTITY = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)


class Written:
    """What an attribute held at some moment.

    Arguments:
        value: the attribute's.
        known: ids of modules whose own attributes are read beside it.
    """

    def __init__(self, value: Any, known: frozenset[int]) -> None:
        file = io.BytesIO()
        writer = _Writer(file, known)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what pickle will no longer take one day
                writer.dump(value)
            self.written: bytes | int = file.getvalue()
        except Exception:  # a lock, an open file
            self.written = id(value)
        self._held = (value, writer.held)  # an id is of one object only while it lives

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written) and self.written == other.written

    __hash__ = None  # type: ignore[assignment]


class _Writer(pickle.Pickler):
    """Numbers and containers by value; tensors, functions and known modules by which they are."""

    def __init__(self, file: io.BytesIO, known: frozenset[int]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.held: list[Any] = []
        self._known = known

    def persistent_id(self, value: Any) -> tuple[int, int] | None:
        version = 0
        if isinstance(value, Tensor):
            try:
                version = value._version  # grows with every change in place
            except RuntimeError:  # of inference mode
                version = 0
        elif not isinstance(value, BY_IDENTITY) and id(value) not in self._known:
            return None
        self.held.append(value)
        return id(value), version


def attributes(module: nn.Module) -> dict[str, Written]:
    """All that a module and the modules in it hold, by dotted name, tensors by which they are."""
    modules = dict(module.named_modules())
    known = frozenset(map(id, modules.values()))
    return {
        f"{place}.{name}" if place else name: Written(value, known)
        for place, own in modules.items()
        for name, value in _by_name(own)
    }


def _by_name(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """The attributes of a module as its code calls them, those that torch keeps apart, too."""
    for name, value in vars(module).items():
        if name in ("_buffers", "_parameters", "_modules"):
            yield from value.items()
        else:
            yield name, value


def changed(before: Mapping[str, Written], after: Mapping[str, Written]) -> str | None:
    """The name of an attribute that is another one or holds something else; None where none is."""
    for name in (*before, *after):
        if name not in before or name not in after or before[name] != after[name]:
            return name
    return None
