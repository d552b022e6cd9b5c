"""Data losses of a stack, their gradients by the logits, and the activation on the last layer.

Any loss can follow any output activation, also where the pair makes no sense: people train such
pairs, and the runs are wanted for study. The two usual pairs have their gradient in closed form;
the others go through autograd on the (K, B, C) outputs.

The loss of a batch is that of `torch.nn.functional` with the same reduction:

- cross_entropy, nll: a row's loss is the sum over its targets, weighted by class; `mean` divides
  by the sum of the rows' weights.
- bce, bce_with_logits, mse, mae: a row's loss is the mean over its outputs (for `sum`, the sum),
  times the row's weight; `mean` divides by the sum of the rows' weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nnexp.model.elementwise import by_member, log_softmax, rounds_alike, softmax

OUTPUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "logits": lambda z: z,
    "softmax": softmax,
    "sigmoid": lambda z: by_member(torch.sigmoid, z),
    "log_softmax": log_softmax,
    "relu": torch.relu,
    "tanh": lambda z: by_member(torch.tanh, z),
}

TINIEST = math.exp(-100)
LEAST_WEIGHT = 1e-12  # of a batch: rows of classes with weight 0 alone weigh nothing, not 0 / 0
CATEGORICAL = ("cross_entropy", "nll")
LOSSES = (*CATEGORICAL, "bce", "bce_with_logits", "mse", "mae")


def elements(name: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of each output, before any sum or mean.

    Arguments:
        name: one of `LOSSES`.
        outputs: (..., C), after the output activation.
        targets: (..., C).

    Returns:
        (..., C). `bce` takes outputs outside [0, 1] as 0 or 1, as Keras does, and any targets,
        where torch refuses both.
    """
    match name:
        case "cross_entropy":
            return -targets * log_softmax(outputs)
        case "nll":
            return -targets * outputs
        case "bce":
            share = outputs.clamp(0, 1)
            # torch bounds the logarithms by -100 too, but refuses targets outside [0, 1]
            of_one = share.clamp(min=TINIEST).log()
            of_zero = (1 - share).clamp(min=TINIEST).log()
            return -(targets * of_one + (1 - targets) * of_zero)
        case "bce_with_logits":
            return F.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
        case "mse":
            return (outputs - targets).square()
        case "mae":
            return (outputs - targets).abs()
    raise ValueError(f"Expected one of {LOSSES}. Received: name={name!r}")


@dataclass(frozen=True)
class Loss:
    """A data loss together with the output activation before it.

    Arguments:
        name: one of `LOSSES`.
        output: one of `OUTPUTS`.
        reduction: `mean` or `sum` over the rows of a batch.
        scale: a factor on the loss; a negative one makes training climb.
        class_weight: (C,) weights of the outputs for cross_entropy and nll; None for ones. The
            rows' weights, for all losses, come with the targets.
    """

    name: str = "cross_entropy"
    output: str = "logits"
    reduction: str = "mean"
    scale: float = 1.0
    class_weight: Tensor | None = None

    def activate(self, logits: Tensor) -> Tensor:
        """Outputs (K, N, C) of logits (K, N, C)."""
        return OUTPUTS[self.output](logits)

    def rows(self, logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """Each row's share (K, N) of the loss, before the division by the sum of weights.

        Arguments:
            logits, targets: (K, N, C).
            weights: (K, N), or None for ones.
        """
        if self.name in CATEGORICAL and self.class_weight is not None:
            targets, weights = targets * self.class_weight, None
        values = elements(self.name, self.activate(logits), targets)
        over_outputs = self.name in CATEGORICAL or self.reduction == "sum"
        rows = values.sum(-1) if over_outputs else values.mean(-1)  # (K, N)
        if weights is not None:
            rows = rows * weights
        return rows * self.scale

    def batch(self, logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """The loss (K,) of one batch; arguments as for `rows`."""
        total = self.rows(logits, targets, weights).sum(1)
        if self.reduction == "sum":
            return total
        if weights is None:
            return total / logits.shape[1]
        return total / weights.sum(1).clamp(min=LEAST_WEIGHT)

    def of_set(self, total: Tensor, weight: Tensor | float, rows: int, batch_size: int) -> Tensor:
        """The loss of a whole set, comparable with that of a batch.

        Arguments:
            total: sum (K,) of what `rows` gave.
            weight: sum (K,) of the rows' weights, or their number. Of rows that all weigh 0 the
                loss is 0.
            rows: how many rows.
            batch_size: of training; for `sum` the loss is what a full batch would sum to.
        """
        if self.reduction == "sum":
            return total / rows * batch_size
        if isinstance(weight, Tensor):
            weight = weight.clamp(min=LEAST_WEIGHT)
        return total / weight

    def gradient(self, logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """The gradient (K, B, C) of `batch` by the logits."""
        if (self.name, self.output) not in (
            ("cross_entropy", "logits"),
            ("bce_with_logits", "logits"),
        ):
            return self.autograd(logits, targets, weights)
        factor = self.scale
        if self.reduction == "mean" and weights is None:
            factor /= logits.shape[1]
        if self.name == "cross_entropy":
            gradient = softmax(logits)
            if self.class_weight is not None:
                targets = targets * self.class_weight
                gradient.mul_(targets.sum(-1, keepdim=True))
        else:
            gradient = by_member(torch.sigmoid, logits)
            if self.reduction == "mean":
                factor /= logits.shape[-1]
        gradient.sub_(targets)
        if weights is not None:
            if self.name not in CATEGORICAL or self.class_weight is None:
                gradient.mul_(weights.unsqueeze(-1))
            if self.reduction == "mean":
                gradient.div_(weights.sum(1).clamp(min=LEAST_WEIGHT).view(-1, 1, 1))
        return gradient.mul_(factor)

    def autograd(self, logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """`gradient` by autograd, for any pair of loss and output, each member as it is alone."""
        if not rounds_alike(logits):
            members = (slice(k, k + 1) for k in range(len(logits)))
            return torch.cat(
                [
                    self.autograd(logits[k], targets[k], None if weights is None else weights[k])
                    for k in members
                ]
            )
        with torch.enable_grad():
            leaf = logits.detach().requires_grad_()
            loss = self.batch(leaf, targets, weights).sum()
            # contiguous: sums over rows of another layout round otherwise, and K decides on it
            return torch.autograd.grad(loss, leaf)[0].contiguous()
