"""Linear layers of a stack: K matrix products, forward and backward.

The library takes another path for one member than for several, with other roundings, where a
product has a side of length one, and in bfloat16 by the size of all members' products together.
Here the path is chosen by one member's sizes alone.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nnexp.model.products import (
    Operand,
    Product,
    are_taken,
    is_quicker,
    multiply,
    rounds_rows_alike,
)

# multiplications of one product; up to here oneDNN takes products of bfloat16 or leaves them by
# how many there are (16^3 in ATen/native/mkldnn/Matmul.cpp)
SMALL = 16**3


class Linear:
    """A linear layer of a stack: its forward pass and the two halves of its backward pass.

    Arguments:
        weight, bias: (K, in, out) and (K, 1, out), views of theta.
        weight_grad: where the gradient by the weight is written; None for a layer that only
            predicts.
    """

    def __init__(self, weight: Tensor, bias: Tensor, weight_grad: Tensor | None) -> None:
        self.weight, self.bias, self.weight_grad = weight, bias, weight_grad

    def forward(self, h: Tensor) -> Tensor:
        """`h @ weight + bias`, (K, B, out), of h (K, B, in)."""
        return linear(h, self.weight, self.bias)

    def weight_gradient(self, h: Tensor, d: Tensor) -> None:
        """Write the gradient by the weight; h (K, B, in) went in, d (K, B, out) is the gradient."""
        assert self.weight_grad is not None
        weight_gradient(h, d, self.weight_grad)

    def input_gradient(self, d: Tensor) -> Tensor:
        """The gradient (K, B, in) by what went in, from that by what came out (K, B, out)."""
        return input_gradient(d, self.weight)


class PreparedLinear(Linear):
    """A linear layer with the products of a step prepared, for batches of one size.

    A step of a small network is short: looking at the operands, asking for memory and converting
    the arguments of a foreign call take longer than its products. What it returns is overwritten by
    the next step. Products of a size at which OpenBLAS is no quicker are left to PyTorch.

    Arguments:
        layer: the layer, with a `weight_grad`.
        h: a batch (K, B, in); `is_preparable` holds for it.
        keeps: return another tensor from each `forward`.
        spare: where the gradient by the input is written, (K, B, in), not that by the output: two
            for all layers stay in the processor's cache. None for a layer nobody asks for it.
    """

    def __init__(self, layer: Linear, h: Tensor, *, keeps: bool, spare: Tensor | None) -> None:
        super().__init__(layer.weight, layer.bias, layer.weight_grad)
        assert layer.weight_grad is not None
        self._keeps = keeps
        rows, inner, columns = h.size(1), h.size(2), layer.weight.size(2)
        self._out = h.new_empty(len(h), rows, columns)
        self._h, self._d = Operand(h), Operand(self._out)
        self._result, weight = Operand(self._out), Operand(layer.weight)
        self._forward = self._by_weight = self._by_input = None
        if is_quicker(rows, inner, columns):
            self._forward = Product(self._h, weight, self._result, add=True)
        if is_quicker(inner, rows, columns):
            by_weight = Operand(layer.weight_grad)
            self._by_weight = Product(self._h, self._d, by_weight, turn_a=True)
        self._spare = spare
        if spare is not None and is_quicker(rows, columns, inner, turn_b=True):
            self._by_input = Product(self._d, weight, Operand(spare), turn_b=True)

    def forward(self, h: Tensor) -> Tensor:
        out = torch.empty_like(self._out) if self._keeps else self._out
        if self._forward is None:
            return torch.baddbmm(self.bias, h, self.weight, out=out)
        if h is not self._h.matrices:
            self._h.point_at(h)
        if self._keeps:
            self._result.point_at(out)
        out.copy_(self.bias)
        self._forward()
        return out

    def weight_gradient(self, h: Tensor, d: Tensor) -> None:
        if self._by_weight is None:
            super().weight_gradient(h, d)
            return
        if h is not self._h.matrices:
            self._h.point_at(h)
        if d is not self._d.matrices:
            self._d.point_at(d)
        self._by_weight()

    def input_gradient(self, d: Tensor) -> Tensor:
        assert self._spare is not None
        if self._by_input is None:
            return torch.bmm(d, self.weight.transpose(1, 2), out=self._spare)
        if d is not self._d.matrices:
            self._d.point_at(d)
        self._by_input()
        return self._spare


def is_preparable(h: Tensor, weight: Tensor) -> bool:
    """Whether a `PreparedLinear` takes batches like h (K, B, in)."""
    return min(*h.shape[1:], weight.size(2)) > 1 and are_taken(h, weight)


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
    if rounds_rows_alike() and are_taken(h, weight):  # outputs of rows are predictions, too
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
    elif is_quicker(h.size(2), h.size(1), d.size(2)) and are_taken(h, d):
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
    if is_quicker(d.size(1), d.size(2), weight.size(1), turn_b=True) and are_taken(d, weight):
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
