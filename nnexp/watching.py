"""`nnexp.watch`: the diagnosis of a training loop of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from nnexp.loop.watch import LoopWatch


def watch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer],
    loss_fn: Callable[..., Any],
    train: tuple[Any, Any],
    valid: tuple[Any, Any] | None = None,
    factory: Callable[[], nn.Module] | None = None,
    classes: int | Sequence[Any] | None = None,
    columns: Sequence[str] | None = None,
) -> LoopWatch:
    """Watch a training loop, to ask for its diagnosis.

    Nothing of the training changes: a watched loop and an unwatched one end in the same bits, but
    for a model or a loss that keeps account of its calls where docs/watch.md says it is not found.

    Arguments:
        model: any module.
        optimizer: that trains it; a list where there are several.
        loss_fn: called as loss_fn(output, target), where `output` is what the model returns.
        train: X, float tensor or array (N, D) as the model gets it, and y (N,): class labels or
            numbers; (N, 1) and one-hot (N, C) as well.
        valid: the same of held-out rows, prepared as the loop prepares them; None without any.
        factory: returns a fresh model as it was before training; for a proof.
        classes: how many classes there are, or their labels in the order of the outputs; 0 for
            quantities; None to tell by y.
        columns: names of the inputs of a row (D,), by which findings call them; None for those of
            a frame, or x0, x1, ...

    Raises:
        UserError: X and y do not fit each other, or the model does not take X.
    """
    return LoopWatch(model, optimizer, loss_fn, train, valid, factory, classes, columns)
