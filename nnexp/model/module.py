"""A torch.nn.Module of the user's own in a stack's place.

Each member's parameters are laid out in its row of theta like those of a built-in model, so
penalties, optimizers, saving and scores work alike. All members go through the module in one pass
of `torch.func.vmap`, where that is sure to give each what it has alone (see `vmapped`); else, and
in bfloat16, they go through `functional_call` and autograd one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from nnexp.model import vmapped
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
        self._buffers = buffers
        self._running = model.buffers.views(buffers)
        self._grads = model.layout.views(grad) if grad is not None else {}
        if grad is not None:
            grad.zero_()
        self._module = model.module.to(theta.device)
        self._together = model.why_not_stacked is None and self._dtype is None
        # of the last forward pass, for each group of members that went through it together:
        # which, the leaves of autograd, the outputs
        self._done: list[tuple[slice, dict[str, Tensor], Tensor]] = []
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
        self._done = []
        self._module.train(training)
        if masks is not None and masks[0] is not None:
            x = x * masks[0]
        if self._together:
            self._forward_together(x, training)
        else:
            self._forward_each(x, training)
        outputs = [out.detach()[: which.stop - which.start] for which, _, out in self._done]
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs)

    def _forward_together(self, x: Tensor, training: bool) -> None:
        """All members in one pass; each in its own where the batch's size has it so."""
        passes = self.model.passes(x, self.theta, training)
        members = len(self.theta)
        kept = self.model.running(self._buffers)
        for first in (0,) if passes.together else range(members):
            which = slice(first, members if passes.together else first + 1)
            alone = which.stop - which.start == 1
            if alone and passes.plain:
                self._forward_one(first, x, {n: v[first] for n, v in kept.items()}, training)
                continue
            # a member beside a copy of itself counts once: the copy's outputs are not used
            times = 2 if alone and passes.doubled else 1
            leaves = {
                name: _repeated(value[which], times).detach().requires_grad_(training)
                for name, value in self._values.items()
            }
            beside = {name: _repeated(value[which], times) for name, value in kept.items()}
            with torch.set_grad_enabled(training):
                out = vmapped.forward(
                    self._module, {**leaves, **beside}, _repeated(x[which], times), self.model.tied
                )
            self._done.append((which, leaves, out))

    def _forward_each(self, x: Tensor, training: bool) -> None:
        """Member by member, each with its random numbers and with buffers that may change."""
        random = self._generator()
        running = self.model.running(self._buffers)
        for member in range(len(self.theta)):
            own = {name: value[member] for name, value in running.items()}
            if training and self._random:
                random.set_rng_state(self._random[member])
            with torch.autocast(x.device.type, self._dtype, enabled=self._dtype is not None):
                self._forward_one(member, x, own, training)
            if training and self._random:
                self._random[member] = random.get_rng_state()
            for name, value in own.items():
                self._running[name][member] = value.detach()

    def _forward_one(self, member: int, x: Tensor, kept: dict[str, Tensor], training: bool) -> None:
        leaves = {
            name: value[member].detach().requires_grad_(training)
            for name, value in self._values.items()
        }
        with torch.set_grad_enabled(training):
            out = functional_call(
                self._module, {**leaves, **kept}, (x[member],), tie_weights=self.model.tied
            ).unsqueeze(0)
        self._done.append((slice(member, member + 1), leaves, out))

    def backward(self, dlogits: Tensor) -> None:
        """Write the gradient by theta into `grad` from that by the outputs (K, B, C)."""
        dlogits = dlogits.contiguous()  # sums over rows of another layout round otherwise
        for which, leaves, out in self._done:
            own = _repeated(dlogits[which], len(out) // (which.stop - which.start))
            grads = vmapped.backward(out, leaves, own.to(out.dtype))
            for name, value in zip(leaves, grads, strict=True):
                target = self._grads[name][which]
                if value is None:
                    target.zero_()
                else:
                    target.copy_(value.view(-1, *target.shape[1:])[: len(target)])

    def hidden_outputs(self) -> list[tuple[str, Tensor]]:
        """Nothing: what a user's module computes inside is not seen."""
        return []

    def activations(self) -> list[tuple[str, Tensor]]:
        """Nothing, as `hidden_outputs`."""
        return []


def _repeated(value: Tensor, times: int) -> Tensor:
    """The members of a tensor (K, ...), so many times over."""
    return value if times == 1 else torch.cat((value,) * times)
