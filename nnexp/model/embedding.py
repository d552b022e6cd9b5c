"""Learned vectors for categories and for missing cells.

A table's code columns hold 0..L: code 0 is the zero vector (an unseen category, a present cell),
codes 1..L are learned. All columns share one table of vectors, (sum of L, d) for each member.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor


class Embedding:
    """The lookup of codes in a stack's tables of vectors.

    Arguments:
        levels: L of each code column, the number of its learned vectors.
        size: d, the length of a vector.
    """

    def __init__(self, levels: Sequence[int], size: int) -> None:
        self.levels, self.size = tuple(levels), size
        self.count = sum(levels)
        self.shape = (self.count, size)
        self.width = len(self.levels) * size
        self._starts = torch.tensor([0, *accumulate(self.levels[:-1])])

    def initial(self, generator: torch.Generator) -> Tensor:
        """Initial vectors (sum of L, d), N(0, 1/d), so that a vector has length 1 on average."""
        return torch.empty(self.shape).normal_(0, 1 / math.sqrt(self.size), generator=generator)

    def forward(self, table: Tensor, codes: Tensor) -> Tensor:
        """Vectors (K, B, Q * d) of `codes` (K, B, Q) int64 in `table` (K, sum of L, d)."""
        members, rows, columns = codes.shape
        index = self._index(codes).view(-1)
        flat = torch.cat((table.reshape(-1, self.size), table.new_zeros(1, self.size)))
        return flat.index_select(0, index).view(members, rows, columns * self.size)

    def backward(self, dvectors: Tensor, codes: Tensor, dtable: Tensor) -> None:
        """Write the gradient by the table (K, sum of L, d) from that by vectors (K, B, Q * d)."""
        members = codes.shape[0]
        total = members * self.count
        # deterministic on CUDA too, which index_add_ is not
        flat = torch.ops.aten.embedding_dense_backward(
            dvectors.reshape(-1, self.size), self._index(codes).view(-1), total + 1, total, False
        )
        dtable.copy_(flat[:total].view(members, self.count, self.size))

    def _index(self, codes: Tensor) -> Tensor:
        """Rows of the flattened tables, the one past the last for code 0."""
        members = codes.shape[0]
        if self._starts.device != codes.device:
            self._starts = self._starts.to(codes.device)
        first = torch.arange(members, device=codes.device).view(-1, 1, 1) * self.count
        index = codes + (first + self._starts - 1)
        return index.masked_fill_(codes == 0, members * self.count)
