"""Dropout masks, drawn for a block of steps at once.

Each member has a generator of its own for each layer, so its masks are the same in any stack
(Srivastava et al. 2014, inverted dropout).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LEVELS = 1 << 16  # a unit is kept or dropped by 16 random bits


def keep_rates(rates: Tensor) -> tuple[Tensor, Tensor]:
    """Thresholds on 16 random bits, and the factor on kept units, for rates (K,) in [0, 1).

    Returns:
        kept: (K,) int64 in 1..65536; a unit is kept where its bits, read as 0..65535, are below.
        factors: (K,) float64, the inverse of the share really kept, so the mean is unchanged.
    """
    kept = torch.round((1 - rates.double()) * LEVELS).clamp_(min=1)
    return kept.long(), LEVELS / kept


class Masks:
    """Factors (0, or the inverse of the kept share) for one layer's units, block by block.

    Arguments:
        rates: dropout rates (K,), in [0, 1).
        width: H, units of the layer.
        device, dtype: of the masks.
    """

    def __init__(
        self, rates: Sequence[float], width: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.width = width
        self.device, self.dtype = device, dtype
        kept, factors = keep_rates(torch.tensor(rates, dtype=torch.float64))
        self.thresholds = [int(k) - 1 - LEVELS // 2 for k in kept]  # for bits read as signed
        self.factors = [float(f) for f in factors]
        self.rates = list(rates)
        self.active = any(rate > 0 for rate in rates)
        self._on_device: tuple[Tensor, Tensor] | None = None

    def draw(self, generators: Sequence[np.random.Generator], rows: int) -> Tensor:
        """Masks (K, rows, H) for the next block.

        Arguments:
            generators: this layer's generator of each member.
            rows: how many batch rows the block has, over all its steps.
        """
        count = rows * self.width
        shape = (len(generators), rows, self.width)
        if self.device.type != "cpu":
            return self._draw_at_once(generators, count).view(shape)
        out = torch.empty(shape, dtype=self.dtype)
        for member, generator in enumerate(generators):
            if not self.rates[member]:
                out[member] = 1.0
                continue
            bits = torch.from_numpy(_bits(generator, count))
            torch.le(bits.view(rows, self.width), self.thresholds[member], out=out[member])
            out[member] *= self.factors[member]
        return out

    def _draw_at_once(self, generators: Sequence[np.random.Generator], count: int) -> Tensor:
        """The masks (K, count) of the same bits, which go to the device in one copy.

        Waiting for a copy of each member would take longer than all else.
        """
        # pinned memory is copied while the next block is drawn; torch keeps it until then
        pinned = self.device.type == "cuda"
        bits = torch.empty(len(generators), count, dtype=torch.int16, pin_memory=pinned)
        for own, rate, generator in zip(bits.numpy(), self.rates, generators, strict=True):
            if rate:  # else all bits are below the threshold, whatever is there
                own[:] = _bits(generator, count)
        thresholds, factors = self._columns()
        out = torch.empty(bits.shape, dtype=self.dtype, device=self.device)
        torch.le(bits.to(self.device, non_blocking=True), thresholds, out=out)
        return out.mul_(factors)

    def _columns(self) -> tuple[Tensor, Tensor]:
        """The thresholds int16 and the factors of the members, each (K, 1), on the device."""
        if self._on_device is None:
            thresholds = torch.tensor(self.thresholds, dtype=torch.int16).unsqueeze(1)
            # rounded as where a mask is multiplied by its factor
            one = torch.ones(1, dtype=self.dtype)
            factors = torch.stack([one * factor for factor in self.factors])
            self._on_device = thresholds.to(self.device), factors.to(self.device)
        return self._on_device


def _bits(generator: np.random.Generator, count: int) -> NDArray[np.int16]:
    words = generator.bit_generator.random_raw(-(-count // 4))  # uint64
    return words.view(np.int16)[:count]
