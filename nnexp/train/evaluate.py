"""Outputs of a stack on many rows, in evaluation mode.

Rows go through the network in chunks of one fixed size, the last one padded: a row's result then
depends on nothing but the row, not on how many others are asked for (matrix products of one or
two rows take another path, with other roundings).
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

CHUNK = 256  # rows


class Stack(Protocol):
    """What evaluation needs of a model bound to its parameters."""

    def forward(self, x: Tensor, codes: Tensor | None = None) -> Tensor:
        """Logits (K, B, C) of x (K, B, D) and codes (K, B, Q)."""
        ...


@torch.no_grad()
def logits(
    stack: Stack, x: Tensor, codes: Tensor | None, rows: Tensor, members: int, outputs: int
) -> Tensor:
    """Logits of some rows of a table, for all members of a stack.

    Arguments:
        stack: the model; its `forward` is called without `training`.
        x: the table (N, D).
        codes: (N, Q) int64 or None.
        rows: which rows: (n,) int64, the same for all members.
        members: K.
        outputs: C.

    Returns:
        (K, n, C), at least float32.
    """
    count = len(rows)
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    out = torch.empty(members, count, outputs, dtype=dtype, device=x.device)
    for start in range(0, count, CHUNK):
        index = rows[start : start + CHUNK]
        real = len(index)
        if real < CHUNK:
            index = torch.cat((index, index[-1:].expand(CHUNK - real)))
        block = x.index_select(0, index).unsqueeze(0).expand(members, -1, -1)
        block_codes = None
        if codes is not None:
            block_codes = codes.index_select(0, index).unsqueeze(0).expand(members, -1, -1)
        result = stack.forward(block, block_codes)
        if result.shape != (members, CHUNK, outputs):
            raise ValueError(
                f"Expected outputs of shape {(members, CHUNK, outputs)}. "
                f"Received: {tuple(result.shape)}"
            )
        out[:, start : start + real] = result[:, :real]
    return out
