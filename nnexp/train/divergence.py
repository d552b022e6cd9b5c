"""Where a diverged run's NaN or infinity began."""

from __future__ import annotations

import torch
from torch import Tensor

from nnexp.train.state import StackState


class Inspector:
    """Looks at every step of an epoch that is run again, until something is not finite.

    Arguments:
        state: a stack of one, as it stood before the epoch.
        epoch: its number, for the message.

    Attributes:
        found: in one line the first step where weights, a layer's output, the logits or a gradient
            were not finite; None until then.
    """

    def __init__(self, state: StackState, epoch: int) -> None:
        self.state, self.epoch = state, epoch
        self.found: str | None = None

    def inspect(self, step: int, out: Tensor) -> None:
        """Look at a step between its backward pass and its update.

        Arguments:
            step: its number from 0.
            out: the logits (1, B, C).
        """
        if self.found is None:
            what = self._broken(out)
            self.found = what and f"epoch {self.epoch}, step {step + 1}: {what}"

    def reason(self) -> str:
        """Why the member diverged, in one line, once the epoch is over."""
        if self.found is not None:
            return self.found
        name = self.broken_weights()
        if name is not None:
            return f"epoch {self.epoch}, last step: the weights {name} became NaN or infinite"
        wrong = "the validation loss became NaN or infinite, the weights are finite"
        return f"epoch {self.epoch}: {wrong}"

    def _broken(self, out: Tensor) -> str | None:
        state = self.state
        name = self.broken_weights()
        if name is not None:
            return f"the weights {name} were no longer finite"
        for name, value in state.stack.hidden_outputs():
            if not _is_finite(value):
                part = "the inputs" if name == "inputs" else f"the output of {name}"
                return f"NaN or infinity began in {part}"
        if not _is_finite(out):
            part = f"the output of {state.model.layers[-1]}" if state.model.layers else "the output"
            return f"NaN or infinity began in {part}"
        for name, value in reversed(state.model.layout.views(state.grad).items()):
            if not _is_finite(value):
                return f"the gradient of {name} became NaN or infinite"
        return None

    def broken_weights(self) -> str | None:
        """The first parameter that is not finite, or None."""
        for name, value in self.state.model.layout.views(self.state.theta).items():
            if not _is_finite(value):
                return str(name)
        return None


def _is_finite(value: Tensor) -> bool:
    return bool(torch.isfinite(value).all())
