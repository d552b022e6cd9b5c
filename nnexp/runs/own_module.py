"""What a user's own module does: what it gives, where its gradient is cut, and how it trains."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch

from nnexp.diagnosis.nature import STRONGER, Nature, is_sure, of_values, with_strong
from nnexp.model.module import ModuleModel

NUDGE = 0.01  # of a weight matrix: whatever gets a gradient from the outputs moves them by it


def nature(
    model: ModuleModel, theta: torch.Tensor, buffers: torch.Tensor, x: torch.Tensor
) -> Nature:
    """What a user's module gives for inputs (1, n, D): its last weight matrix is the last layer.

    Where no weight matrix is trained, values alone have to tell.
    """
    names = list(model.layout.slots)
    last = max(
        (place for place, n in enumerate(names) if model.layout.slots[n].kind == "weight"),
        default=None,
    )

    def outputs(factor: float) -> torch.Tensor:
        return _outputs(model, theta, buffers, x, {name: factor for name in names[last:]})

    out = outputs(1.0)
    found = of_values(out)
    if last is None or is_sure(found):
        return found
    return with_strong(found, [out, outputs(STRONGER), outputs(-STRONGER)])


def cut(
    model: ModuleModel,
    theta: torch.Tensor,
    buffers: torch.Tensor,
    x: torch.Tensor,
    still: Collection[str],
) -> Sequence[str]:
    """Layers that got no gradient although the outputs depend on them, as behind a `detach`.

    A layer that no output depends on, or only through units that are 0, is none of them: a small
    change of its weights changes nothing.

    Arguments:
        model, theta, buffers, x: as for `nature`.
        still: names of layers (`ModuleModel.layers`) whose gradient was 0 whenever it was seen.
    """
    found: list[str] = []
    if not still:
        return found
    out = _outputs(model, theta, buffers, x, {})
    for layer, slot in zip(model.layers, model.layout.matrices, strict=True):
        if layer in still:
            nudged = _outputs(model, theta, buffers, x, {slot.name: 1 + NUDGE})
            if not torch.equal(nudged, out):
                found.append(layer)
    return found


def in_training(
    model: ModuleModel, theta: torch.Tensor, buffers: torch.Tensor, x: torch.Tensor, batch: int
) -> torch.Tensor:
    """Outputs (1, m, C) of inputs (1, n, D) in training mode, m a multiple of a batch's rows.

    Torch's random state and the buffers are left as they are.
    """
    found: list[torch.Tensor] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for part in x.split(batch, 1):
            if part.shape[1] == batch or not found:
                stack = model.bind(theta, buffers.clone(), dtype=x.dtype)
                found.append(stack.forward(part, None, training=True))
    return torch.cat(found, 1)


def _outputs(
    model: ModuleModel,
    theta: torch.Tensor,
    buffers: torch.Tensor,
    x: torch.Tensor,
    factors: dict[str, float],
) -> torch.Tensor:
    """Outputs (n, C) with some parameters multiplied."""
    changed = theta.clone()
    for name, factor in factors.items():
        model.layout.view(changed, name).mul_(factor)
    return model.bind(changed, buffers, dtype=x.dtype).forward(x, None)[0]
