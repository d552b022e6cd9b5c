"""What a user's own module does: what it gives, where its gradient is cut, and how it trains."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from nnexp.diagnosis.audit.learners import forest
from nnexp.diagnosis.nature import STRONGER, Nature, is_sure, of_values, with_strong
from nnexp.diagnosis.seen import OwnModule
from nnexp.model.draws import seeded
from nnexp.model.module import ModuleModel
from nnexp.model.registered import unregistered
from nnexp.runs.kept import KeptWeights
from nnexp.runs.units import UNIT_ROWS

NUDGE = 0.01  # of a weight matrix: whatever gets a gradient from the outputs moves them by it
MOVED = 1e-3  # of the largest output: rounding in products of other sizes stays far below
PAIRS = 8  # of rows, that show whether a module is linear, ...
STRAIGHT = 1e-3  # ... where their mean is so little off, over how far outputs lie apart, ...
MOST_PAIRS = 0.95  # ... in so many of them: rounding shows where two rows are nearly alike
MODE_ROWS = 2048  # train rows that go through a user's own module in training mode, too


def of_definition(model: ModuleModel) -> OwnModule:
    """What a user's module shows before it has weights."""
    matrices = zip(model.layers, model.layout.matrices, strict=True)
    return OwnModule(
        frozen=[name for name, own in model.module.named_parameters() if not own.requires_grad],
        unregistered=unregistered(model.module),
        matrices={name: slot.shape for name, slot in matrices},
    )


@torch.no_grad()
def of_weights(
    known: OwnModule, kept: KeptWeights, train_rows: np.ndarray, signals: pd.DataFrame | None
) -> OwnModule:
    """The same with what its kept weights do with some train rows (n,).

    Arguments:
        known: as `of_definition` gives it.
        kept: the run's weights.
        train_rows: of the dataset.
        signals: signals.csv; None where nothing was watched.
    """
    model, theta, buffers = kept.model, kept.theta, kept.buffers
    assert isinstance(model, ModuleModel)
    few = kept.inputs(forest.sample(train_rows, UNIT_ROWS))
    kind = nature(model, theta, buffers, few).kind
    mixed = np.random.default_rng(0).permutation(train_rows)[:MODE_ROWS]
    once, again = kept.outputs(mixed), kept.outputs(mixed)
    trained = in_training(model, theta, buffers, kept.inputs(mixed), kept.plan.batch_size)
    return replace(
        known,
        emitted="" if kind == "logits" else kind,
        cut=cut(model, theta, buffers, few, _still(signals)),
        unsteady=float((kept.classes(once) != kept.classes(again)).mean()),
        mixes=torch.equal(once, again) and _mixes(kept, mixed, once[0]),
        is_constant=_is_constant(once[0]),
        is_linear=_is_linear(model, theta, buffers, few, kind),
        modes=kept.compare_modes(mixed[: trained.shape[1]], trained),
    )


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
    return with_strong(found, (out, outputs(STRONGER), outputs(-STRONGER)))


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
    with seeded(0):
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


def _is_constant(out: torch.Tensor) -> bool:
    """Whether outputs (n, C) of several rows are the same."""
    return len(out) > 1 and torch.equal(out, out[:1].expand_as(out))


def _is_linear(
    model: ModuleModel, theta: torch.Tensor, buffers: torch.Tensor, x: torch.Tensor, kind: str
) -> bool:
    """Whether the mean of two rows (1, n, D) has the mean of their logits, for all pairs."""
    half = x.shape[1] // 2
    if half < PAIRS or kind not in ("logits", "log_softmax", "softmax"):
        return False
    a, b = x[:, :half], x[:, half : 2 * half]
    if not bool(torch.isfinite(x).all()):
        return False
    found = []
    for rows in (a, b, (a + b) / 2):
        out = _outputs(model, theta, buffers, rows, {}).double()
        out = out.log() if kind == "softmax" else out
        # a softmax leaves of the logits what they are beside each other
        found.append(out - out.mean(1, keepdim=True) if out.shape[1] > 1 else out)
    # pair by pair: beside one far row the bends of all others are small
    moves = (found[0] - found[1]).abs().amax(1)
    wrong = (found[2] - (found[0] + found[1]) / 2).abs().amax(1)
    straight = (wrong <= STRAIGHT * moves)[moves > 0]
    return len(straight) >= PAIRS and float(straight.double().mean()) >= MOST_PAIRS


def _mixes(kept: KeptWeights, rows: np.ndarray, whole: torch.Tensor) -> bool:
    """Whether rows (n,) have other outputs in other company than `whole` (n, C) shows."""
    halves = [kept.outputs(rows[place::2])[0] for place in (0, 1)]
    moved = max(float((whole[k::2] - own).abs().max()) for k, own in enumerate(halves) if len(own))
    return moved > MOVED * max(float(whole.abs().max()), 1e-12)


def _still(signals: pd.DataFrame | None) -> list[str]:
    """Layers whose gradient was 0 whenever it was seen, while another's was not."""
    if signals is None:
        return []
    prefix = "gradient_norm/"
    norms = {str(n)[len(prefix) :]: signals[n] for n in signals if str(n).startswith(prefix)}
    seen = {name: own[np.isfinite(own)] for name, own in norms.items()}
    still = [name for name, own in seen.items() if len(own) and (own == 0).all()]
    return still if any((own > 0).any() for own in seen.values()) else []
