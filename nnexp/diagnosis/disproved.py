"""Nominations that the run itself, or another nomination, shows to be wrong."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.diagnosis.finding import Nomination
from nnexp.diagnosis.judged import BEHIND_GAP, BEHIND_Z
from nnexp.diagnosis.seen import Seen

EMPTY = "uninformative_inputs"
# standard errors of a validation accuracy above the share of the most frequent class, from which
# on its inputs have told the run something
TELLS = 3.0
LEARNT = 0.98  # accuracy on train rows beyond which nothing holds the training down


def standing(seen: Seen, nominations: Sequence[Nomination]) -> list[Nomination]:
    """The nominations without "nothing tells of the label" where something does."""
    told = any(
        own.cause == "target_leak" or (own.cause == EMPTY and own.subject) for own in nominations
    )
    disproved = told or tells_classes(seen)
    wrong = {id(own) for own in of_nothing(nominations)} if disproved else set()
    return [own for own in nominations if id(own) not in wrong]


def tells_classes(seen: Seen) -> bool:
    """Whether the run tells validation rows better than their most frequent class, for certain."""
    return seen.valid is not None and seen.valid.beyond_majority >= TELLS


def of_nothing(nominations: Sequence[Nomination]) -> list[Nomination]:
    """Those that rest on no column telling of the label: of inputs, and of labels by the same
    evidence. What a setting mends, or is about some columns, is another matter.
    """
    empty = [own for own in nominations if own.cause == EMPTY and not own.fix and not own.subject]
    shared = {item.signal for own in empty for item in own.evidence}
    permuted = [
        own
        for own in nominations
        if own.cause == "label_permuted" and any(item.signal in shared for item in own.evidence)
    ]
    return [*empty, *permuted]


def is_held_down(seen: Seen) -> bool:
    """Whether training may be held down: the run is behind its table, or it neither tells nearly
    all train rows, nor tells them better than other learners tell unseen ones, for certain.
    """
    if seen.train is None or seen.may_be_behind:
        return True
    ahead = seen.train.z <= -BEHIND_Z and seen.train.gap <= -BEHIND_GAP
    return seen.train.accuracy < LEARNT and not ahead
