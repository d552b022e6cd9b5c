"""What is noted of a loop while it runs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn


@dataclass
class Record:
    """Notes of a loop.

    Arguments:
        points: an evaluation each: `step`, `lr`, `batch_loss` (mean since the one before),
            `slice_loss`, `slice_accuracy`, `val_loss`, `val_accuracy`, of which there may be some.
        layers: a look each: `gradient_norm/LAYER`, `update_ratio/LAYER`, `weight_norm/LAYER`.
        pairs: at looks the loop's loss, the loss function's own of the same batch, and the name of
            what the loop applied to the outputs before, as of `APPLIED`.
        batches: rows of the batches looked at.
        metrics: at looks the loop's own accuracy, that by the largest output, and its rows.
        shapes: of outputs and of targets where they first differed in a way that is broadcast.
        training: at looks whether the module was in training mode.
        uncleared, backwards: backward passes looked at that found gradients from before the last
            optimizer step, and those that could have.
        met, pulled: names of parameters that got a gradient, and one that was not 0.
        detached: looks at which the loss had no graph.
        rms: of the columns of a batch as the model got it (D,), beside that of X; None if unseen.
    """

    points: list[dict[str, float]] = field(default_factory=list)
    layers: list[dict[str, float]] = field(default_factory=list)
    pairs: list[tuple[float, float, str]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    metrics: list[tuple[float, float, int]] = field(default_factory=list)
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    training: list[bool] = field(default_factory=list)
    uncleared: int = 0
    backwards: int = 0
    met: set[str] = field(default_factory=set)
    pulled: set[str] = field(default_factory=set)
    detached: int = 0
    rms: tuple[Tensor, Tensor] | None = None

    @property
    def batch(self) -> int:
        """Rows of a usual batch."""
        return sorted(self.batches)[len(self.batches) // 2] if self.batches else 1

    def frame(self) -> pd.DataFrame:
        """`points` as a table."""
        return pd.DataFrame(self.points)


class Looker:
    """Looks closely at single steps: gradients, how far weights move, what the model gets.

    Hooks are there only from two steps before a look until it.

    Arguments:
        model: any module.
        layers: the weights whose norms are followed, by name.
        record: what is noted.
    """

    def __init__(self, model: nn.Module, layers: Iterable[str], record: Record) -> None:
        self.model, self.record = model, record
        self.layers = set(layers)
        self.inputs: Tensor | None = None
        self._handles: list[Any] = []
        self._before: dict[str, Tensor] = {}
        self._norms: dict[str, float] = {}
        self._versions: dict[str, int] = {}
        self._passes = 0
        self._first: str | None = None

    def arm(self) -> None:
        """Get ready for the steps that follow."""
        if self._handles:
            return
        self._passes, self._versions, self._norms = 0, {}, {}
        self._first = None
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad:
                self._handles.append(parameter.register_hook(self._hook(name, parameter)))
        self._handles.append(self.model.register_forward_pre_hook(self._forward))

    def snapshot(self) -> None:
        """Keep the weights, to see how far the next step moves them."""
        self._before = {n: p.detach().clone() for n, p in self.model.named_parameters()}

    def look(self) -> None:
        """Note the step that was just made, and take the hooks off."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        for parameter in self.model.parameters():
            if parameter._backward_hooks is not None and not parameter._backward_hooks:
                parameter._backward_hooks = (
                    None  # an empty dict of hooks costs time in each backward
                )
        found: dict[str, float] = {}
        norms: list[Tensor] = []
        names: list[str] = []
        for name, parameter in self.model.named_parameters():
            before = self._before.get(name)
            if before is None or before.shape != parameter.shape:
                continue
            moved = torch.linalg.vector_norm(parameter.detach() - before)
            norms += [moved, torch.linalg.vector_norm(before)]
            names.append(name)
        values = torch.stack(norms).tolist() if norms else []
        for place, name in enumerate(names):
            change, norm = values[2 * place], values[2 * place + 1]
            if name in self.layers:
                found[f"update_ratio/{name}"] = change / max(norm, 1e-30)
                found[f"weight_norm/{name}"] = norm
                if name in self._norms:
                    found[f"gradient_norm/{name}"] = self._norms[name]
        self._before = {}
        self.record.layers.append(found)

    def _hook(self, name: str, parameter: Tensor) -> Any:
        def hook(gradient: Tensor) -> None:
            self.record.met.add(name)
            if name not in self.record.pulled and bool(gradient.any()):
                self.record.pulled.add(name)
            if self._first is None:
                self._first = name
            if name in self.layers:
                self._norms[name] = float(torch.linalg.vector_norm(gradient))
            if name == self._first:
                held = parameter.grad
                version = parameter._version
                before = self._versions.get(name)
                self._versions[name] = version
                if before is not None and version != before:  # a step since the last backward
                    self.record.backwards += 1
                    self.record.uncleared += held is not None and bool(held.any())

        return hook

    def _forward(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if inputs and isinstance(inputs[0], Tensor) and torch.is_grad_enabled():
            self.inputs = inputs[0].detach()
            self._passes += 1


APPLIED = {
    "": lambda own: own,
    "softmax": lambda own: own.softmax(-1),
    "log_softmax": lambda own: own.log_softmax(-1),
    "sigmoid": lambda own: own.sigmoid(),
    "tanh": lambda own: own.tanh(),
    "relu": lambda own: own.relu(),
    "squeeze": lambda own: own.squeeze(-1),
    "unsqueeze": lambda own: own.unsqueeze(-1),
    "squeeze sigmoid": lambda own: own.squeeze(-1).sigmoid(),
}


def agrees(loss: float, own: float) -> bool:
    """Whether the loop's loss is the loss function's own, or minus it."""
    if not (math.isfinite(loss) and math.isfinite(own)):
        return False
    return abs(abs(loss) - abs(own)) <= 2e-5 * max(abs(loss), abs(own), 1e-3)
