"""Activations of hidden layers, each with its derivative.

Each is a pair (forward, backward): `forward(z) -> h` and `backward(dh, z, h) -> dz`, where `dh`
is the gradient of the loss by `h`. Both work on tensors of any shape and floating dtype. The
derivatives are the kernels that PyTorch's autograd itself calls.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from nnexp.model.elementwise import by_member

aten = torch.ops.aten

Forward = Callable[[Tensor], Tensor]
Backward = Callable[[Tensor, Tensor, Tensor], Tensor]

SELU_ALPHA = 1.6732632423543772848170429916717  # Klambauer et al. 2017, section 2
SELU_SCALE = 1.0507009873554804934193349852946
LEAKY_SLOPE = 0.01


def _selu_backward(dh: Tensor, z: Tensor) -> Tensor:
    return aten.elu_backward(dh, SELU_ALPHA, SELU_SCALE, 1, False, z)


def relu_backward_(dh: Tensor, h: Tensor) -> Tensor:
    """The derivative of relu, written over `dh`."""
    return aten.threshold_backward.grad_input(dh, h, 0, grad_input=dh)


ACTIVATIONS: dict[str, tuple[Forward, Backward]] = {
    "relu": (torch.relu, lambda dh, z, h: aten.threshold_backward(dh, h, 0)),
    "leaky_relu": (
        lambda z: F.leaky_relu(z, LEAKY_SLOPE),
        lambda dh, z, h: aten.leaky_relu_backward(dh, z, LEAKY_SLOPE, False),
    ),
    "gelu": (
        lambda z: by_member(F.gelu, z),
        lambda dh, z, h: by_member(aten.gelu_backward, dh, z),
    ),
    "selu": (lambda z: by_member(torch.selu, z), lambda dh, z, h: by_member(_selu_backward, dh, z)),
    "tanh": (lambda z: by_member(torch.tanh, z), lambda dh, z, h: aten.tanh_backward(dh, h)),
    "sigmoid": (
        lambda z: by_member(torch.sigmoid, z),
        lambda dh, z, h: aten.sigmoid_backward(dh, h),
    ),
    "silu": (
        lambda z: by_member(F.silu, z),
        lambda dh, z, h: by_member(aten.silu_backward, dh, z),
    ),
    "identity": (lambda z: z, lambda dh, z, h: dh),
}
