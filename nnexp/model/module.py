"""A torch.nn.Module of the user's own in a built-in model's place.

Each member's parameters are laid out in its row of theta like those of a built-in model, so
penalties, optimizers, saving and scores work alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nnexp.model import vmapped
from nnexp.model.draws import seeded
from nnexp.model.layout import Layout
from nnexp.model.module_stack import ModuleStack
from nnexp.seeds import torch_seed


class ModuleModel:
    """The architecture that a user's module defines.

    Parameters of two or more dimensions count as weight matrices, and those of one as biases.
    Frozen parameters (`requires_grad=False`) stay as they are and are saved like buffers.

    Arguments:
        factory: makes a fresh module; its parameters are drawn from torch's global generator,
            which is seeded for the call and restored after it.
        inputs: D, the width of its inputs, on which input dropout acts.
        outputs: C, the width that its output is expected to have.

    Attributes:
        tied: whether some of its parameters or buffers are one and the same.
        why_not_stacked: one line on why members go through the module one after another; None
            where they go together. A member's result is the same in a stack of any size.
    """

    embedding = None

    def __init__(self, factory: Callable[[], nn.Module], inputs: int, outputs: int) -> None:
        self.factory = factory
        self.outputs = outputs
        self.dropout_widths = (inputs,)
        self.module = self._make(0)
        trained, kept = _tensors(self.module)
        self.layout = Layout(
            (name, tuple(value.shape), "weight" if value.dim() > 1 else "bias")
            for name, value in trained.items()
        )
        self.buffers = Layout((name, tuple(value.shape), "norm") for name, value in kept.items())
        named = [
            *self.module.named_parameters(remove_duplicate=False),
            *self.module.named_buffers(remove_duplicate=False),
        ]
        self.tied = len({id(value) for _, value in named}) < len(named)
        # counters stay whole numbers; all else has theta's dtype
        self.kinds = {n: v.dtype for n, v in kept.items() if not v.is_floating_point()}
        self._passes: dict[tuple[Any, ...], vmapped.Passes] = {}
        self._tried = self._make(0)  # a module of its own: what trials leave in it reaches no run
        self.why_not_stacked = vmapped.why_not(
            lambda: self._trial(torch.zeros(()), torch.Size((vmapped.ROWS, inputs)))
        )

    def passes(self, x: Tensor, like: Tensor, training: bool) -> vmapped.Passes:
        """How batches of the shape of `x` (K, B, D) go through the module.

        Arguments:
            x: a batch.
            like: a tensor of theta's dtype and device.
            training: whether there is a backward pass.
        """
        key = (x.shape[1:], like.dtype, like.device, training)
        if key not in self._passes:
            self._passes[key] = vmapped.passes(self._trial(like, x.shape[1:]), training)
        return self._passes[key]

    def _trial(self, like: Tensor, shape: torch.Size) -> vmapped.Trial:
        """A few members and a batch of some shape (B, D)."""
        theta, buffers = self.initial(range(vmapped.TRIED), like.dtype)
        random = torch.Generator().manual_seed(0)
        # biases of 0 and gains of 1 would hide how kernels round
        theta += 0.3 * torch.randn(theta.shape, generator=random, dtype=like.dtype)
        trained = {
            name: value.to(like.device).requires_grad_()
            for name, value in self.layout.views(theta).items()
        }
        x = torch.randn(vmapped.TRIED, *shape, generator=random, dtype=like.dtype)
        kept = self.running(buffers.to(like.device))
        tried = self._tried.to(like.device)
        return vmapped.Trial(tried, trained, kept, x.to(like.device), self.tied)

    def running(self, buffers: Tensor) -> dict[str, Tensor]:
        """Copies (K, *shape) of what is kept in `buffers` (K, Q), by name, in its own dtype."""
        return {
            name: value.to(self.kinds.get(name, value.dtype), copy=True)
            for name, value in self.buffers.views(buffers).items()
        }

    def fresh(self, device: torch.device) -> nn.Module:
        """A module that has run nothing, of which plain attributes are used and no parameters.

        It is made anew: in a copy, a function that the module has made of itself would still be
        about the module copied.
        """
        made = self._make(0)
        for own, shared in zip(made.parameters(), self.module.parameters(), strict=False):
            own.data = shared.data  # no memory of its own for what is not read
        return made.to(device)

    @property
    def layers(self) -> list[str]:
        """Names of the weight matrices without `.weight`, in the module's order."""
        return [slot.name.removesuffix(".weight") for slot in self.layout.matrices]

    def initial(self, seeds: Sequence[int], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Initial theta (K, P) and buffers (K, Q), the module's own for each of `seeds`."""
        theta = torch.zeros(len(seeds), self.layout.size, dtype=dtype)
        buffers = torch.zeros(len(seeds), self.buffers.size, dtype=dtype)
        values, running = self.layout.views(theta), self.buffers.views(buffers)
        for member, seed in enumerate(seeds):
            trained, kept = _tensors(self._make(seed))
            for name, value in trained.items():
                values[name][member] = value
            for name, value in kept.items():
                running[name][member] = value
        return theta, buffers

    def bind(
        self,
        theta: Tensor,
        buffers: Tensor,
        grad: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> ModuleStack:
        """The stack that computes with these rows; see `ModuleStack`."""
        return ModuleStack(self, theta, buffers, grad, dtype)

    def _make(self, seed: int) -> nn.Module:
        with seeded(torch_seed(seed, "init")):
            return self.factory()


def _tensors(module: nn.Module) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """What is trained, and what is kept beside it: buffers and frozen parameters, by name."""
    parameters = dict(module.named_parameters())
    trained = {n: value.detach() for n, value in parameters.items() if value.requires_grad}
    frozen = {n: value.detach() for n, value in parameters.items() if not value.requires_grad}
    return trained, {**dict(module.named_buffers()), **frozen}
