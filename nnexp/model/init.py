"""Initial weights by name.

Sources: kaiming, He et al. 2015; xavier, Glorot & Bengio 2010; lecun, LeCun et al. 1998 and
Klambauer et al. 2017 (selu); orthogonal, Saxe et al. 2014; torch,
`torch.nn.Linear.reset_parameters`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

AUTO = {
    "relu": "kaiming_uniform",
    "leaky_relu": "kaiming_uniform",
    "gelu": "kaiming_uniform",
    "silu": "kaiming_uniform",
    "selu": "lecun_normal",
    "tanh": "xavier_uniform",
    "sigmoid": "xavier_uniform",
    "identity": "xavier_uniform",
}


def initial_weight(
    name: str,
    shape: tuple[int, int],
    generator: torch.Generator,
    *,
    scale: float = 1.0,
    activation: str = "identity",
) -> Tensor:
    """One weight matrix.

    Arguments:
        name: a name of the schema's `INITS`. `auto` takes what suits the activation: kaiming for
            relu and its kin, lecun for selu, xavier for tanh, sigmoid and the last layer.
        shape: (inputs, outputs).
        generator: a CPU generator; the only source of randomness.
        scale: a factor on the drawn weights. `normal` is then N(0, scale^2), `uniform` is
            U(-scale, scale), and `constant` is the scale itself.
        activation: the activation that follows; used by `auto` and kaiming's gain.

    Returns:
        Tensor (inputs, outputs), float32.
    """
    fan_in, fan_out = shape
    if name == "auto":
        name = AUTO[activation]

    def uniform(bound: float) -> Tensor:
        return torch.empty(shape).uniform_(-bound, bound, generator=generator)

    def normal(std: float) -> Tensor:
        return torch.empty(shape).normal_(0.0, std, generator=generator)

    gain = 1.0 if activation in ("identity", "sigmoid", "tanh") else math.sqrt(2.0)
    match name:
        case "torch":
            weight = uniform(1 / math.sqrt(fan_in))
        case "kaiming_uniform":
            weight = uniform(gain * math.sqrt(3 / fan_in))
        case "kaiming_normal":
            weight = normal(gain / math.sqrt(fan_in))
        case "xavier_uniform":
            weight = uniform(math.sqrt(6 / (fan_in + fan_out)))
        case "xavier_normal":
            weight = normal(math.sqrt(2 / (fan_in + fan_out)))
        case "lecun_normal":
            weight = normal(1 / math.sqrt(fan_in))
        case "orthogonal":
            weight = torch.nn.init.orthogonal_(torch.empty(shape), generator=generator)
        case "normal":
            weight = normal(1.0)
        case "uniform":
            weight = uniform(1.0)
        case "constant":
            weight = torch.ones(shape)
        case "zeros":
            weight = torch.zeros(shape)
        case _:
            raise ValueError(f"Expected a known initialisation. Received: name={name!r}")
    return weight.mul_(scale)


def initial_bias(
    name: str, shape: tuple[int, int], generator: torch.Generator, value: float = 0.0
) -> Tensor:
    """The bias (outputs,) float32 of a layer: `value`, and for `torch` its uniform draw on top."""
    fan_in, fan_out = shape
    bias = torch.full((fan_out,), value)
    if name == "torch":
        bound = 1 / math.sqrt(fan_in)
        bias += torch.empty(fan_out).uniform_(-bound, bound, generator=generator)
    return bias
