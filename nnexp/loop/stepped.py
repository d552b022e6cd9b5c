"""How many steps an optimizer makes, by a hook that goes with its watch."""

from __future__ import annotations

import weakref
from typing import Any

import torch

from nnexp.loop.looker import numbers_of

LOOKED = 8  # first steps, at which it is looked whether there is a gradient


class Updates:
    """Counts the steps of an optimizer from now on.

    Attributes:
        count: of steps; 0 where they are not known, as of an optimizer that takes no hooks.
        empty: of the first `LOOKED`, those at which no parameter had a gradient.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.count = self.empty = 0
        here = weakref.ref(self)

        def made(stepped: torch.optim.Optimizer, *_: Any) -> None:
            own = here()
            if own is not None:
                own.count += 1
                own.empty += own.count <= LOOKED and not _has_gradient(stepped)

        try:
            # the hooks of an optimizer are no part of its state, nor copied or saved with it
            handle = optimizer.register_step_post_hook(made)
        except AttributeError:  # one of somebody's own, which is an optimizer by its groups alone
            return
        weakref.finalize(self, handle.remove).atexit = False

    @property
    def idle(self) -> int:
        """The steps, where none of those looked at found a gradient; else 0."""
        return self.count if self.empty == min(self.count, LOOKED) else 0


def _has_gradient(optimizer: torch.optim.Optimizer) -> bool:
    held = (p.grad for group in optimizer.param_groups for p in group["params"])
    return any(own is not None and bool(numbers_of(own).any()) for own in held)
