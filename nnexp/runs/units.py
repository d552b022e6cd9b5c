"""The hidden units of kept weights: those that never fire, that are full, that repeat another."""

from __future__ import annotations

import numpy as np
import torch

from nnexp.diagnosis.audit.learners import forest
from nnexp.diagnosis.seen import Units
from nnexp.model.mlp import MLP
from nnexp.model.module import ModuleModel
from nnexp.runs.kept import KeptWeights
from nnexp.train.signals import SATURATED, STEADY

UNIT_ROWS = 512  # train rows on which hidden units are looked at


def look_at_units(kept: KeptWeights, rows: np.ndarray) -> Units:
    """The hidden units of a run, on up to 512 of its train rows (n,)."""
    model, stack = kept.model, kept.stack
    few = forest.sample(rows, UNIT_ROWS)
    codes = None if kept.codes is None else kept.codes[torch.from_numpy(few)].unsqueeze(0)
    stack.forward(kept.inputs(few), codes)
    activation = getattr(model, "activation", "")
    dead, saturated, alike = {}, {}, {}
    for name, values in stack.activations():
        if activation == "relu":
            dead[name] = float((values[0].amax(0) <= 0).double().mean())
        elif activation in SATURATED:
            low, high = SATURATED[activation]
            share = ((values[0] < low) | (values[0] > high)).double().mean(0)
            saturated[name] = float((share >= STEADY).double().mean())
    if isinstance(model, MLP):
        for name in model.layers[:-1]:
            weight = model.layout.view(stack.theta, f"{name}.weight")[0]  # (in, out)
            alike[name] = _share_alike(weight.T)
    elif isinstance(model, ModuleModel):
        for name, slot in zip(model.layers, model.layout.matrices, strict=True):
            weight = model.layout.view(stack.theta, slot.name)[0]  # (out, ...)
            alike[name] = _share_alike(weight.flatten(1))
    return Units(dead, saturated, alike)


def _share_alike(weight: torch.Tensor) -> float:
    """The share of a layer's units, rows of `weight` (out, in), that repeat another's weights."""
    units = len(weight)
    distinct = len(np.unique(weight.numpy(), axis=0))
    return 1.0 - (distinct - 1) / (units - 1) if units > 1 else 0.0
