"""Fresh models for a proof, from the factory of a watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from nnexp.errors import UserError

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch

ALLOWED = "a function that makes the model anew, as it was before training"
REMEDY = "nnexp.watch(..., factory=lambda: make_model())"


def fresh(watch: LoopWatch) -> nn.Module:
    """A model of the factory, on the device of the watched one.

    Raises:
        UserError: the factory raised, or made something else than a model like the watched one, or
            gave that one itself or parts of it, which a proof would train.
    """
    assert watch.factory is not None
    try:
        made = watch.factory()
    except Exception as error:
        raise UserError(
            f"factory= raised {type(error).__name__}: {error}", ALLOWED, REMEDY
        ) from error
    if not isinstance(made, nn.Module):
        raise UserError(f"factory= gave a {type(made).__name__}", ALLOWED, REMEDY)
    if shares(made, watch.model):
        raise UserError(
            "factory= gave the model that is watched, or one that shares parameters with it: a "
            "proof would train it",
            ALLOWED,
            REMEDY,
        )
    own, known = _shapes(made), _shapes(watch.model)
    if own != known:
        name = next(n for n in [*known, *own] if own.get(n) != known.get(n))
        raise UserError(
            f"factory= gave another model than the one that is watched: {name} has the shape "
            f"{own.get(name, 'of nothing')} there, and {known.get(name, 'of nothing')} here",
            ALLOWED,
            REMEDY,
        )
    return made.to(watch.table.x.device)


def check_factory(watch: LoopWatch) -> bool:
    """Whether models of the factory begin with other weights each; raise as `fresh` does, and where
    it gives one model twice.
    """
    with watch.unseen():
        one, other = fresh(watch), fresh(watch)
        if shares(one, other):
            raise UserError(
                "factory= gave the same model twice: what one training leaves, the next would find",
                ALLOWED,
                REMEDY,
            )
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return any(not torch.equal(a, b) for a, b in pairs)


def shares(one: nn.Module, other: nn.Module) -> bool:
    """Whether two models have a parameter or a buffer in common."""
    known = {id(own) for own in (*other.parameters(), *other.buffers())}
    return any(id(own) in known for own in (*one.parameters(), *one.buffers()))


def _shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(own.shape) for name, own in model.named_parameters()}
