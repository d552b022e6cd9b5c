"""What all optimizers have in common: numbers of each member, tables of an epoch's steps.

Numbers that change from step to step (the learning rate, bias corrections) are computed for all
steps of an epoch at once in float64 and kept as columns (K, 1), so a step is a handful of in-place
operations on (K, P) and waits for nothing. All else that a step reads stays where it is, so that a
graph can record it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor


class Optimizer:
    """The base of the optimizers.

    A step is `update` with the columns `at(index)`, and then `steps` goes up by one.

    Arguments:
        theta: (K, P), the parameters that will be stepped; gives shape, dtype and device.
        numbers: for each member its numbers, by torch.optim's names; `lr` at least.
        maximize: climb instead of descend.
    """

    defaults: Mapping[str, float] = {"weight_decay": 0.0}
    flags: Sequence[str] = ("maximize",)

    def __init__(
        self, theta: Tensor, numbers: Sequence[Mapping[str, float]], *, maximize: bool = False
    ) -> None:
        self.numbers = [{**self.defaults, **given} for given in numbers]
        self.maximize = maximize
        self.steps = 0  # taken so far
        self.device, self.dtype = theta.device, theta.dtype
        self.scratch = torch.empty_like(theta)
        self._columns: dict[str, Tensor] = {}
        self._any: dict[str, bool] = {}
        self._tables: dict[str, list[Tensor]] = {}

    def column(self, name: str) -> Tensor:
        """One number of every member, (K, 1) in theta's dtype; the same tensor at every call."""
        return self.constant(name, lambda: self.array(name))

    def complement(self, name: str) -> Tensor:
        """One minus a number of every member, subtracted in float64; as `column`."""
        return self.constant(f"1 - {name}", lambda: 1 - self.array(name))

    def constant(self, name: str, make: Callable[[], np.ndarray]) -> Tensor:
        """A column (K, 1) in theta's dtype of float64 values (K,), made once for each name."""
        if name not in self._columns:
            values = torch.from_numpy(make()).unsqueeze(1)
            self._columns[name] = values.to(self.device, self.dtype)
        return self._columns[name]

    def array(self, name: str) -> np.ndarray:
        """One number of every member, (K,) float64."""
        return np.array([n[name] for n in self.numbers], dtype=np.float64)

    def any(self, name: str) -> bool:
        """Whether one number is other than zero for some member."""
        if name not in self._any:
            self._any[name] = any(n[name] != 0 for n in self.numbers)
        return self._any[name]

    def begin_epoch(self, factors: np.ndarray) -> None:
        """Prepare the columns of an epoch's steps.

        Arguments:
            factors: (S, K) float64, the share of the learning rate at each of S steps.
        """
        count = self.steps + 1 + np.arange(len(factors), dtype=np.float64)[:, None]  # (S, 1)
        tables = self.tables(factors * self.array("lr"), count)
        self._tables = {name: self._columns_of(values) for name, values in tables.items()}

    def _columns_of(self, values: np.ndarray) -> list[Tensor]:
        """A list of columns (K, 1), one for each step, of `values` (S, K) float64."""
        tensor = torch.from_numpy(np.ascontiguousarray(values)).to(self.device, self.dtype)
        return list(tensor.unsqueeze(2).unbind(0))

    def tables(self, lr: np.ndarray, count: np.ndarray) -> dict[str, np.ndarray]:
        """What changes from step to step of an epoch, by name.

        Arguments:
            lr: rates (S, K) float64.
            count: (S, 1), numbers of the steps, the run's first being 1.

        Returns:
            Arrays (S, K) float64.
        """
        raise NotImplementedError

    def at(self, index: int) -> dict[str, Tensor]:
        """The columns (K, 1) of the epoch's step `index`, by the names of `tables`."""
        return {name: table[index] for name, table in self._tables.items()}

    def step(self, index: int, theta: Tensor, grad: Tensor) -> None:
        """Take the epoch's step `index`; `grad` (K, P) may be overwritten."""
        self.update(theta, grad, self.at(index))
        self.steps += 1

    def update(self, theta: Tensor, grad: Tensor, at: Mapping[str, Tensor]) -> None:
        """Move `theta` (K, P) by its gradient `grad` (K, P) with the columns `at` of a step."""
        self.descend(theta, grad.neg_() if self.maximize else grad, at)

    def descend(self, theta: Tensor, grad: Tensor, at: Mapping[str, Tensor]) -> None:
        """Move `theta` (K, P) along the descent direction of `grad` (K, P)."""
        raise NotImplementedError

    def add_coupled_decay(self, theta: Tensor, grad: Tensor) -> None:
        """torch.optim's `weight_decay` of SGD, Adam and RMSprop: grad += weight_decay * theta."""
        if self.any("weight_decay"):
            grad.addcmul_(theta, self.column("weight_decay"))

    def state(self) -> dict[str, Tensor]:
        """Tensors (K, P) by name; they are the optimizer's own, not copies."""
        return {}

    def keep(self, rows: list[int]) -> None:
        """Keep only the members `rows`, in this order."""
        for name, value in self.state().items():
            setattr(self, name, value[rows])
        self.numbers = [self.numbers[row] for row in rows]
        self.scratch = self.scratch[: len(rows)].clone()
        self._columns, self._any = {}, {}
