"""What a loop makes of its model's outputs before it hands them to `step`: probabilities, say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from nnexp.loop.looker import Call
from nnexp.loop.record import APPLIED
from nnexp.loop.returned import Path

# relative and absolute: of half precision, and of probabilities near 0
CLOSE, ROUNDING = 1e-3, 1e-6


def handed(calls: Sequence[Call], given: Tensor, path: Path) -> str | None:
    """By its name in `APPLIED` what makes `given` of what the model has returned for that batch.

    Arguments:
        calls: of the model of late, the last first.
        given: to `step`.
        path: to the tensor that is meant of those that the model returns.

    Returns:
        "" for the output as it is; None where nothing that is known makes it of any of them.
    """
    pairs = product(APPLIED, calls)
    return next((name for name, call in pairs if makes(call, path, name, given)), None)


def makes(call: Call, path: Path, name: str, given: Tensor) -> bool:
    """Whether `APPLIED[name]` makes a tensor of what a call gave, but for rounding."""
    raw = next((own for way, own in call.leaves if way == path), call.leaves[0][1])
    if not given.is_floating_point() or given.layout is not torch.strided:
        return False
    try:
        made = APPLIED[name](raw)
    except (RuntimeError, IndexError):  # of a shape that has no such axis
        return False
    if made.shape != given.shape:
        return False
    a, b = made.double().cpu(), given.detach().double().cpu()
    return torch.allclose(a, b, CLOSE, ROUNDING, equal_nan=True)
