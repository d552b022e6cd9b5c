"""Functions whose kernels round by an element's place, applied so that no member notices.

PyTorch computes the exponential functions of a tensor's last few elements with scalar code, which
rounds otherwise than the vector code before it. Which elements are the last ones depends on how
many members stand in the stack, unless each member fills whole vectors or goes alone.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

VECTOR = 32  # elements; a multiple of every vector length in use
WORTH_TURNING = (
    128  # elements of a member's logits, below which two copies cost more than they save
)


def by_member(function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """`function` of tensors (K, ...), elementwise, each member rounded as it would be alone.

    Arguments:
        function: from tensors of equal shape to one of that shape.
        tensors: (K, ...), of equal shape.
    """
    first = tensors[0]
    if rounds_alike(first):
        return function(*tensors)
    members = range(len(first))
    return torch.cat([function(*(value[k : k + 1] for value in tensors)) for k in members])


def rounds_alike(values: Tensor) -> bool:
    """Whether each member of (K, ...) is rounded among the others as it is alone."""
    return len(values) == 1 or values[0].numel() % VECTOR == 0


def softmax(z: Tensor) -> Tensor:
    """`torch.softmax(z, -1)` of (..., B, C), quick for the short rows that logits are."""
    return _over_short_rows(torch.softmax, z)


def log_softmax(z: Tensor) -> Tensor:
    """`torch.log_softmax(z, -1)` of (..., B, C), quick for the short rows that logits are."""
    return _over_short_rows(torch.log_softmax, z)


def _over_short_rows(function: Callable[[Tensor, int], Tensor], z: Tensor) -> Tensor:
    """The kernel for a last axis takes a call for each row; over another axis it is vectorised."""
    if z.shape[-2] * z.shape[-1] < WORTH_TURNING:  # by sizes of one member: K changes nothing
        return function(z, -1)
    return function(z.mT.contiguous(), -2).mT.contiguous()
