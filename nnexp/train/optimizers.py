"""SGD, Adam, AdamW and RMSprop over the rows of theta, each row with its own numbers.

Each equals its torch.optim namesake step for step. Numbers that change from step to step (the
learning rate, bias corrections) are computed for all steps of an epoch at once in float64 and
kept as columns (K, 1), so a step is a handful of in-place operations on (K, P) and waits for
nothing.

An optimizer has `begin_epoch(factors)`, `step(index, theta, grad)`, `state()`, the tensors that a
resumed run needs, and `keep(rows)`, which drops the other members.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor


class Optimizer:
    """What the four have in common: per-member numbers, the step count, tables of columns.

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

    def column(self, name: str) -> Tensor:
        """One number of every member, (K, 1) in theta's dtype."""
        if name not in self._columns:
            values = torch.tensor([[n[name]] for n in self.numbers], dtype=torch.float64)
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

    def table(self, values: np.ndarray) -> list[Tensor]:
        """A list of columns (K, 1), one for each step, of `values` (S, K) float64."""
        tensor = torch.from_numpy(np.ascontiguousarray(values)).to(self.device, self.dtype)
        return list(tensor.unsqueeze(2).unbind(0))

    def begin_epoch(self, factors: np.ndarray) -> None:
        """Prepare the columns of an epoch's steps.

        Arguments:
            factors: (S, K) float64, the share of the learning rate at each of S steps.
        """
        count = self.steps + 1 + np.arange(len(factors), dtype=np.float64)[:, None]  # (S, 1)
        self.prepare(factors * self.array("lr"), count)

    def prepare(self, lr: np.ndarray, count: np.ndarray) -> None:
        """Make the tables of an epoch from rates (S, K) and step numbers (S, 1), from 1."""
        raise NotImplementedError

    def step(self, index: int, theta: Tensor, grad: Tensor) -> None:
        """Take the epoch's step `index`; `grad` (K, P) may be overwritten."""
        if self.maximize:
            grad.neg_()
        self.update(index, theta, grad)
        self.steps += 1

    def update(self, index: int, theta: Tensor, grad: Tensor) -> None:
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


