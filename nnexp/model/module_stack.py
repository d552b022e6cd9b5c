"""K copies of a torch.nn.Module of the user's own, and their passes.

All members go through the module in one pass of `torch.func.vmap`, where that is sure to give each
what it has alone (see `vmapped`); else, and in bfloat16, they go through `functional_call` and
autograd one after another, each through a module of its own: what its code keeps in plain
attributes is then that of one member.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from nnexp.errors import UserError
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
        self._own: list[nn.Module] = []  # the members' modules, made when they are first needed
        self._together = model.why_not_stacked is None and self._dtype is None
        # of the last forward pass, for each group of members that went through it together:
        # which, the leaves of autograd, the outputs
        self._done: list[tuple[slice, dict[str, Tensor], Tensor]] = []
        self._random: list[Tensor] = []
        # parameters and what forward has put in their place: written once the backward pass is
        # over, since to autograd all leaves change with any part of theta
        self._given: list[tuple[Tensor, Tensor]] = []

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

    def take_over(self, before: ModuleStack, rows: Sequence[int]) -> None:
        """Go on with the modules of members of another stack, of which these are the `rows`."""
        self._together = before._together
        self._own = [before._own[row] for row in rows] if before._own else []

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
        self._take_given()
        if masks is not None and masks[0] is not None:
            x = x * masks[0]
        passes = self.model.passes(x, self.theta, training) if self._together else None
        if passes is None or passes.changing:
            self._together = False
            self._forward_each(x, training)
        else:
            self._forward_together(x, training, passes)
        outputs = [out.detach()[: which.stop - which.start] for which, _, out in self._done]
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs)

    def _forward_together(self, x: Tensor, training: bool, passes: vmapped.Passes) -> None:
        """All members in one pass; each in its own where the batch's size has it so."""
        self._module.train(training)
        members = len(self.theta)
        kept = self.model.running(self._buffers)
        for first in (0,) if passes.together else range(members):
            which = slice(first, members if passes.together else first + 1)
            alone = which.stop - which.start == 1
            if alone and passes.plain:
                own = {name: value[first] for name, value in kept.items()}
                self._forward_one(self._module, first, x, own, training)
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
        if not self._own:
            self._own = [self.model.fresh(self.theta.device) for _ in self.theta]
        for member, module in enumerate(self._own):
            module.train(training)
            own = {name: value[member] for name, value in running.items()}
            if training and self._random:
                random.set_rng_state(self._random[member])
            with torch.autocast(x.device.type, self._dtype, enabled=self._dtype is not None):
                own = self._forward_one(module, member, x, own, training)
            if training and self._random:
                self._random[member] = random.get_rng_state()
            for name, value in own.items():
                self._keep(name, member, value, x.shape[1])

    def _keep(self, name: str, member: int, value: Tensor | None, rows: int) -> None:
        """Write what a buffer of a member is after a pass of so many rows."""
        target = self._running[name][member]
        kind = self.model.kinds.get(name, target.dtype)
        fits = value is not None and value.shape == target.shape
        whole = not kind.is_floating_point
        if value is None or not fits or (whole and value.is_floating_point()):
            held = None if value is None else f"{value.dtype} of shape {tuple(value.shape)}"
            shape = tuple(target.shape if value is None else value.shape)
            start = f"torch.zeros({shape})"
            if value is not None and shape[:1] == (rows,) != target.shape[:1]:
                start = "None"  # what is of a batch's rows is remembered, and not saved
            raise UserError(
                f"the buffer {name} began as {kind} of shape {tuple(target.shape)}, and the "
                f"module's forward put {held} in its place",
                "a tensor of the same shape, and whole numbers where it began with whole numbers; "
                "any tensor where it began as None, which is not saved",
                f'self.register_buffer("{name.rpartition(".")[2]}", {start})',
            )
        target.copy_(value.detach())

    def _forward_one(
        self, module: nn.Module, member: int, x: Tensor, kept: dict[str, Tensor], training: bool
    ) -> dict[str, Tensor]:
        """One member's pass; what its module then holds of `kept`, changed in place or replaced."""
        leaves = {
            name: value[member].detach().requires_grad_(training)
            for name, value in self._values.items()
        }
        values = {**leaves, **kept}  # functional_call writes into it what is put in their place
        places = [leaf.data_ptr() for leaf in leaves.values()]
        with torch.set_grad_enabled(training):
            out = functional_call(module, values, (x[member],), tie_weights=self.model.tied)
            self._done.append((slice(member, member + 1), leaves, out.unsqueeze(0)))
        for (name, leaf), place in zip(leaves.items(), places, strict=True):
            if leaf.data_ptr() != place:  # it was given other numbers by `weight.data = ...`
                self._given.append((self._values[name][member], leaf.detach()))
        if not training:
            self._take_given()
        return {name: values[name] for name in kept}

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
        self._take_given()

    def _take_given(self) -> None:
        for target, value in self._given:
            target.copy_(value)
        self._given = []

    def hidden_outputs(self) -> list[tuple[str, Tensor]]:
        """Nothing: what a user's module computes inside is not seen."""
        return []

    def activations(self) -> list[tuple[str, Tensor]]:
        """Nothing, as `hidden_outputs`."""
        return []


def _repeated(value: Tensor, times: int) -> Tensor:
    """The members of a tensor (K, ...), so many times over."""
    return value if times == 1 else torch.cat((value,) * times)
