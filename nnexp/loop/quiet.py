"""A call that leaves no trace: what it changes of a model and of random numbers is put back."""

from __future__ import annotations

import inspect
import random
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from nnexp.loop.attributes import owners_of, same_attributes


@contextmanager
def same_draws() -> Iterator[None]:
    """Put the random numbers of torch, NumPy and Python back where they were."""
    state, of_numpy, of_python = torch.get_rng_state(), np.random.get_state(), random.getstate()
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    try:
        yield
    finally:
        torch.set_rng_state(state)
        np.random.set_state(of_numpy)
        random.setstate(of_python)
        if on_gpus is not None:
            torch.cuda.set_rng_state_all(on_gpus)


@contextmanager
def unwarned() -> Iterator[None]:
    """Without warnings.

    `warnings.catch_warnings` does so, too, and makes Python forget which warnings it has shown: the
    loop's own would be shown again and again.
    """
    filters = cast(list[Any], warnings.filters)
    ignore = ("ignore", None, Warning, None, 0)
    filters.insert(0, ignore)
    try:
        yield
    finally:
        filters[:] = [own for own in filters if own is not ignore]


@contextmanager
def same_buffers(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Let modules work on copies of their buffers, such as running means.

    The tensors themselves are not touched: a module may write into a buffer or put another tensor
    in its place, and a backward pass under way that holds one finds it as it was.

    Arguments:
        modules: with their submodules.
    """
    every = {id(one): one for top in modules for one in top.modules()}
    held = [(one, dict(one._buffers.items())) for one in every.values()]
    copies: dict[int, Tensor] = {}  # a buffer that two modules share stays shared
    for one, before in held:
        for name, own in before.items():
            if own is not None:
                one._buffers[name] = copies.setdefault(id(own), own.detach().clone())
    try:
        yield
    finally:
        for one, before in held:
            for name in [name for name in one._buffers if name not in before]:
                del one._buffers[name]
            for name, own in before.items():
                one._buffers[name] = own


@contextmanager
def same_gradients(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Give the parameters of modules back the gradients that they had."""
    held = [(own, own.grad) for one in modules for own in one.parameters()]
    for own, _ in held:
        own.grad = None
    try:
        yield
    finally:
        for own, gradient in held:
            own.grad = gradient


@contextmanager
def quiet(model: nn.Module, training: bool = False) -> Iterator[None]:
    """Without gradients and in evaluation mode (or in training mode), and back to what was.

    Flags are set as they are, and not by `model.eval()`, which a module may have made its own.
    """
    modules = [one for one in model.modules() if one.training != training]
    for one in modules:
        one.training = training
    try:
        held = same_buffers([model]), same_attributes(owners_of(model))
        with same_draws(), held[0], held[1], torch.no_grad():
            yield
    finally:
        for one in modules:
            one.training = not training


def modules_of(function: Any) -> list[nn.Module]:
    """The modules that a loss works with: itself, or what it is bound to or refers to by name.

    >>> sum_of = nn.MSELoss(reduction="sum")
    >>> modules_of(sum_of), modules_of(lambda output, target: sum_of(output, target) / 2)
    ([MSELoss()], [MSELoss()])
    """
    if isinstance(function, nn.Module):
        return [function]
    bound = getattr(function, "__self__", None)
    if isinstance(bound, nn.Module):
        return [bound]
    inner = getattr(function, "func", None)  # of functools.partial
    if callable(inner):
        return modules_of(inner)
    if not inspect.isfunction(function):
        return []
    cells = inspect.getclosurevars(function)
    known = [*cells.nonlocals.values(), *cells.globals.values()]
    return [own for own in known if isinstance(own, nn.Module)]
