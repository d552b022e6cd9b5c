"""What the loss compares the outputs with: the labels of all rows, coded for the loss."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Targets:
    """The labels of N rows.

    Arguments:
        classes: (N,) int64, class index; what accuracy is measured on.
        outputs: C, width of the outputs that they will be compared with.
        columns: (N,) int64, the output that should be one; None where there is a single output.
        values: (N,) floating, what the single output should be; None where there are several.
        weights: (N,) floating, weight of each row by its class; None for equal weights.
        dtype: of the target outputs.
    """

    classes: Tensor
    outputs: int
    columns: Tensor | None = None
    values: Tensor | None = None
    weights: Tensor | None = None
    dtype: torch.dtype = torch.float32

    def dense(self, rows: Tensor, smoothing: Tensor | None = None) -> Tensor:
        """Target outputs of some rows.

        Arguments:
            rows: (K, B) int64.
            smoothing: (K, 1, 1) floating shares spread evenly over the outputs (for a single
                output, over its two classes); None for none.

        Returns:
            (K, B, C) floating.
        """
        flat = rows.reshape(-1)
        if self.columns is None:
            assert self.values is not None
            dense = self.values[flat].view(*rows.shape, 1)
            spread = 2
        else:
            columns = self.columns[flat].view(*rows.shape, 1)
            dense = torch.zeros(
                *rows.shape, self.outputs, dtype=self.dtype, device=self.columns.device
            )
            dense.scatter_(2, columns, 1.0)
            spread = self.outputs
        if smoothing is not None:
            dense = dense * (1 - smoothing) + smoothing / spread
        return dense

    def row_weights(self, rows: Tensor) -> Tensor | None:
        """Weights (K, B) of rows (K, B); None for equal weights."""
        return None if self.weights is None else self.weights[rows.reshape(-1)].view(rows.shape)

    def to(self, device: torch.device) -> Targets:
        """The same on another device."""

        def move(value: Tensor | None) -> Tensor | None:
            return None if value is None else value.to(device)

        return replace(
            self,
            classes=self.classes.to(device),
            columns=move(self.columns),
            values=move(self.values),
            weights=move(self.weights),
        )
