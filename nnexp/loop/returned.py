"""What a model returns: a tensor, or a tuple, list, dict or dataclass of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

Path = tuple[Hashable, ...]  # keys, places and names of fields, from outside inwards


def leaves(output: Any) -> Iterator[tuple[Path, Tensor]]:
    """The tensors in what a model returns, each with the way to it.

    >>> [way for way, _ in leaves({"hidden": torch.ones(2), "heads": (torch.ones(2), None)})]
    [('hidden',), ('heads', 0)]
    """
    if isinstance(output, Tensor):
        yield (), output
        return
    for key, own in _items(output):
        for way, tensor in leaves(own):
            yield (key, *way), tensor


def tensor_of(output: Any, path: Path = ()) -> Tensor:
    """A tensor of what a model returns: the one at `path`, else the first; itself if it is one.

    Raises:
        TypeError: it holds no tensor.
    """
    first = None
    for way, tensor in leaves(output):
        if way == path:
            return tensor
        first = tensor if first is None else first
    if first is None:
        raise TypeError(f"Expected a tensor or a tuple of them. Received: {type(output).__name__}")
    return first


def each(output: Any, what: Callable[[Tensor], Tensor]) -> Any:
    """What a model returns with a function applied to each of its tensors."""
    if isinstance(output, Tensor):
        return what(output)
    if isinstance(output, (tuple, list)):
        done = [each(own, what) for own in output]
        return type(output)(*done) if hasattr(output, "_fields") else type(output)(done)
    changed = [(key, each(own, what)) for key, own in _items(output)]
    made = copy.copy(output) if changed else output
    for key, own in changed:
        if isinstance(made, dict):
            made[key] = own
        else:
            object.__setattr__(made, str(key), own)
    return made


def place_of(returned: Any, given: Tensor) -> Path | None:
    """The way to the tensor that a loop takes out of what its model returns, by its shape.

    Arguments:
        returned: by the model, of any rows.
        given: to the loss, for other rows; axes of one may be gone.
    """
    found = ((way, own) for way, own in leaves(returned) if own.is_floating_point())
    return next((way for way, own in found if tail(own) == tail(given)), None)


def judged(loss: Callable[[Any], Tensor], output: Any) -> Path:
    """The way to the first tensor of an output that a loss depends on; to the first where none is.

    Arguments:
        loss: of an output.
        output: of a model for a batch.
    """
    with torch.enable_grad():
        own = each(output, lambda one: one.detach().requires_grad_(one.is_floating_point()))
        parts = list(leaves(own))
        learning = [one for _, one in parts if one.requires_grad]
        try:
            found = torch.autograd.grad(loss(own).sum(), learning, allow_unused=True)
        except Exception:  # whatever a loss of the user's own may raise
            found = ()
    pulled = {id(one) for one, g in zip(learning, found, strict=False) if g is not None and g.any()}
    return next((way for way, one in parts if id(one) in pulled), parts[0][0])


def tail(tensor: Tensor) -> tuple[int, ...]:
    """The shape of a row, without axes of one."""
    return tuple(size for size in tensor.shape[1:] if size != 1)


def _items(output: Any) -> list[tuple[Any, Any]]:
    if isinstance(output, dict):
        return list(output.items())
    if isinstance(output, (tuple, list)):
        return list(enumerate(output))
    if is_dataclass(output) and not isinstance(output, type):
        return [(field.name, getattr(output, field.name)) for field in fields(output)]
    return []
