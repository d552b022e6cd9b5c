"""A torch.nn.Module of the user's own in a stack's place.

Each member's parameters are laid out in its row of theta like those of a built-in model, so
penalties, optimizers, saving and scores work alike; the passes go through `functional_call` and
autograd, member by member.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from nnexp.model.layout import Layout
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

    @property
    def layers(self) -> list[str]:
        """Names of the weight matrices without `.weight`, in the module's order."""
        slots = self.layout.slots.values()
        return [slot.name.removesuffix(".weight") for slot in slots if slot.kind == "weight"]

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
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(torch_seed(seed, "init"))
            return self.factory()


def _tensors(module: nn.Module) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """What is trained, and what is kept beside it: buffers and frozen parameters, by name."""
    parameters = dict(module.named_parameters())
    trained = {n: value.detach() for n, value in parameters.items() if value.requires_grad}
    frozen = {n: value.detach() for n, value in parameters.items() if not value.requires_grad}
    return trained, {**dict(module.named_buffers()), **frozen}


class ModuleStack:
    """K copies of a user's module, bound to their parameters; the methods of `MLPStack`."""

    def __init__(
        self,
        model: ModuleModel,
        theta: Tensor,
        buffers: Tensor,
        grad: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.model = model
        self.theta, self.grad = theta, grad
        self._dtype = dtype if dtype is not None and dtype != theta.dtype else None
        self._values = model.layout.views(theta)
        self._running = model.buffers.views(buffers)
        self._grads = model.layout.views(grad) if grad is not None else {}
        if grad is not None:
            grad.zero_()
        self._module = model.module.to(theta.device)
        # counters stay whole numbers; all else has theta's dtype
        _, kept = _tensors(self._module)
        self._kinds = {n: v.dtype for n, v in kept.items() if not v.is_floating_point()}
        self._leaves: list[dict[str, Tensor]] = []
        self._outputs: list[Tensor] = []
        self._random: list[Tensor] = []

    def seed(self, seeds: Sequence[int]) -> None:
        """Give each member a random stream of its own for the module's dropout.

        Arguments:
            seeds: one for each of the K members. Until the next call `forward` with `training`
                draws member k's numbers from stream k, through torch's global generator.
        """
        random = self._generator()
        self._random = []
        for seed in seeds:
            random.manual_seed(seed)
            self._random.append(random.get_rng_state())

    def _generator(self) -> Any:
        return torch.cuda if self.theta.device.type == "cuda" else torch.random

    def forward(
        self,
        x: Tensor,
        codes: Tensor | None = None,
        masks: Sequence[Tensor | None] | None = None,
        training: bool = False,
    ) -> Tensor:
        """Outputs (K, B, C) of x (K, B, D); arguments as for `MLPStack.forward`."""
        self._leaves, self._outputs = [], []
        self._module.train(training)
        random = self._generator()
        if masks is not None and masks[0] is not None:
            x = x * masks[0]
        for member in range(len(self.theta)):
            leaves = {
                name: value[member].detach().requires_grad_(training)
                for name, value in self._values.items()
            }
            running = {
                name: value[member].to(self._kinds.get(name, value.dtype), copy=True)
                for name, value in self._running.items()
            }
            if training and self._random:
                random.set_rng_state(self._random[member])
            with (
                torch.set_grad_enabled(training),
                torch.autocast(x.device.type, self._dtype, enabled=self._dtype is not None),
            ):
                out = functional_call(self._module, {**leaves, **running}, (x[member],))
            if training and self._random:
                self._random[member] = random.get_rng_state()
            for name, value in running.items():
                self._running[name][member] = value.detach()
            self._leaves.append(leaves)
            self._outputs.append(out)
        return torch.stack([out.detach() for out in self._outputs])

    def backward(self, dlogits: Tensor) -> None:
        """Write the gradient by theta into `grad` from that by the outputs (K, B, C)."""
        for member, (leaves, out) in enumerate(zip(self._leaves, self._outputs, strict=True)):
            grads = torch.autograd.grad(
                out, list(leaves.values()), dlogits[member].to(out.dtype), allow_unused=True
            )
            for name, value in zip(leaves, grads, strict=True):
                if value is None:
                    self._grads[name][member].zero_()
                else:
                    self._grads[name][member] = value

    def hidden_outputs(self) -> list[tuple[str, Tensor]]:
        """Nothing: what a user's module computes inside is not seen."""
        return []
