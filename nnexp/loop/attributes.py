"""Plain attributes of models and losses, such as a counter of calls, that are put back."""

from __future__ import annotations

import inspect
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

MOST = 4096  # items of a list or numbers of a tensor that are copied
INTERNAL = frozenset(vars(nn.Module()))  # attributes that each module has, its mode among them


@contextmanager
def same_attributes(owners: Iterable[Any]) -> Iterator[None]:
    """Put the attributes of objects back as they were.

    Names stand for what they stood for, and those that are new are gone; short lists, deques,
    dicts and sets have the items that they had, small tensors their numbers, and generators of
    random numbers their state. What lies deeper is not touched.

    Arguments:
        owners: objects with attributes, as of `owners_of`; cells of a closure.
    """
    with ExitStack() as stack:
        for own in owners:
            if isinstance(own, CELL):
                stack.callback(_put_cell, own, own.cell_contents)
            else:
                held = vars(own)
                before = {n: value for n, value in held.items() if n not in INTERNAL}
                stack.callback(_put_names, held, before)
                for value in before.values():
                    back = _inside(value)
                    if back is not None:
                        stack.callback(back)
        yield


def owners_of(function: Any) -> list[Any]:
    """The objects whose attributes a model or a loss may keep account of its calls with.

    Those are modules that are not of torch itself, an object that is called or whose method is,
    a function and the variables that it shares with the one around it, and what these hold that
    is called itself.
    """
    if isinstance(function, nn.Module):
        return [own for own in function.modules() if not _is_of_torch(own)]
    bound = getattr(function, "__self__", None)
    if bound is not None and not inspect.ismodule(bound) and not inspect.isclass(bound):
        return owners_of(bound) if isinstance(bound, nn.Module) else _with_names(bound)
    inner = getattr(function, "func", None)  # of functools.partial
    if callable(inner):
        return owners_of(inner)
    if not inspect.isfunction(function):
        return _with_names(function)
    known = inspect.getclosurevars(function)
    within = [*known.nonlocals.values(), *known.globals.values()]
    called = [own for own in within if callable(own) and not _is_code(own)]
    cells = [own for own in function.__closure__ or () if _is_plain(own)]
    return [function, *cells, *(one for own in called for one in owners_of(own))]


CELL = type((lambda own: lambda: own)(0).__closure__[0])  # type: ignore[index]


def _with_names(own: Any) -> list[Any]:
    return [own] if isinstance(getattr(own, "__dict__", None), dict) and not _is_code(own) else []


def _is_code(own: Any) -> bool:
    return inspect.isroutine(own) or inspect.isclass(own) or inspect.ismodule(own)


def _is_of_torch(own: nn.Module) -> bool:
    """Whether a module's class is of torch, which keeps account in buffers alone."""
    return type(own).__module__.partition(".")[0] == "torch"


def _is_plain(cell: Any) -> bool:
    try:
        held = cell.cell_contents
    except ValueError:  # not filled yet
        return False
    return isinstance(held, (bool, int, float, complex, str, np.generic, type(None)))


def _put_cell(cell: Any, value: Any) -> None:
    cell.cell_contents = value


def _put_names(held: dict[str, Any], before: dict[str, Any]) -> None:
    for name in [name for name in held if name not in before and name not in INTERNAL]:
        del held[name]
    held.update(before)


def _inside(value: Any) -> Callable[[], Any] | None:
    """What puts back the inside of a value; None where it has none that could change."""
    if isinstance(value, torch.Generator):
        state = value.get_state()
        return lambda: value.set_state(state)
    if isinstance(value, np.random.Generator):
        inner, bits = value.bit_generator, value.bit_generator.state
        return lambda: setattr(inner, "state", bits)
    if isinstance(value, np.random.RandomState):
        drawn = value.get_state()
        return lambda: value.set_state(drawn)
    if isinstance(value, random.Random):
        of_python = value.getstate()
        return lambda: value.setstate(of_python)
    if isinstance(value, Tensor):
        return _numbers(value)
    if type(value) in (list, dict, set, deque) and len(value) <= MOST:
        return _items(value, type(value)(value))
    return None


def _numbers(value: Tensor) -> Callable[[], Any] | None:
    if value.requires_grad or value.layout is not torch.strided or value.numel() > MOST:
        return None
    kept, version = value.clone(), value._version
    return lambda: value._version == version or value.copy_(kept)


def _items(value: Any, kept: Any) -> Callable[[], Any]:
    def back() -> None:
        value.clear()
        (value.update if isinstance(value, (dict, set)) else value.extend)(kept)

    return back
