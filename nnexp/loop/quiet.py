"""A forward pass that leaves no trace: modes, buffers and random numbers are put back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


@contextmanager
def same_draws(device: torch.device) -> Iterator[None]:
    """Put the random numbers of torch, NumPy and Python back where they were."""
    state, of_numpy, of_python = torch.get_rng_state(), np.random.get_state(), random.getstate()
    on_device = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    try:
        yield
    finally:
        torch.set_rng_state(state)
        np.random.set_state(of_numpy)
        random.setstate(of_python)
        if on_device is not None:
            torch.cuda.set_rng_state(on_device, device)


@contextmanager
def quiet(model: nn.Module, training: bool = False) -> Iterator[None]:
    """Without gradients and in evaluation mode (or in training mode), and back to what was.

    Flags are set as they are, and not by `model.eval()`, which a module may have made its own.
    Buffers, such as running means, get back what they held (batch normalisation writes into them
    without counting a new version), and without a trace in their version counters, so that a
    backward pass under way is not disturbed.
    """
    modules = [one for one in model.modules() if one.training != training]
    buffers = [(own, own.detach().clone()) for own in model.buffers()]
    device = next((own.device for own in model.parameters()), torch.device("cpu"))
    for one in modules:
        one.training = training
    try:
        with same_draws(device), torch.no_grad():
            yield
    finally:
        for one in modules:
            one.training = not training
        for own, before in buffers:
            own.data.copy_(before)


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
