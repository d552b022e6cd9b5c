"""The scores of a member's kept weights on a part of the table, as metrics.json holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnexp.train.evaluate import logits
from nnexp.train.metrics import confusion, ratio_stderr, scores
from nnexp.train.plan import Problem


@dataclass(frozen=True)
class ScoredPart:
    """What a model does on n rows.

    Arguments:
        scores: a part of metrics.json.
        confusion: counts (classes, classes) by true and predicted class.
    """

    scores: dict[str, float | int | None]
    confusion: NDArray[np.int64]


@torch.no_grad()
def score_part(stack: Any, problem: Problem, rows: Tensor) -> ScoredPart | None:
    """Score some rows with a stack of one; None where there are no rows.

    Arguments:
        stack: the model bound to the weights.
        problem: what was learnt; its batch size scales a summed loss.
        rows: which rows (n,) int64.
    """
    if not len(rows):
        return None
    data, loss, decision = problem.data, problem.loss, problem.decision
    targets, batch_size = data.targets, problem.plan.batch_size
    out = logits(stack, data.x, data.codes, rows, 1, targets.outputs)
    index = rows.unsqueeze(0)
    weight = targets.row_weights(index)
    row_losses = loss.rows(out, targets.dense(index), weight).double()
    if weight is None or loss.reduction == "sum":
        weights = torch.ones_like(row_losses)
    else:
        weights = weight.double()
    value = loss.of_set(row_losses.sum(1), weights.sum(1), len(rows), batch_size)
    spread = ratio_stderr(row_losses[0].cpu().numpy(), weights[0].cpu().numpy())
    if spread is not None and loss.reduction == "sum":
        spread *= batch_size
    outputs = loss.activate(out)
    probabilities = decision.probabilities(outputs.double())[0].cpu().numpy()
    true = targets.classes[rows].cpu().numpy()
    predicted = decision.classes(outputs)[0].cpu().numpy()
    return ScoredPart(
        scores(true, predicted, probabilities, float(value[0]), spread),
        confusion(true, predicted, probabilities.shape[1]),
    )
