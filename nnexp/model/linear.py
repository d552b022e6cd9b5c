"""Linear layers of a stack: K matrix products, forward and backward.

The library takes another path for one member than for several, with other roundings, where a
product has a side of length one, and in bfloat16 by the size of all members' products together.
Here the path is chosen by one member's sizes alone.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nnexp.model.products import are_quick, multiply

# multiplications of one product; up to here oneDNN takes products of bfloat16 or leaves them by
# how many there are (16^3 in ATen/native/mkldnn/Matmul.cpp)
SMALL = 16**3


def linear(h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`h @ weight + bias`.

    Arguments:
        h: (K, B, in).
        weight: (K, in, out).
        bias: (K, 1, out).

    Returns:
        (K, B, out).
    """
    if weight.size(2) == 1:
        return (h * weight.transpose(1, 2)).sum(2, keepdim=True) + bias
    if weight.size(1) == 1:
        return torch.addcmul(bias, h, weight)
    if h.size(1) == 1:
        return linear(_twice(h), weight, bias)[:, :1].contiguous()
    if are_quick(h, weight):
        out = bias.expand(-1, h.size(1), -1).contiguous()
        multiply(h, weight, out, add=True)
        return out
    if h.dtype is torch.bfloat16 and _is_uneven(h, weight):
        return torch.baddbmm(bias.float(), h.float(), weight.float()).to(h.dtype)
    return torch.baddbmm(bias, h, weight)


def weight_gradient(h: Tensor, d: Tensor, out: Tensor) -> None:
    """Write the gradient by the weight, (K, in, out), from that by the layer's output.

    Arguments:
        h: what entered the layer, (K, B, in).
        d: the gradient by what left it, (K, B, out).
        out: (K, in, out), written.
    """
    if d.size(2) == 1:
        torch.sum(h * d, 1, out=out[:, :, 0])
    elif h.size(2) == 1:
        torch.sum(h * d, 1, out=out[:, 0])
    elif h.size(1) == 1:
        torch.mul(h.transpose(1, 2), d, out=out)
    elif are_quick(h, d):
        multiply(h, d, out, turn_a=True)
    elif h.dtype is torch.bfloat16 and _is_uneven(h.transpose(1, 2), d):
        out.copy_(torch.bmm(h.transpose(1, 2).float(), d.float()))
    elif not out.is_contiguous():  # the library would multiply one by one
        out.copy_(torch.bmm(h.transpose(1, 2), d))
    else:
        torch.bmm(h.transpose(1, 2), d, out=out)


def input_gradient(d: Tensor, weight: Tensor) -> Tensor:
    """The gradient (K, B, in) by what entered the layer, from that by what left it (K, B, out)."""
    if weight.size(2) == 1:
        return d * weight.transpose(1, 2)
    if weight.size(1) == 1:
        return (d * weight).sum(2, keepdim=True)
    if d.size(1) == 1:
        return input_gradient(_twice(d), weight)[:, :1].contiguous()
    if are_quick(d, weight):
        out = d.new_empty(len(d), d.size(1), weight.size(1))
        multiply(d, weight, out, turn_b=True)
        return out
    turned = weight.transpose(1, 2)
    if d.dtype is torch.bfloat16 and _is_uneven(d, turned):
        return torch.bmm(d.float(), turned.float()).to(d.dtype)
    return torch.bmm(d, turned)


def _twice(rows: Tensor) -> Tensor:
    """A batch of one row (K, 1, H) as one of two."""
    return torch.cat((rows, rows), 1)


def _is_uneven(a: Tensor, b: Tensor) -> bool:
    """Whether the path of `a @ b`, (K, M, N) @ (K, N, O) in bfloat16, would depend on K."""
    return a.device.type == "cpu" and a.size(1) * a.size(2) * b.size(2) <= SMALL
