"""K copies of a torch.nn.Module of the user's own, and their passes.

All members go through the module in one pass of `torch.func.vmap`, where that is sure to give each
what it has alone (see `vmapped`); else, and in bfloat16, they go through `functional_call` and
autograd one after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.func import functional_call

from nnexp.model import vmapped

if TYPE_CHECKING:
    from nnexp.model.module import ModuleModel


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
