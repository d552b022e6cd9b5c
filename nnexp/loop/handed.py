"""What a loop makes of its model's outputs before it hands them to `step`: probabilities, say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nnexp.loop.record import APPLIED
from nnexp.loop.returned import Path, tensor_of

# relative and absolute: of half precision, and of probabilities near 0
CLOSE, ROUNDING = 1e-3, 1e-6


def handed(calls: Iterable[Any], given: Tensor, path: Path) -> str | None:
    """By its name in `APPLIED` what makes `given` of what the model has returned for that batch.

    Arguments:
        calls: what the model returned of late, the last first.
        given: to `step`.
        path: to the tensor that is meant of those that the model returns.

    Returns:
        "" for the output as it is; None where nothing that is known makes it of any of them.
    """
    returned = [tensor_of(own, path) for own in calls]
    return next((n for n in APPLIED for own in returned if makes(APPLIED[n](own), given)), None)


def makes(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same numbers, but for rounding."""
    if one.shape != other.shape:
        return False
    a, b = one.detach().double(), other.detach().double()
    return torch.allclose(a, b, CLOSE, ROUNDING, equal_nan=True)
