"""Nominations that the run itself, or another nomination, shows to be wrong."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.diagnosis.finding import Nomination

EMPTY = "uninformative_inputs"


def standing(nominations: Sequence[Nomination], tells: bool) -> list[Nomination]:
    """The nominations without "nothing tells of the label" where something does.

    Arguments:
        nominations: of the rules, the audit and probes.
        tells: whether the run itself shows that its inputs tell the classes.
    """
    disproved = tells or any(
        own.cause == "target_leak" or (own.cause == EMPTY and own.subject) for own in nominations
    )
    wrong = {id(own) for own in of_nothing(nominations)} if disproved else set()
    return [own for own in nominations if id(own) not in wrong]


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
