"""What `watch` and `step` take, and what they refuse at once."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nnexp.errors import UserError
from nnexp.loop.returned import leaves, tail
from nnexp.loop.table import LoopTable

UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)  # that torch counts nothing in
STEP = "watch.step(loss, logits, target)"


def check_arguments(model: Any, optimizer: Any, loss_fn: Any, factory: Any) -> None:
    """Refuse what is not what its place asks for, as where two arguments have changed places."""
    usual = "nnexp.watch(model, optimizer, loss_fn, train=(X, y), valid=(Xv, yv))"
    if isinstance(model, torch.jit.ScriptModule):
        raise UserError(
            "the model is scripted: what its layers get cannot be seen",
            "the torch.nn.Module that it was made of; a model may be scripted while it is watched",
            usual,
        )
    several = isinstance(optimizer, (list, tuple)) and bool(optimizer)
    steps = all(hasattr(own, "param_groups") for own in (optimizer if several else [optimizer]))
    makes = callable(factory) and not isinstance(factory, nn.Module)
    instance = callable(loss_fn) and not isinstance(loss_fn, type)
    for name, own, fits, allowed in (
        ("model", model, isinstance(model, nn.Module), "a torch.nn.Module"),
        ("optimizer", optimizer, steps, "a torch.optim.Optimizer, or a list of them"),
        ("loss_fn", loss_fn, instance, "a function of output and target"),
        ("factory", factory, factory is None or makes, "a function that makes the model anew"),
    ):
        if not fits:
            raise UserError(f"{name} is of type {type(own).__name__}", allowed, usual)
    if not any(True for _ in model.parameters()):
        raise UserError(
            "the model has no parameters", "a torch.nn.Module with weights", "nn.Linear(4, 3)"
        )


def check_returned(returned: Any, table: LoopTable) -> None:
    """Refuse a model that has several predictions for a row, unless the row has a target for each.

    Arguments:
        returned: of the model, for some rows.
        table: of the loop.
    """
    shapes = [tail(own) for _, own in leaves(returned)]
    if any(len(own) < 2 or own == tail(table.y) for own in shapes):
        return
    first = next(own for _, own in leaves(returned))
    raise UserError(
        f"the model returns a tensor of shape (n, {', '.join(map(str, first.shape[1:]))}): several "
        "predictions for a row",
        "one prediction a row, (n,) or (n, C), or as many as y has targets",
        "watch a model of one token, time step or pixel a row",
    )


def check_step(loss: Any, output: Any, target: Any, returned: Any) -> Tensor:
    """The targets of a step as a tensor.

    Arguments:
        loss, output, target: as they were handed to `step`.
        returned: by the model, for other rows.

    Raises:
        UserError: they are not what their places ask for, or do not fit each other.
    """
    number = isinstance(loss, numbers.Real) or (
        isinstance(loss, (Tensor, np.ndarray)) and math.prod(loss.shape) == 1
    )
    if not number:
        raise UserError(f"loss is {_named(loss)}", "one number, as of loss_fn(output, y)", STEP)
    parts = [own for _, own in leaves(output)]
    if not parts or not all(own.ndim and len(own) for own in parts[:1]):
        raise UserError(f"output is {_named(output)}", "what the model returned for a batch", STEP)
    if not any(own.is_floating_point() for own in parts):
        raise UserError(
            f"output is {_named(output)}: predictions, and not what they are told by",
            "what the model returned for a batch, before argmax or a threshold",
            STEP,
        )
    try:
        given = torch.as_tensor(target)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"target is {_named(target)}", "what the loss got beside the output", STEP
        ) from error
    if given.ndim == 0 or all(len(own) != len(given) for own in parts if own.ndim):
        raise UserError(
            f"output is {_named(output)}, and target {_named(given)}",
            "as many rows in both",
            STEP,
        )
    if given.dtype in UNSIGNED:
        given = given.long()
    known = [own for _, own in leaves(returned)]
    if not {tail(own) for own in parts} & {tail(own) for own in known}:
        raise UserError(
            f"output is {_named(output)}, and the model returns (n, "
            f"{', '.join(map(str, known[0].shape[1:]))})",
            "what the model returned for a batch, with axes of one or without",
            STEP,
        )
    return given


def _named(one: Any) -> str:
    shape = getattr(one, "shape", None)
    if isinstance(shape, tuple):
        kind = "whole numbers" if isinstance(one, Tensor) and not one.is_floating_point() else ""
        shown = f"of shape {tuple(shape)}" + (f", {kind}" if kind else "")
        return f"a {type(one).__name__} {shown}"
    return "None" if one is None else f"a {type(one).__name__}"
