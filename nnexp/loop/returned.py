"""What a model returns: a tensor, or a tuple, list or dict of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor


def tensor_of(output: Any) -> Tensor:
    """The first tensor of what a model returns: a tensor, or a tuple, list or dict of them.

    Raises:
        TypeError: it holds no tensor.
    """
    if isinstance(output, Tensor):
        return output
    items = output.values() if isinstance(output, dict) else output
    for one in items if isinstance(items, (tuple, list)) or isinstance(output, dict) else ():
        try:
            return tensor_of(one)
        except TypeError:
            continue
    raise TypeError(f"Expected a tensor or a tuple of them. Received: {type(output).__name__}")


def each(output: Any, what: Callable[[Tensor], Tensor]) -> Any:
    """What a model returns with a function applied to each of its tensors."""
    if isinstance(output, Tensor):
        return what(output)
    if isinstance(output, dict):
        return {key: each(own, what) for key, own in output.items()}
    if isinstance(output, (tuple, list)):
        done = [each(own, what) for own in output]
        return type(output)(*done) if hasattr(output, "_fields") else type(output)(done)
    return output
