"""Rules: small pure functions from what was seen of a run to the causes that it points to."""

from __future__ import annotations

from collections.abc import Callable

from nnexp.diagnosis.finding import Nomination
from nnexp.diagnosis.rules import (
    inputs,
    labels,
    loss,
    network,
    optimisation,
    pairing,
    rates,
    regularization,
)
from nnexp.diagnosis.seen import Seen

Rule = Callable[[Seen], list[Nomination]]

RULES: tuple[Rule, ...] = (
    *inputs.RULES,
    *labels.RULES,
    *pairing.RULES,
    *loss.RULES,
    *rates.RULES,
    *optimisation.RULES,
    *regularization.RULES,
    *network.RULES,
)


def nominate(seen: Seen) -> list[Nomination]:
    """What all rules point to, in no particular order."""
    return [found for rule in RULES for found in rule(seen)]
