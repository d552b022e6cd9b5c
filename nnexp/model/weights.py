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

FILE = "model.safetensors"
DTYPES = {"F32": torch.float32, "F64": torch.float64}


class MisfitError(UserError):
    """Saved weights are not those of the architecture, or not finite."""


def weights_to_arrays(model: Any, theta: Tensor, buffers: Tensor) -> dict[str, np.ndarray]:
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


def weights_from_tensors(model: Any, tensors: Any) -> tuple[Tensor, Tensor]:
    """The rows theta (1, P) and buffers (1, Q) that `weights_to_arrays` was given.

    Names, shapes and dtypes are compared with the architecture before any tensor is read.

    Arguments:
        model: the architecture.
        tensors: what `nnexp.files.open_tensors` opened.

    Raises:
        MisfitError: names, shapes or dtypes are not those of the architecture, or a weight is NaN
            or infinite; buffers of a user's own module may be.
    """
    dtype = _common_dtype(model, tensors)
    rows = []
    for layout in (model.layout, model.buffers):
        row = torch.zeros(1, layout.size, dtype=dtype)
        for name, view in layout.views(row).items():
            value = torch.from_numpy(tensors.get_tensor(name).copy())
            bounded = layout is model.layout or isinstance(model, MLP)
            if bounded and not value.isfinite().all():
                raise _misfit(f"hold NaN or infinity in {name!r}")
            view[0] = value.T if _is_transposed(model, layout, name) else value
        rows.append(row)
    return rows[0], rows[1]


def _common_dtype(model: Any, tensors: Any) -> torch.dtype:
    """The dtype of all tensors, once their names and shapes are those of the architecture."""
    shapes = {
        name: slot.shape[::-1] if _is_transposed(model, layout, name) else slot.shape
        for layout in (model.layout, model.buffers)
        for name, slot in layout.slots.items()
    }
    odd = sorted(set(tensors.keys()) ^ set(shapes))
    if odd:
        raise _misfit(f"{'lack' if odd[0] in shapes else 'have besides'} {odd[0]!r}")
    found = {name: tensors.get_slice(name) for name in shapes}
    for name, shape in shapes.items():
        if tuple(found[name].get_shape()) != shape:
            raise _misfit(f"have {name!r} of shape {tuple(found[name].get_shape())}")
    dtypes = sorted({piece.get_dtype() for piece in found.values()})
    if len(dtypes) != 1 or dtypes[0] not in DTYPES:
        raise _misfit(f"are of dtype {', '.join(dtypes)}")
    return DTYPES[dtypes[0]]


def _is_transposed(model: Any, layout: Any, name: str) -> bool:
    return isinstance(model, MLP) and layout.slots[name].kind == "weight"


def _misfit(what: str) -> MisfitError:
    return MisfitError(
        f"the saved weights {what}",
        "the weights of the model that the run's configuration describes",
        "ls outputs",
    )
