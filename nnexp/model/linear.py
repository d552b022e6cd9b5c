"""Linear layers of a stack: K matrix products, forward and backward.

A product with a side of length one takes another path in the library for one member than for
several, with other roundings; it is written as a sum of products instead.
"""

from __future__ import annotations

import torch
from torch import Tensor


def linear(h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`h @ weight + bias`.

    Arguments:
        h: (K, B, in).
        weight: (K, in, out).
        bias: (K, 1, out).

    Returns:
        (K, B, out).
    """
    if weight.shape[2] == 1:
        return (h * weight.transpose(1, 2)).sum(2, keepdim=True) + bias
    if weight.shape[1] == 1:
        return torch.addcmul(bias, h, weight)
    return torch.baddbmm(bias, h, weight)


def weight_gradient(h: Tensor, d: Tensor, out: Tensor) -> None:
    """Write the gradient by the weight, (K, in, out), from that by the layer's output.

    Arguments:
        h: what entered the layer, (K, B, in).
        d: the gradient by what left it, (K, B, out).
        out: (K, in, out), written.
    """
    if d.shape[2] == 1:
        torch.sum(h * d, 1, out=out[:, :, 0])
    elif h.shape[2] == 1:
        torch.sum(h * d, 1, out=out[:, 0])
    else:
        torch.bmm(h.transpose(1, 2), d, out=out)


def input_gradient(d: Tensor, weight: Tensor) -> Tensor:
    """The gradient (K, B, in) by what entered the layer, from that by what left it (K, B, out)."""
    if weight.shape[2] == 1:
        return d * weight.transpose(1, 2)
    if weight.shape[1] == 1:
        return (d * weight).sum(2, keepdim=True)
    return torch.bmm(d, weight.transpose(1, 2))
