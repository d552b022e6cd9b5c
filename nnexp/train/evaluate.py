"""Outputs of a stack on many rows, in evaluation mode.

Rows go through the network in chunks of one fixed size, the last one padded: a row's result then
depends on nothing but the row, not on how many others are asked for (matrix products of one or
two rows take another path, with other roundings). In float64, where kernels treat the last rows of
a product apart, it may differ in the last bit. In OpenBLAS' products of AVX-512 that holds of some
numbers of rows in float32 too, though of none that four divides, as it does CHUNK; other kernels
of OpenBLAS predict nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

CHUNK = 256  # rows


class Forward(Protocol):
    """What evaluation needs of a model bound to its parameters."""

    def forward(self, x: Tensor, codes: Tensor | None = None) -> Tensor:
        """Logits (K, B, C) of x (K, B, D) and codes (K, B, Q)."""
        ...


def chunks(
    stack: Forward, x: Tensor, codes: Tensor | None, rows: Tensor, members: int
) -> Iterator[tuple[slice, Tensor]]:
    """Logits of some rows of a table, chunk by padded chunk.

    What is computed further on whole chunks does not depend on the other rows either.

    Arguments:
        stack: the model; its `forward` is called without `training`.
        x: the table (N, D).
        codes: (N, Q) int64 or None.
        rows: which rows: (n,) int64, the same for all members, or (K, n), each its own.
        members: K.

    Yields:
        Which of the n rows, and logits (K, CHUNK, C), at least float32, of which the first ones
        are those rows and the rest repeats the last.
    """

    def gathered(table: Tensor, index: Tensor) -> Tensor:
        block = table.index_select(0, index.reshape(-1)).view(*index.shape, -1)
        return block if index.dim() == 2 else block.unsqueeze(0).expand(members, -1, -1)

    for start in range(0, rows.shape[-1], CHUNK):
        index = rows[..., start : start + CHUNK]
        real = index.shape[-1]
        if real < CHUNK:
            padding = index[..., -1:].expand(*index.shape[:-1], CHUNK - real)
            index = torch.cat((index, padding), -1)
        block_codes = None if codes is None else gathered(codes, index)
        result = stack.forward(gathered(x, index), block_codes)
        if result.dtype not in (torch.float32, torch.float64):
            result = result.float()
        yield slice(start, start + real), result


@torch.no_grad()
def logits(
    stack: Forward, x: Tensor, codes: Tensor | None, rows: Tensor, members: int, outputs: int
) -> Tensor:
    """Logits (K, n, C) of some rows; arguments as for `chunks`, and `outputs`: C."""
    return logits_beside(stack, x, codes, rows, members, outputs, rows[..., :0])[0]


@torch.no_grad()
def logits_beside(
    stack: Forward,
    x: Tensor,
    codes: Tensor | None,
    rows: Tensor,
    members: int,
    outputs: int,
    others: Tensor,
) -> tuple[Tensor, Tensor]:
    """Logits (K, n, C) of some rows, and those (K, s, C) of few others.

    Arguments:
        stack, x, codes, rows, members, outputs: as for `logits`; n >= 1 where s is.
        others: (s,) or (K, s) int64, as `rows`; they are the last rows of the last chunk, in the
            place of padding: s <= `room(n)`.
    """
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    count, more = rows.shape[-1], others.shape[-1]
    out = torch.empty(members, count, outputs, dtype=dtype, device=x.device)
    index, last = rows, out
    if more:
        padding = rows[..., -1:].expand(*rows.shape[:-1], room(count) - more)
        index = torch.cat((rows, padding, others), -1)
    for place, last in chunks(stack, x, codes, index, members):
        own = out[:, place]
        own.copy_(last[:, : own.shape[1]])
    return out, last[:, last.shape[1] - more :].contiguous()


def room(rows: int) -> int:
    """How many rows more fit in the last chunk of so many."""
    return -rows % CHUNK
