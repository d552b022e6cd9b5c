"""Where a diverged run's NaN or infinity began."""

from __future__ import annotations

import torch
from torch import Tensor

from nnexp.train.state import StackState


class DivergenceError(Exception):
    """Says in one line where the first NaN or infinity was found."""


class Inspector:
    """Looks at every step of an epoch that is run again, until something is not finite.

    Arguments:
        state: a stack of one, as it stood before the epoch.
        epoch: its number, for the message.
    """

    def __init__(self, state: StackState, epoch: int) -> None:
        self.state, self.epoch = state, epoch

    def inspect(self, step: int, out: Tensor) -> None:
        """Look at a step between its backward pass and its update.

        Arguments:
            step: its number from 0.
            out: the logits (1, B, C).

        Raises:
            DivergenceError: weights, a layer's output, the logits or a gradient is not finite.
        """
        where, state = f"epoch {self.epoch}, step {step + 1}", self.state
        name = self.broken_weights()
        if name is not None:
            raise DivergenceError(f"{where}: the weights {name} were no longer finite")
        for name, value in state.stack.hidden_outputs():
            if not _is_finite(value):
                part = "the inputs" if name == "inputs" else f"the output of {name}"
                raise DivergenceError(f"{where}: NaN or infinity began in {part}")
        if not _is_finite(out):
            part = f"the output of {state.model.layers[-1]}" if state.model.layers else "the output"
            raise DivergenceError(f"{where}: NaN or infinity began in {part}")
        for name, value in reversed(state.model.layout.views(state.grad).items()):
            if not _is_finite(value):
                raise DivergenceError(f"{where}: the gradient of {name} became NaN or infinite")

    def broken_weights(self) -> str | None:
        """The first parameter that is not finite, or None."""
        for name, value in self.state.model.layout.views(self.state.theta).items():
            if not _is_finite(value):
                return str(name)
        return None


def _is_finite(value: Tensor) -> bool:
    return bool(torch.isfinite(value).all())
