"""Batch and layer normalisation of a stack, each with its derivative.

Inputs are (K, B, H): K members, B rows, H units. The gain and the shift (K, H) are parameters of
each member. eps and the momentum of the running statistics are PyTorch's defaults.
"""

from __future__ import annotations

import torch
from torch import Tensor

EPS = 1e-5
MOMENTUM = 0.1


class Saved:
    """What a normalisation's backward pass needs of its forward pass."""

    __slots__ = ("normal", "rstd", "training")

    def __init__(self, normal: Tensor, rstd: Tensor, training: bool) -> None:
        self.normal = normal  # (K, B, H)
        self.rstd = rstd  # batch: (K, 1, H); layer: (K, B, 1)
        self.training = training


def batch_norm(
    z: Tensor, gain: Tensor, shift: Tensor, mean: Tensor, var: Tensor, training: bool
) -> tuple[Tensor, Saved]:
    """Normalise each unit over the rows of the batch (Ioffe & Szegedy 2015).

    Arguments:
        z: (K, B, H).
        gain, shift: (K, H).
        mean, var: running statistics (K, H), updated in place while training and used otherwise.
            The variance recorded is the unbiased one. A batch of one row has none, and leaves
            both as they are; PyTorch refuses it.
        training: whether statistics come from the batch.

    Returns:
        The normalised (K, B, H), and what `norm_backward` needs.
    """
    dtype, z = z.dtype, _precise(z)
    if training:
        rows = z.shape[1]
        batch_var, batch_mean = torch.var_mean(z, 1, correction=0, keepdim=True)  # (K, 1, H)
        if rows > 1:
            mean.lerp_(batch_mean.detach().squeeze(1), MOMENTUM)
            var.lerp_(batch_var.detach().squeeze(1) * (rows / (rows - 1)), MOMENTUM)
    else:
        batch_mean, batch_var = mean.unsqueeze(1), var.unsqueeze(1)
    rstd = torch.rsqrt(batch_var + EPS)  # (K, 1, H)
    normal = (z - batch_mean).mul_(rstd)  # (K, B, H)
    return _scale(normal, gain, shift).to(dtype), Saved(normal, rstd, training)


def layer_norm(z: Tensor, gain: Tensor, shift: Tensor) -> tuple[Tensor, Saved]:
    """Normalise each row over its units (Ba et al. 2016); arguments as in `batch_norm`."""
    dtype, z = z.dtype, _precise(z)
    var, mean = torch.var_mean(z, 2, correction=0, keepdim=True)  # (K, B, 1)
    rstd = torch.rsqrt(var + EPS)
    normal = (z - mean).mul_(rstd)
    return _scale(normal, gain, shift).to(dtype), Saved(normal, rstd, True)


def norm_backward(
    dout: Tensor, gain: Tensor, saved: Saved, axis: int, dgain: Tensor, dshift: Tensor
) -> Tensor:
    """The gradient by the input of a normalisation; writes those by gain and shift.

    Arguments:
        dout: (K, B, H), the gradient by the output.
        gain: (K, H).
        saved: from the forward pass.
        axis: the axis that was normalised over: 1 for batch, 2 for layer normalisation.
        dgain, dshift: (K, H), written.

    Returns:
        (K, B, H).
    """
    dtype, dout = dout.dtype, _precise(dout)
    dgain.copy_(torch.sum(dout * saved.normal, 1))
    dshift.copy_(torch.sum(dout, 1))
    dnormal = dout * gain.unsqueeze(1)
    if saved.training:  # the statistics depend on the input as well
        projection = (dnormal * saved.normal).mean(axis, keepdim=True)
        dnormal = dnormal - dnormal.mean(axis, keepdim=True) - saved.normal * projection
    return dnormal.mul_(saved.rstd).to(dtype)


def _precise(value: Tensor) -> Tensor:
    """Statistics of bfloat16 values are taken in float32."""
    return value.float() if value.dtype == torch.bfloat16 else value


def _scale(normal: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    gain, shift = gain.unsqueeze(1).to(normal.dtype), shift.unsqueeze(1).to(normal.dtype)
    return torch.addcmul(shift, normal, gain)
