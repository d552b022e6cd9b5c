"""A parked member on disk, `checkpoint/parked.safetensors` in its run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save as safetensors_bytes

from nnexp.files import open_tensors, write_bytes
from nnexp.train.parked import Parked

FILE = "checkpoint/parked.safetensors"
LARGEST = 1 << 34  # bytes
GROUPS = ("tensors", "kept", "selection", "schedule")


def write_parked(folder: Path, parked: Parked) -> None:
    """Write a member that is to be taken up again."""
    path = folder / FILE
    path.parent.mkdir(exist_ok=True)
    write_bytes(path, safetensors_bytes(to_arrays(parked)))


def read_parked(folder: Path) -> Parked:
    """Read what `write_parked` wrote."""
    with open_tensors(folder / FILE, LARGEST) as file:
        return from_tensors(file)


def to_arrays(parked: Parked) -> dict[str, np.ndarray]:
    """A parked member as arrays by name."""
    arrays = {"epoch": np.array(parked.epoch), "steps": np.array(parked.steps)}
    for group in GROUPS:
        for name, value in getattr(parked, group).items():
            arrays[f"{group}/{name}"] = np.asarray(value, order="C")
    return arrays


def from_tensors(file: Any, like: Mapping[str, np.ndarray] | None = None) -> Parked:
    """The parked member in an open safetensors file.

    Arguments:
        file: what `open_tensors` gave.
        like: arrays that its own must agree with in names, shapes and types, where a stranger may
            have written it.

    Raises:
        ValueError: they do not.
    """
    names = set(file.keys())
    if like is not None and names != set(like):
        raise ValueError(f"it holds other arrays than expected: {min(names ^ set(like))!r}")
    arrays = {}
    for name in names:
        if like is not None and tuple(file.get_slice(name).get_shape()) != like[name].shape:
            raise ValueError(f"{name} has another shape than expected")
        arrays[name] = file.get_tensor(name)
        if like is not None and arrays[name].dtype != like[name].dtype:
            raise ValueError(f"{name} is of another type than expected")
    groups: dict[str, dict] = {group: {} for group in GROUPS}
    for key, value in arrays.items():
        group, _, name = key.partition("/")
        if name:
            tensor = group in ("tensors", "kept")
            groups[group][name] = torch.from_numpy(value) if tensor else value
    return Parked(int(arrays["epoch"]), int(arrays["steps"]), **groups)
