"""Dropout masks, drawn for a block of steps at once.

Each member has a generator of its own for each layer, so its masks are the same in any stack
(Srivastava et al. 2014, inverted dropout).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
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

    def draw(self, generators: Sequence[np.random.Generator], rows: int) -> Tensor:
        """Masks (K, rows, H) for the next block.

        Arguments:
            generators: this layer's generator of each member.
            rows: how many batch rows the block has, over all its steps.
        """
        count = rows * self.width
        shape = (len(generators), rows, self.width)
        out = torch.empty(shape, dtype=self.dtype, device=self.device)
        for member, generator in enumerate(generators):
            if not self.rates[member]:
                out[member] = 1.0
                continue
            words = generator.bit_generator.random_raw(-(-count // 4))  # uint64
            bits = torch.from_numpy(words.view(np.int16)[:count]).to(self.device)
            torch.le(bits.view(rows, self.width), self.thresholds[member], out=out[member])
            out[member] *= self.factors[member]
        return out
