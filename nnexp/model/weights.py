"""A member's weights as named arrays, in PyTorch's shapes, and back.

A linear layer's weight is saved as `torch.nn.Linear` has it, (outputs, inputs); in theta it is
(inputs, outputs).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from nnexp.errors import UserError
from nnexp.model.mlp import MLP


def to_arrays(model: Any, theta: Tensor, buffers: Tensor) -> dict[str, np.ndarray]:
    """Parameters and running statistics by name.

    Arguments:
        model: the architecture (`MLP` or `ModuleModel`).
        theta: a member's row (P,).
        buffers: its running statistics (Q,).
    """
    arrays = {}
    for layout, row in ((model.layout, theta), (model.buffers, buffers)):
        for name, value in layout.views(row.unsqueeze(0)).items():
            array = value[0].T if _is_transposed(model, layout, name) else value[0]
            arrays[name] = array.cpu().numpy().copy(order="C")
    return arrays


def from_arrays(model: Any, arrays: dict[str, np.ndarray]) -> tuple[Tensor, Tensor]:
    """The rows theta (1, P) and buffers (1, Q) that `to_arrays` was given.

    Raises:
        UserError: names, shapes or dtypes are not those of the architecture, or a weight is NaN
            or infinite.
    """
    known = [*model.layout.slots, *model.buffers.slots]
    odd = sorted(set(arrays) ^ set(known))
    if odd:
        raise _misfit(f"{'lack' if odd[0] in known else 'have besides'} {odd[0]!r}")
    dtypes = {array.dtype for array in arrays.values()}
    if len(dtypes) != 1 or next(iter(dtypes)) not in (np.float32, np.float64):
        raise _misfit(f"are of dtype {', '.join(sorted(map(str, dtypes)))}")
    dtype = torch.from_numpy(np.empty(0, dtypes.pop())).dtype
    rows = []
    for layout in (model.layout, model.buffers):
        turned = {
            name: arrays[name].T if _is_transposed(model, layout, name) else arrays[name]
            for name in layout.slots
        }
        for name, array in turned.items():  # before anything of that size is allocated
            if array.shape != layout.slots[name].shape:
                raise _misfit(f"have {name!r} of shape {arrays[name].shape}")
            if not np.isfinite(array).all():
                raise _misfit(f"hold NaN or infinity in {name!r}")
        row = torch.zeros(1, layout.size, dtype=dtype)
        for name, view in layout.views(row).items():
            view[0] = torch.from_numpy(turned[name].copy(order="C"))
        rows.append(row)
    return rows[0], rows[1]


def _is_transposed(model: Any, layout: Any, name: str) -> bool:
    return isinstance(model, MLP) and layout.slots[name].kind == "weight"


def _misfit(what: str) -> UserError:
    return UserError(
        f"the saved weights {what}",
        "the weights of the model that the run's configuration describes",
        "train again, or restore the folder",
    )
