"""SGD, Adam, AdamW and RMSprop over the rows of theta, each row with its own numbers.

Each equals its torch.optim namesake step for step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from nnexp.train.columnwise import columnwise
from nnexp.train.fused import FusedAdam
from nnexp.train.optimizer import Optimizer

# where no graph records the steps; a graph needs all that changes in tensors
FUSED = ("cpu",)


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

    def tables(self, lr: np.ndarray, count: np.ndarray) -> dict[str, np.ndarray]:
        return {"step": -lr}

    def descend(self, theta: Tensor, grad: Tensor, at: Mapping[str, Tensor]) -> None:
        self.add_coupled_decay(theta, grad)
        if self.any("momentum"):
            momentum = self.column("momentum")
            if self.steps == 0:  # torch starts from the first gradient, undampened
                self.momentum_buffer.copy_(grad)
            else:
                share = self.constant("share of the gradient", self._share)
                self.momentum_buffer.mul_(momentum).addcmul_(grad, share)
            if self.nesterov:
                grad.addcmul_(self.momentum_buffer, momentum)
            else:
                grad = self.momentum_buffer
        theta.addcmul_(grad, at["step"])

    def _share(self) -> np.ndarray:
        # without momentum torch.optim does not dampen
        return 1 - np.where(self.array("momentum") == 0, 0, self.array("dampening"))

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
        self.fused = FusedAdam(self) if theta.device.type in FUSED else None

    def tables(self, lr: np.ndarray, count: np.ndarray) -> dict[str, np.ndarray]:
        if self.fused is not None:
            return {"lr": lr}
        # m / c1 / (sqrt(v / c2) + eps) = m * (sqrt(c2) / c1) / (sqrt(v) + eps * sqrt(c2))
        root = np.sqrt(1 - columnwise(np.power, self.array("beta2"), count))  # (S, K)
        first = 1 - columnwise(np.power, self.array("beta1"), count)
        tables = {"step": -lr * root / first, "eps": self.array("eps") * root}
        if self.decoupled_weight_decay and self.any("weight_decay"):
            tables["shrink"] = 1 - lr * self.array("weight_decay")
        return tables

    def descend(self, theta: Tensor, grad: Tensor, at: Mapping[str, Tensor]) -> None:
        if self.fused is not None:
            self.fused.descend(theta, grad, at["lr"])
            return
        if "shrink" in at:
            theta.mul_(at["shrink"])
        elif not self.decoupled_weight_decay:
            self.add_coupled_decay(theta, grad)
        scratch = self.scratch
        self.exp_avg.lerp_(grad, self.complement("beta1"))
        torch.mul(grad, grad, out=scratch)
        self.exp_avg_sq.lerp_(scratch, self.complement("beta2"))
        square = self.exp_avg_sq
        if self.amsgrad:
            square = torch.maximum(self.max_exp_avg_sq, square, out=self.max_exp_avg_sq)
        torch.sqrt(square, out=scratch)
        scratch.add_(at["eps"])
        torch.div(self.exp_avg, scratch, out=scratch)
        theta.addcmul_(scratch, at["step"])

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

    def tables(self, lr: np.ndarray, count: np.ndarray) -> dict[str, np.ndarray]:
        return {"step": -lr}

    def descend(self, theta: Tensor, grad: Tensor, at: Mapping[str, Tensor]) -> None:
        self.add_coupled_decay(theta, grad)
        scratch = self.scratch
        torch.mul(grad, grad, out=scratch)
        self.square_avg.lerp_(scratch, self.complement("alpha"))
        if self.centered:
            self.grad_avg.lerp_(grad, self.complement("alpha"))
            torch.addcmul(self.square_avg, self.grad_avg, self.grad_avg, value=-1, out=scratch)
            scratch.sqrt_()
        else:
            torch.sqrt(self.square_avg, out=scratch)
        scratch.add_(self.column("eps"))
        torch.div(grad, scratch, out=scratch)
        if self.any("momentum"):
            self.momentum_buffer.mul_(self.column("momentum")).add_(scratch)
            scratch = self.momentum_buffer
        theta.addcmul_(scratch, at["step"])

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
