"""One training step of a stack: forward and backward pass, penalty, clipping, update."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from nnexp.train.losses import Loss
from nnexp.train.state import StackState


@dataclass(slots=True)
class Batch:
    """All that changes from step to step, on the device.

    Arguments:
        x: (K, B, D), in the arithmetic's dtype.
        codes: (K, B, Q) int64, or None.
        target: (K, B, C).
        weight: of the rows (K, B), or None.
        masks: dropout factors for the inputs and each hidden layer, (K, B, width) or None.
        shrink: factors (K, 1) on weight matrices, or None.
        columns: of the optimizer, see `Optimizer.at`.
    """

    x: Tensor
    codes: Tensor | None
    target: Tensor
    weight: Tensor | None
    masks: Sequence[Tensor | None]
    shrink: Tensor | None
    columns: Mapping[str, Tensor]

    def each(self, function: Callable[[Tensor], Tensor]) -> Batch:
        """The batch of what a function gives for each tensor."""

        def of(value: Tensor | None) -> Tensor | None:
            return None if value is None else function(value)

        return Batch(
            function(self.x),
            of(self.codes),
            function(self.target),
            of(self.weight),
            [of(mask) for mask in self.masks],
            of(self.shrink),
            {name: function(value) for name, value in self.columns.items()},
        )

    def tensors(self) -> list[Tensor]:
        """The tensors, always in the same order."""
        found: list[Tensor] = []
        self.each(lambda value: found.append(value) or value)  # type: ignore[func-returns-value]
        return found


def differentiate(state: StackState, loss: Loss, batch: Batch) -> Tensor:
    """Write the gradient of loss and penalty into `state.grad`; return the logits (K, B, C)."""
    out = state.stack.forward(batch.x, batch.codes, batch.masks, training=True)
    out = out if out.dtype == batch.target.dtype else out.to(batch.target.dtype)
    gradient = loss.gradient(out, batch.target, batch.weight)
    state.stack.backward(gradient.to(state.compute))
    state.penalty.add_gradient(state.theta, state.grad)
    return out


def update(state: StackState, batch: Batch) -> None:
    """Clip the gradient, shrink the weights and move them; `optimizer.steps` stays as it is."""
    state.penalty.clip_gradient(state.grad)
    if batch.shrink is not None:
        state.theta[:, : state.penalty.weights].mul_(batch.shrink)
    state.optimizer.update(state.theta, state.grad, batch.columns)


def take_step(state: StackState, loss: Loss, batch: Batch) -> Tensor:
    """Both of the above; the logits (K, B, C)."""
    out = differentiate(state, loss, batch)
    update(state, batch)
    return out
