"""Modules as somebody may write them for `model=custom`, right ones and wrong ones.

Each is called with the width of the table and of the output, as any module of one's own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Plain(nn.Module):
    """Two layers and nothing wrong with them."""

    def __init__(self, inputs: int, outputs: int, width: int = 32) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width))
        self.head = nn.Linear(width, outputs)

    def features(self, x: Tensor) -> Tensor:
        """What the head is given, (B, width)."""
        return functional.relu(self.body(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


class Normed(Plain):
    """With batch statistics before the head, rightly."""

    momentum = 0.1

    def __init__(self, inputs: int, outputs: int, width: int = 32) -> None:
        super().__init__(inputs, outputs, width)
        self.norm = nn.BatchNorm1d(width, momentum=self.momentum)

    def features(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.body(x)))


class Dropping(Plain):
    """With dropout, rightly."""

    def features(self, x: Tensor) -> Tensor:
        return functional.dropout(super().features(x), 0.5, self.training)


# ------------------------------------------------------------------- an activation of their own
class EndsInSoftmax(Plain):
    """Gives probabilities."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.softmax(super().forward(x), 1)


class EndsInSigmoid(Plain):
    """Gives a probability for each output."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(super().forward(x))


class EndsInRelu(Plain):
    """Gives nothing below 0."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(super().forward(x))


class EndsInClamp(Plain):
    """Gives nothing outside [0, 1]."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).clamp(0, 1)


# ------------------------------------------------------------------- what is not trained, or late
class Detached(Plain):
    """The head alone is trained: no gradient reaches the body."""

    def features(self, x: Tensor) -> Tensor:
        return super().features(x).detach()


class Frozen(Plain):
    """The body was frozen, and holds what it was drawn with."""

    def __init__(self, inputs: int, outputs: int, width: int = 32) -> None:
        super().__init__(inputs, outputs, width)
        self.body.requires_grad_(False)


class Listed(nn.Module):
    """Layers in a plain list, which PyTorch does not see."""

    def __init__(self, inputs: int, outputs: int, width: int = 32) -> None:
        super().__init__()
        self.layers = [nn.Linear(inputs, width), nn.Linear(width, width)]
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = functional.relu(layer(x))
        return self.head(x)


class Registered(Listed):
    """The same, in a list that PyTorch sees."""

    def __init__(self, inputs: int, outputs: int, width: int = 32) -> None:
        super().__init__(inputs, outputs, width)
        self.seen = nn.ModuleList(self.layers)


# -------------------------------------------------------------------------- modes of two kinds
class StaleNorm(Normed):
    """Running statistics that never move from where they start."""

    momentum = 0.0


class AlwaysDropping(Plain):
    """Drops when it is judged, too."""

    def features(self, x: Tensor) -> Tensor:
        return functional.dropout(super().features(x), 0.8)


# ------------------------------------------------------------------------------- bad beginnings
class DeadBody(Plain):
    """Biases so low that no unit of the body fires."""

    def __init__(self, inputs: int, outputs: int, width: int = 32) -> None:
        super().__init__(inputs, outputs, width)
        for layer in self.body:
            if isinstance(layer, nn.Linear):
                nn.init.constant_(layer.bias, -40.0)


class Symmetric(Plain):
    """All weights of a layer are equal."""

    def __init__(self, inputs: int, outputs: int, width: int = 32) -> None:
        super().__init__(inputs, outputs, width)
        for weight in self.parameters():
            nn.init.constant_(weight, 0.05)


class Narrow(Plain):
    """One unit between the body and the head."""

    def __init__(self, inputs: int, outputs: int, width: int = 32) -> None:
        super().__init__(inputs, outputs, width)
        self.body.append(nn.Linear(width, 1))
        self.head = nn.Linear(1, outputs)
