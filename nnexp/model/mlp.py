"""The architecture of multilayer perceptrons: layers, parameters and how they start.

A hidden layer is linear, norm, activation, dropout and, with `skip`, the addition of its input.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from nnexp.errors import UserError
from nnexp.model.embedding import Embedding
from nnexp.model.init import initial_bias, initial_weight
from nnexp.model.layout import Layout
from nnexp.model.mlp_stack import MLPStack
from nnexp.seeds import torch_seed


class MLP:
    """The architecture of a perceptron: what all members of a stack share.

    Arguments:
        inputs: D, numeric inputs.
        outputs: C, width of the last layer.
        hidden: widths of the hidden layers; empty for a linear model.
        levels: learned vectors for each column of codes; empty where there are none.
        embedding_size: length of a learned vector.
        activation: a name in `ACTIVATIONS`.
        norm: `none`, `batch` or `layer`.
        skip: add a hidden layer's input to its output where both have the same width.
        init, init_scale, bias_init: see `initial_weight` and `initial_bias`.

    Attributes:
        layout: the parameters of a row of theta.
        buffers: the running statistics of a row; no parameter, but saved with the weights.

    Raises:
        UserError: `init_scale` or `bias_init` is more than a weight can be.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        hidden: Sequence[int] = (),
        *,
        levels: Sequence[int] = (),
        embedding_size: int = 8,
        activation: str = "relu",
        norm: str = "none",
        skip: bool = False,
        init: str = "auto",
        init_scale: float = 1.0,
        bias_init: float = 0.0,
    ) -> None:
        self.inputs, self.outputs, self.hidden = inputs, outputs, tuple(hidden)
        self.embedding = Embedding(levels, embedding_size) if levels else None
        self.activation, self.norm, self.skip = activation, norm, skip
        self.init = init
        self.init_scale = _within_float32("init_scale", init_scale, 1.0)
        self.bias_init = _within_float32("bias_init", bias_init, 0.0)
        first = inputs + (self.embedding.width if self.embedding else 0)
        self.widths = (first, *self.hidden, outputs)
        parameters: list[tuple[str, tuple[int, ...], str]] = []
        buffers: list[tuple[str, tuple[int, ...], str]] = []
        for layer, (fan_in, fan_out) in enumerate(self.shapes()):
            parameters.append((f"layers.{layer}.weight", (fan_in, fan_out), "weight"))
            parameters.append((f"layers.{layer}.bias", (fan_out,), "bias"))
            if norm != "none" and layer < len(self.hidden):
                parameters.append((f"norms.{layer}.weight", (fan_out,), "norm"))
                parameters.append((f"norms.{layer}.bias", (fan_out,), "norm"))
            if norm == "batch" and layer < len(self.hidden):
                buffers.append((f"norms.{layer}.running_mean", (fan_out,), "norm"))
                buffers.append((f"norms.{layer}.running_var", (fan_out,), "norm"))
        if self.embedding:
            parameters.append(("embedding.weight", self.embedding.shape, "embedding"))
        self.layout = Layout(parameters)
        self.buffers = Layout(buffers)

    def shapes(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each linear layer, first to last."""
        return list(zip(self.widths[:-1], self.widths[1:], strict=True))

    @cached_property
    def layers(self) -> list[str]:
        """The names of the linear layers, first to last, as in the layout without `.weight`."""
        return [f"layers.{layer}" for layer in range(len(self.shapes()))]

    @property
    def dropout_widths(self) -> tuple[int, ...]:
        """Widths of what dropout acts on: the inputs, then each hidden layer."""
        return self.widths[:-1]

    def initial(self, seeds: Sequence[int], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Initial theta (K, P) and buffers (K, Q) on the CPU, one member for each of `seeds`."""
        theta = torch.zeros(len(seeds), self.layout.size, dtype=dtype)
        buffers = torch.zeros(len(seeds), self.buffers.size, dtype=dtype)
        values, running = self.layout.views(theta), self.buffers.views(buffers)
        for member, seed in enumerate(seeds):
            generator = torch.Generator().manual_seed(torch_seed(seed, "init"))
            for layer, shape in enumerate(self.shapes()):
                activation = self.activation if layer < len(self.hidden) else "identity"
                weight = initial_weight(
                    self.init, shape, generator, scale=self.init_scale, activation=activation
                )
                values[f"layers.{layer}.weight"][member] = weight
                bias = initial_bias(self.init, shape, generator, self.bias_init)
                values[f"layers.{layer}.bias"][member] = bias
            if self.embedding:
                values["embedding.weight"][member] = self.embedding.initial(generator)
        for name, value in values.items():
            if name.startswith("norms.") and name.endswith(".weight"):
                value.fill_(1.0)
        for name, value in running.items():
            value.fill_(1.0 if name.endswith("running_var") else 0.0)
        return theta, buffers

    def bind(
        self,
        theta: Tensor,
        buffers: Tensor,
        grad: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> MLPStack:
        """The stack that computes with these rows; see `MLPStack`."""
        return MLPStack(self, theta, buffers, grad, dtype)


def _within_float32(key: str, value: float, default: float) -> float:
    """A number of the initial weights, which are drawn in float32 whatever is computed in."""
    largest = torch.finfo(torch.float32).max
    if abs(value) > largest:
        raise UserError(
            f"model.{key}={value:g} is beyond what a weight holds, a float32",
            f"a number between -{largest:.1e} and {largest:.1e}",
            f"model.{key}={default}",
        )
    return value
