"""From a model's outputs to a class and to probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nnexp.model.elementwise import softmax


@dataclass(frozen=True)
class Decision:
    """How outputs are read as a class.

    With several outputs the class is the one whose output is the largest. With one output it is
    the second class where the output, read as a probability, is above one half; after mse and mae
    it is the class whose number is nearest.

    Arguments:
        loss: name of the data loss.
        output: name of the output activation.
        columns: for each class the output that stands for it; empty where there is one output.
        values: for each class the number that a single output should have.
    """

    loss: str
    output: str
    columns: tuple[int, ...] = ()
    values: tuple[float, ...] = (0.0, 1.0)

    def classes(self, outputs: Tensor) -> Tensor:
        """Class indices (...) int64 of outputs (..., C); -1, no class, where one is NaN."""
        if self.columns:
            selected = self._selected(outputs)
            largest, chosen = selected.max(-1)  # NaN is the largest of all
            if selected is outputs:
                return chosen.masked_fill_(largest.isnan(), -1)
        elif self.loss in ("mse", "mae"):
            chosen = self._distances(outputs).argmin(-1)
        else:
            chosen = (self._share(outputs) > 0.5).long()
        return chosen.masked_fill_(outputs.isnan().any(-1), -1)

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Probabilities (..., classes) of outputs (..., C), each row summing to 1, or NaN."""
        if not self.columns:
            if self.loss in ("mse", "mae"):
                if len(self.values) == 2:
                    low, high = self.values
                    share = ((outputs[..., 0] - low) / (high - low)).clamp(0, 1)
                    return torch.stack((1 - share, share), -1)
                return torch.softmax(-self._distances(outputs), -1)
            share = self._share(outputs)
            never = [torch.zeros_like(share)] * (len(self.values) - 2)  # one output tells two apart
            return torch.stack((1 - share, share, *never), -1)
        selected = self._selected(outputs)
        binary = self.loss in ("bce", "bce_with_logits")
        if self.output == "log_softmax":
            shares = selected.exp()
        elif self.output in ("softmax", "sigmoid"):
            shares = selected
        elif self.loss in ("mse", "mae", "bce"):
            shares = selected.clamp(0, 1)
        elif binary:
            shares = torch.sigmoid(selected)
        else:
            return softmax(selected)
        total = shares.sum(-1, keepdim=True)
        even = torch.full_like(shares, 1 / shares.shape[-1])
        return torch.where(total == 0, even, shares / total.clamp(min=1e-30))

    def _selected(self, outputs: Tensor) -> Tensor:
        if self.columns == tuple(range(outputs.shape[-1])):
            return outputs
        return outputs[..., list(self.columns)]

    def _share(self, outputs: Tensor) -> Tensor:
        """A single output read as the probability of the second class."""
        out = outputs[..., 0]
        if self.output == "log_softmax":
            return out.exp()
        probability = self.output in ("softmax", "sigmoid") or self.loss == "bce"
        return out.clamp(0, 1) if probability else torch.sigmoid(out)

    def _distances(self, outputs: Tensor) -> Tensor:
        values = torch.tensor(self.values, dtype=outputs.dtype, device=outputs.device)
        return (outputs - values).abs()
