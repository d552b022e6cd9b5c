"""A parked member on disk, `checkpoint/parked.safetensors` in its run folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save as safetensors_bytes

from nnexp.files import open_tensors
from nnexp.track.folder import write_bytes
from nnexp.train.parked import Parked

FILE = "checkpoint/parked.safetensors"
LARGEST = 1 << 34  # bytes
GROUPS = ("tensors", "kept", "selection", "schedule")


def park(folder: Path, parked: Parked) -> None:
    """Write a member that is to be taken up again."""
    arrays = {"epoch": np.array(parked.epoch), "steps": np.array(parked.steps)}
    for group in GROUPS:
        for name, value in getattr(parked, group).items():
            arrays[f"{group}/{name}"] = np.asarray(value, order="C")
    path = folder / FILE
    path.parent.mkdir(exist_ok=True)
    write_bytes(path, safetensors_bytes(arrays))


def take_up(folder: Path) -> Parked:
    """Read what `park` wrote."""
    groups: dict[str, dict] = {group: {} for group in GROUPS}
    with open_tensors(folder / FILE, LARGEST) as file:
        epoch, steps = int(file.get_tensor("epoch")), int(file.get_tensor("steps"))
        for key in file.keys():  # noqa: SIM118  (it is no dict)
            group, _, name = key.partition("/")
            if not name:
                continue
            value = file.get_tensor(key)
            tensor = group in ("tensors", "kept")
            groups[group][name] = torch.from_numpy(value) if tensor else value
    return Parked(epoch, steps, **groups)


def leave(folder: Path) -> None:
    """Remove what `park` wrote, where it did."""
    path = folder / FILE
    if path.exists():
        path.unlink()
        path.parent.rmdir()