class SGD(Optimizer):
    """`torch.optim.SGD`: momentum, dampening, Nesterov (Sutskever et al. 2013)."""

    defaults: Mapping[str, float] = {"weight_decay": 0.0, "momentum": 0.0, "dampening": 0.0}
    flags: Sequence[str] = ("nesterov", "maximize")

    def __init__(
        self,
        theta: Tensor,
        numbers: Sequence[Mapping[str, float]],
        *,
        nesterov: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(theta, numbers, maximize=maximize)
        self.nesterov = nesterov
        self.momentum_buffer = torch.zeros_like(theta)

    def prepare(self, lr: np.ndarray, count: np.ndarray) -> None:
        self._lr = self.table(-lr)
        # without momentum torch.optim does not dampen
        dampening = np.where(self.array("momentum") == 0, 0, self.array("dampening"))
        kept = torch.from_numpy(1 - dampening).unsqueeze(1)
        self._keep_of_gradient = kept.to(self.device, self.dtype)

    def update(self, index: int, theta: Tensor, grad: Tensor) -> None:
        self.add_coupled_decay(theta, grad)
        if self.any("momentum"):
            momentum = self.column("momentum")
            if self.steps == 0:  # torch starts from the first gradient, undampened
                self.momentum_buffer.copy_(grad)
            else:
                self.momentum_buffer.mul_(momentum).addcmul_(grad, self._keep_of_gradient)
            if self.nesterov:
                grad.addcmul_(self.momentum_buffer, momentum)
            else:
                grad = self.momentum_buffer
        theta.addcmul_(grad, self._lr[index])

    def state(self) -> dict[str, Tensor]:
        return {"momentum_buffer": self.momentum_buffer}


class Adam(Optimizer):
    """`torch.optim.Adam` (Kingma & Ba 2015) and, with decoupled decay, `torch.optim.AdamW`."""

    defaults: Mapping[str, float] = {
        "weight_decay": 0.0,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-8,
    }
    flags: Sequence[str] = ("amsgrad", "decoupled_weight_decay", "maximize")

    def __init__(
        self,
        theta: Tensor,
        numbers: Sequence[Mapping[str, float]],
        *,
        amsgrad: bool = False,
        decoupled_weight_decay: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(theta, numbers, maximize=maximize)
        self.amsgrad, self.decoupled_weight_decay = amsgrad, decoupled_weight_decay
        self.exp_avg = torch.zeros_like(theta)
        self.exp_avg_sq = torch.zeros_like(theta)
        if amsgrad:
            self.max_exp_avg_sq = torch.zeros_like(theta)

    def prepare(self, lr: np.ndarray, count: np.ndarray) -> None:
        # m / c1 / (sqrt(v / c2) + eps) = m * (sqrt(c2) / c1) / (sqrt(v) + eps * sqrt(c2))
        root = np.sqrt(1 - self.array("beta2") ** count)  # (S, K)
        self._size = self.table(-lr * root / (1 - self.array("beta1") ** count))
        self._eps = self.table(self.array("eps") * root)
        self._shrink = self.table(1 - lr * self.array("weight_decay"))
        self._weight1 = self._weight("beta1")
        self._weight2 = self._weight("beta2")

    def _weight(self, name: str) -> Tensor:
        values = torch.from_numpy(1 - self.array(name)).unsqueeze(1)
        return values.to(self.device, self.dtype)

    def update(self, index: int, theta: Tensor, grad: Tensor) -> None:
        if not self.decoupled_weight_decay:
            self.add_coupled_decay(theta, grad)
        elif self.any("weight_decay"):
            theta.mul_(self._shrink[index])
        scratch = self.scratch
        self.exp_avg.lerp_(grad, self._weight1)
        torch.mul(grad, grad, out=scratch)
        self.exp_avg_sq.lerp_(scratch, self._weight2)
        square = self.exp_avg_sq
        if self.amsgrad:
            square = torch.maximum(self.max_exp_avg_sq, square, out=self.max_exp_avg_sq)
        torch.sqrt(square, out=scratch)
        scratch.add_(self._eps[index])
        torch.div(self.exp_avg, scratch, out=scratch)
        theta.addcmul_(scratch, self._size[index])

    def state(self) -> dict[str, Tensor]:
        state = {"exp_avg": self.exp_avg, "exp_avg_sq": self.exp_avg_sq}
        return {**state, "max_exp_avg_sq": self.max_exp_avg_sq} if self.amsgrad else state


class AdamW(Adam):
    """`torch.optim.AdamW` (Loshchilov & Hutter 2019)."""

    flags: Sequence[str] = ("amsgrad", "maximize")

    def __init__(
        self,
        theta: Tensor,
        numbers: Sequence[Mapping[str, float]],
        *,
        amsgrad: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            theta, numbers, amsgrad=amsgrad, decoupled_weight_decay=True, maximize=maximize
        )


class RMSprop(Optimizer):
    """`torch.optim.RMSprop` (Hinton 2012), centered as in Graves 2013."""

    defaults: Mapping[str, float] = {
        "weight_decay": 0.0,
        "alpha": 0.99,
        "eps": 1e-8,
        "momentum": 0.0,
    }
    flags: Sequence[str] = ("centered", "maximize")

    def __init__(
        self,
        theta: Tensor,
        numbers: Sequence[Mapping[str, float]],
        *,
        centered: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(theta, numbers, maximize=maximize)
        self.centered = centered
        self.square_avg = torch.zeros_like(theta)
        if centered:
            self.grad_avg = torch.zeros_like(theta)
        if self.any("momentum"):
            self.momentum_buffer = torch.zeros_like(theta)

    def prepare(self, lr: np.ndarray, count: np.ndarray) -> None:
        self._lr = self.table(-lr)
        values = torch.from_numpy(1 - self.array("alpha")).unsqueeze(1)
        self._weight = values.to(self.device, self.dtype)

    def update(self, index: int, theta: Tensor, grad: Tensor) -> None:
        self.add_coupled_decay(theta, grad)
        scratch = self.scratch
        torch.mul(grad, grad, out=scratch)
        self.square_avg.lerp_(scratch, self._weight)
        if self.centered:
            self.grad_avg.lerp_(grad, self._weight)
            torch.addcmul(self.square_avg, self.grad_avg, self.grad_avg, value=-1, out=scratch)
            scratch.sqrt_()
        else:
            torch.sqrt(self.square_avg, out=scratch)
        scratch.add_(self.column("eps"))
        torch.div(grad, scratch, out=scratch)
        if self.any("momentum"):
            self.momentum_buffer.mul_(self.column("momentum")).add_(scratch)
            scratch = self.momentum_buffer
        theta.addcmul_(scratch, self._lr[index])

    def state(self) -> dict[str, Tensor]:
        state = {"square_avg": self.square_avg}
        if self.centered:
            state["grad_avg"] = self.grad_avg
        if hasattr(self, "momentum_buffer"):
            state["momentum_buffer"] = self.momentum_buffer
        return state


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
}
