"""Nominations of one cause put together, whoever made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nnexp.diagnosis.causes import CAUSES
from nnexp.diagnosis.finding import Nomination
from nnexp.diagnosis.overrides import united

SCALES = (
    "unscaled_features",
    "dominant_feature",
    "outlier_crushed_feature",
    "double_scaling",
    "categorical_as_number",
)
# what a table or its split has wrong hurts other learners as well: it does not explain why a run
# is worse than they are, and it is there whatever the scores are
OF_DATA = {cause for cause, own in CAUSES.items() if own.family in ("table", "labels", "split")} - {
    *SCALES,
    "label_encoding",
    "nonfinite_inputs",
    "class_imbalance",
    "identifier_feature",
}


def merged(nominations: Sequence[Nomination]) -> list[Nomination]:
    """One nomination a cause, the strongest, with the evidence of the others after its own.

    What is wrong with a table may be so in several places: their fixes are one where they can be,
    and of what a setting mends and what none does the former is told.
    """
    alike: dict[str, list[Nomination]] = {}
    for own in sorted(nominations, key=lambda one: -one.strength):
        alike.setdefault(own.cause, []).append(own)
    return [_as_one(group) for group in alike.values()]


def _as_one(group: Sequence[Nomination]) -> Nomination:
    """Nominations of one cause, the strongest first, as one."""
    first = group[0]
    if first.cause in OF_DATA:
        first = next((own for own in group if own.fix), first)
    rest = [own for own in group if own is not first]
    known = {item.signal for item in first.evidence}
    evidence, fix = list(first.evidence), first.fix
    for own in rest:
        evidence += [item for item in own.evidence if item.signal not in known]
        known |= {item.signal for item in own.evidence}
        if own.cause in OF_DATA:
            fix = tuple(united(fix, own.fix) or fix)
    # who names columns says more than who names a setting that would help
    told = first
    if first.title and not first.subject:
        told = next((own for own in rest if own.subject), first)
    return replace(
        first,
        evidence=tuple(evidence),
        certain=any(own.certain for own in group),
        fix=fix,
        strength=group[0].strength,
        title=told.title,
        subject=told.subject,
        explanation=told.explanation,
    )
