"""Adam's step by torch.optim's own fused kernel, which reads and writes each number once.

On the CPU the step is bound by memory: nine operations on (K, P) go through it nine times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from nnexp.train.optimizers import Adam


class FusedAdam:
    """The step of an `Adam`, row by row, so that a member does not notice its neighbours.

    Rows whose numbers are equal go through one call. The kernel is what
    `torch.optim.Adam(fused=True)` calls.

    Arguments:
        adam: on the CPU; its tensors are read anew where it has others.
    """

    def __init__(self, adam: Adam) -> None:
        self._adam = adam
        self._step = torch.zeros((), dtype=torch.float32)
        self._tensors: tuple[Tensor, ...] = ()
        self._rows: list[tuple[Tensor, ...]] = []
        self._rates: list[float] = []
        self._groups: list[tuple[dict[str, float], list[list[Tensor]]]] = []

    def descend(self, theta: Tensor, grad: Tensor, lr: Tensor) -> None:
        """Move theta (K, P) along the descent direction of grad (K, P).

        Arguments:
            theta, grad: as for `Optimizer.descend`.
            lr: rates (K, 1).
        """
        adam = self._adam
        tensors = (theta, grad, *adam.state().values())
        rates = lr.flatten().tolist()
        if len(tensors) != len(self._tensors) or any(
            one is not other for one, other in zip(tensors, self._tensors, strict=True)
        ):
            self._tensors, self._rates = tensors, []
            self._rows = list(zip(*(tensor.unbind(0) for tensor in tensors), strict=True))
        if rates != self._rates:
            self._rates, self._groups = rates, self._grouped(rates)
        kernel: Any = torch._fused_adamw_ if adam.decoupled_weight_decay else torch._fused_adam_
        self._step.fill_(adam.steps + 1)
        for numbers, rows in self._groups:
            largest = rows[4] if adam.amsgrad else []
            kernel(
                *rows[:4],
                largest,
                [self._step] * len(rows[0]),
                amsgrad=adam.amsgrad,
                maximize=False,
                **numbers,
            )

    def _grouped(self, rates: Sequence[float]) -> list[tuple[dict[str, float], list[list[Tensor]]]]:
        """The kernel's numbers, and for each of its tensors the rows that share them."""
        names = ("lr", *self._adam.defaults)
        found: dict[tuple[float, ...], list[int]] = {}
        for place, (rate, own) in enumerate(zip(rates, self._adam.numbers, strict=True)):
            found.setdefault((rate, *(own[name] for name in names[1:])), []).append(place)
        return [
            (
                dict(zip(names, numbers, strict=True)),
                [list(rows) for rows in zip(*(self._rows[place] for place in places), strict=True)],
            )
            for numbers, places in found.items()
        ]
