"""L1 and L2 penalties, decoupled weight decay and gradient clipping, member by member.

All but clipping act on weight matrices only, which stand at the front of a row. A penalty is
`l1 * sum|w| + l2 * sum w^2`, as Keras' kernel_regularizer has it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from nnexp.model.layout import Layout
from nnexp.train.member import Member


class Penalty:
    """The penalties of a stack's members, as columns (K, 1).

    Arguments:
        members: K members.
        layout: of the rows, with weight matrices at the front.
        like: a tensor of theta's dtype and device.
    """

    def __init__(self, members: Sequence[Member], layout: Layout, like: Tensor) -> None:
        self.weights, self.used = layout.weights, layout.used

        def column(values: list[float]) -> Tensor | None:
            if not any(values):
                return None
            return torch.tensor(values, dtype=torch.float64).unsqueeze(1).to(like)

        self.l1 = column([member.l1 for member in members])
        self.twice_l2 = column([2 * member.l2 for member in members])
        self.decay = np.array([member.weight_decay for member in members])
        clip = torch.tensor([[member.grad_clip] for member in members], dtype=torch.float64)
        self.clip = clip.to(like) if bool(torch.isfinite(clip).any()) else None

    def value(self, theta: Tensor) -> Tensor:
        """The penalty (K,) of theta (K, P)."""
        front = theta[:, : self.weights]
        value = theta.new_zeros(len(theta))
        # a member without the penalty has none, also where the sum overflows
        if self.l1 is not None:
            value += torch.where(self.l1 != 0, self.l1 * front.abs().sum(1, keepdim=True), 0)[:, 0]
        if self.twice_l2 is not None:
            square = self.twice_l2 / 2 * front.square().sum(1, keepdim=True)
            value += torch.where(self.twice_l2 != 0, square, 0)[:, 0]
        return value

    def add_gradient(self, theta: Tensor, grad: Tensor) -> None:
        """Add the penalty's gradient to `grad` (K, P); that of |w| at 0 is 0."""
        if self.l1 is not None:
            front = theta[:, : self.weights]
            grad[:, : self.weights].addcmul_(torch.sign(front), self.l1)
        if self.twice_l2 is not None:
            grad[:, : self.weights].addcmul_(theta[:, : self.weights], self.twice_l2)

    def clip_gradient(self, grad: Tensor) -> None:
        """Scale each row of `grad` (K, P) down to the longest allowed, like clip_grad_norm_."""
        if self.clip is not None:
            norm = torch.linalg.vector_norm(grad[:, : self.used], dim=1, keepdim=True)
            factor = (self.clip / (norm + 1e-6)).clamp_(max=1)
            grad.mul_(factor.masked_fill_(self.clip.isinf(), 1))  # no limit: also for norm inf

    def shrink_table(self, lr: np.ndarray, like: Tensor) -> list[Tensor] | None:
        """Factors (K, 1) on weight matrices at each of the rates `lr` (S, K); None for no decay."""
        if not self.decay.any():
            return None
        factors = torch.from_numpy(1 - lr * self.decay).to(like)
        return list(factors.unsqueeze(2).unbind(0))
