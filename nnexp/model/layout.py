"""Where each parameter of a member stands in its row of the stack's tensor theta (K, P)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

KINDS = ("weight", "bias", "norm", "embedding")
ALIGNMENT = 16  # elements; a row's vectorised loops then end alike in a stack of any size


@dataclass(frozen=True)
class Slot:
    """One parameter tensor of a member: its name, shape, kind and place in the row."""

    name: str
    shape: tuple[int, ...]
    kind: str
    offset: int

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


class Layout:
    """The order of a member's parameters in its row, weight matrices first.

    Weight matrices stand together at the front, so a penalty works on `theta[:, :weights]`.
    The row is padded with zeros to a multiple of `ALIGNMENT`.

    Arguments:
        parameters: (name, shape, kind) of each parameter, kind one of `KINDS`.

    Attributes:
        slots: name -> Slot, in the order of the row.
        matrices: the slots of the weight matrices, likewise.
        weights: how many numbers at the front belong to weight matrices.
        used: how many numbers hold parameters.
        size: P, the length of the padded row.
    """

    def __init__(self, parameters: Iterable[tuple[str, tuple[int, ...], str]]) -> None:
        self.slots: dict[str, Slot] = {}
        offset = 0
        for name, shape, kind in sorted(parameters, key=lambda entry: KINDS.index(entry[2])):
            self.slots[name] = Slot(name, shape, kind, offset)
            offset += self.slots[name].size
        self.used = offset
        self.matrices = [slot for slot in self.slots.values() if slot.kind == "weight"]
        self.weights = sum(slot.size for slot in self.matrices)
        self.size = -(-offset // ALIGNMENT) * ALIGNMENT

    def view(self, rows: Tensor, name: str) -> Tensor:
        """The view (K, *shape) of one parameter in `rows` (K, P)."""
        slot = self.slots[name]
        return rows[:, slot.offset : slot.offset + slot.size].view(len(rows), *slot.shape)

    def views(self, rows: Tensor) -> dict[str, Tensor]:
        """All parameters of `rows` (K, P), by name, each a view (K, *shape)."""
        return {name: self.view(rows, name) for name in self.slots}
