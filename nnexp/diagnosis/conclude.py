"""From nominated causes to findings: what is told, with which verdict, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nnexp.diagnosis.causes import CAUSES, titled
from nnexp.diagnosis.disproved import standing
from nnexp.diagnosis.finding import HARMLESS, SUSPECTED, TRIED, Evidence, Finding, Nomination, Sign
from nnexp.diagnosis.judged import BEHIND_GAP, BEHIND_Z
from nnexp.diagnosis.merged import OF_DATA, SCALES, merged
from nnexp.diagnosis.rules.optimisation import BATCHES, OTHER_ROWS
from nnexp.diagnosis.seen import Seen

MOST = 6  # findings
SIGN = 0.45  # strength of a sign that is worth a word where the run is behind, ...
ODD = 0.8  # ... that makes a run suspicious by itself, ...
ALONE = 0.7  # ... and where nothing tells what the table allows
PLAIN = 0.93  # of a mistake in somebody's code, which is told also where a run is behind ...
LAG = 1.0  # ... by no more than so many standard errors
UNLIKE = 0.15  # of accuracy that other learners lose from train rows to held-out ones
TELLS = 3.0  # standard errors of an accuracy above the most frequent class's: inputs tell it
LEARNT = 0.98  # accuracy on train rows beyond which nothing holds the training down
ITSELF = 0.8  # with evidence this strong a cause is not explained away by another of like strength

HARM = "accuracy on"  # how the item of evidence begins that all findings of a run share

# a cause -> what it brings about; where both are nominated the cause comes first
_FOLLOW = {
    "dead_units",
    "vanishing_gradients",
    "exploding_gradients",
    "undertrained",
    "underfit_capacity",
    "unsuitable_optimizer",
}
_LOSS = {cause for cause, own in CAUSES.items() if own.family == "loss"}
_BY_SCALES = _FOLLOW | {"lr_too_low", "lr_too_high", "bad_initialisation"}
# what does so that alone makes the scale of the inputs what it is
_OF_SCALE = _BY_SCALES | set(SCALES)
BRINGS: dict[str, set[str]] = {
    **{cause: _BY_SCALES for cause in SCALES},
    **{cause: _FOLLOW | {"lr_too_low", "class_imbalance", "overfit"} for cause in _LOSS},
    # the largest value of a range leaves nothing of all others
    "outlier_crushed_feature": _BY_SCALES | {"double_scaling"},
    "nonfinite_inputs": _FOLLOW | {"lr_too_high", "bad_initialisation"},
    "lr_too_high": _FOLLOW,
    "lr_too_low": {"undertrained", "unsuitable_optimizer", "underfit_capacity", "class_imbalance"},
    "bad_initialisation": _FOLLOW | {"lr_too_low", "lr_too_high"},
    "parameters_not_updated": _FOLLOW | {"lr_too_low", "lr_too_high"},
    "batchnorm_mode": _FOLLOW | {"overfit"},
    "vanishing_gradients": {"dead_units", "undertrained", "unsuitable_optimizer"},
    "exploding_gradients": {"dead_units", "lr_too_high"},
    "over_regularized": _FOLLOW | {"lr_too_low", "class_imbalance"},
    "underfit_capacity": {"undertrained", "unsuitable_optimizer"},
    "undertrained": {"unsuitable_optimizer", "class_imbalance"},
    "unsuitable_optimizer": {"undertrained", "dead_units"},
    "label_encoding": _FOLLOW | {"class_imbalance", "wrong_output_size", "wrong_loss", "overfit"},
    "label_permuted": _FOLLOW | {"overfit", "label_noise"},
    "uninformative_inputs": _FOLLOW
    | {"overfit", "label_noise", "label_permuted", "conflicting_labels"},
    "label_mapping_mismatch": {"unseen_class", "overfit", "distribution_shift"},
    "ordered_split": _FOLLOW | {"unseen_class", "distribution_shift", "overfit"},
    "preprocessing_mismatch": {"distribution_shift", "overfit"},
    "distribution_shift": {"overfit", "class_imbalance"},
    # to learn rows by heart pays where they are held out as well
    "duplicate_leak": {"overfit", "over_regularized", "underfit_capacity", "undertrained"},
    "group_leak": {"over_regularized", "underfit_capacity", "undertrained"},
    "label_noise": {"overfit"},
}
# of these, what flatters those that learn rows by heart, which is what the run is behind ...
_BY_HEART = {"duplicate_leak", "group_leak"}
# ... and what makes held-out rows unlike train rows, by which other learners may lose more than the
# run is behind them
_UNLIKE = {
    "label_mapping_mismatch",
    "unseen_class",
    "preprocessing_mismatch",
    "distribution_shift",
    "ordered_split",
}
# the evidence is in the configuration: worth telling also where it did no harm
_TOLD = (_LOSS | {"label_encoding", "overfit"}) - {"penalty_dominates", "metric_mismatch"}
# where nothing is learnt, or the contrary, how it is learnt is of no account
_NOTHING_LEARNT = ("parameters_not_updated", "loss_sign_flipped")
_LEARNING = {"undertrained", "unsuitable_optimizer", "underfit_capacity"}
# what the code of a module or loop can have wrong, and no setting mends
_OF_CODE = {"bad_initialisation", "batchnorm_mode", "dead_units", "parameters_not_updated"}


def conclude(seen: Seen, nominations: Sequence[Nomination]) -> list[Finding]:
    """Findings, the most probable cause first.

    A threshold nominates: a cause that is not certain is suspected only where the run is worse
    than its table allows. Where it is not, a setting that contradicts itself is told as harmless,
    and everything else is left out. What no re-run can try is harmless only where the run does
    better than other learners, and a plain mistake in somebody's code is told also where the run
    may be behind by chance.

    Arguments:
        seen: the run.
        nominations: of the rules and of the audit.
    """
    told = []
    for own in merged(standing(nominations, _tells_classes(seen))):
        of_batches = own.subject == BATCHES  # a setting, which mostly does no harm
        of_data = own.cause in OF_DATA and not of_batches
        if own.certain or of_data or _is_suspect(seen, own):
            told.append((own, SUSPECTED))
        elif own.cause in _OF_CODE and not own.fix and own.strength >= PLAIN:
            if _may_lag(seen):
                told.append((own, SUSPECTED))
        elif (own.cause in _TOLD or of_batches) and own.strength > TRIED:
            told.append((own, HARMLESS if own.fix or _is_ahead(seen) else SUSPECTED))
    present = {own.cause: own.strength for own, verdict in told if verdict == SUSPECTED}
    if any(present.get(cause, 0.0) >= ITSELF for cause in _NOTHING_LEARNT):
        told = [
            (own, verdict) for own, verdict in told if own.certain or own.cause not in _LEARNING
        ]
        present = {own.cause: own.strength for own, verdict in told if verdict == SUSPECTED}

    behind = seen.knows_table and seen.is_behind
    scaling = {own.cause for own, verdict in told if own.of_scale and verdict == SUSPECTED}

    def order(item: tuple[Nomination, str]) -> tuple[bool, bool, bool, float]:
        own, verdict = item
        explained = any(
            own.cause in (BRINGS.get(other, set()) | (_OF_SCALE if other in scaling else set()))
            and strength >= min(0.6, own.strength)
            and (
                {own.cause, other} & OF_DATA
                or own.strength < ITSELF
                or strength > own.strength + 0.05
            )
            for other, strength in present.items()
            if other != own.cause and not _mutual(other, own.cause, present)
        )
        of_data = own.cause in OF_DATA and own.subject not in (BATCHES, OTHER_ROWS)
        of_data = of_data and not own.typed
        spoils = own.cause in _BY_HEART or (own.cause in _UNLIKE and _lost_by_others(seen))
        spoils = spoils or own.cause in scaling  # trees do not feel a scale
        beside = behind and of_data and not spoils and not _explains_gap(seen)
        return verdict == HARMLESS, beside, explained, -own.strength

    told.sort(key=order)
    return [_finding(seen, own, verdict) for own, verdict in _once(told)[:MOST]]


def _once(told: Sequence[tuple[Nomination, str]]) -> list[tuple[Nomination, str]]:
    """Causes of the run that one change mends told once, by the first of them."""
    kept: dict[object, tuple[Nomination, str]] = {}
    for own, verdict in told:
        alone = own.cause in OF_DATA or not own.fix
        key: object = own.cause if alone else (frozenset(own.fix), verdict)
        if key not in kept:
            kept[key] = own, verdict
            continue
        first, _ = kept[key]
        same = Evidence("mended by the same change", CAUSES[own.cause].title, "nothing else")
        kept[key] = replace(first, evidence=(*first.evidence, same)), verdict
    return list(kept.values())


def considered(
    seen: Seen, nominations: Sequence[Nomination], told: Sequence[Finding]
) -> list[Sign]:
    """What was left out for want of harm, and a re-run can decide, the strongest first.

    Arguments:
        seen, nominations: as for `conclude`.
        told: what `conclude` gave for them.
    """
    causes = {own.cause for own in told}
    return [
        Sign(_finding(seen, own, HARMLESS), own.strength >= ODD and _may_hold(seen, own))
        for own in merged(standing(nominations, _tells_classes(seen)))
        if own.cause not in causes and own.fix and own.strength >= TRIED
    ]


def _explains_gap(seen: Seen) -> bool:
    """Whether it is the held-out rows alone that the run does badly on."""
    return seen.train is not None and not (seen.train.z > 2 and seen.train.gap >= 0.02)


def _lost_by_others(seen: Seen) -> bool:
    """Whether other learners do worse on held-out rows than on train rows, by more than the run is
    behind them.
    """
    if seen.train is None or seen.valid is None:
        return False
    lost = seen.train.possible - seen.valid.possible
    return lost >= UNLIKE and lost > seen.valid.gap


def _is_suspect(seen: Seen, own: Nomination) -> bool:
    """Whether a sign of a fault is one, by what the run lost."""
    if not _may_hold(seen, own):
        return False
    if not seen.knows_table:
        return own.strength >= ALONE
    if not seen.has_yardstick and not seen.diverged:
        return own.strength >= ODD
    behind = seen.may_be_behind if own.strength >= ODD else seen.is_behind
    return behind and own.strength >= SIGN


def _may_hold(seen: Seen, own: Nomination) -> bool:
    """Whether the run may have what a sign says.

    Regularization holds nothing down where the run is not behind its table and tells nearly all
    train rows, or tells them better than other learners tell unseen ones, for certain.
    """
    if own.cause != "over_regularized" or seen.train is None or seen.may_be_behind:
        return True
    ahead = seen.train.z <= -BEHIND_Z and seen.train.gap <= -BEHIND_GAP
    return seen.train.accuracy < LEARNT and not ahead


def _tells_classes(seen: Seen) -> bool:
    """Whether the run tells validation rows better than their most frequent class, for certain."""
    return seen.valid is not None and seen.valid.beyond_majority >= TELLS


def _is_ahead(seen: Seen) -> bool:
    """Whether the run does no worse than other learners on held-out rows, by however little."""
    part = seen.valid if seen.valid is not None else seen.train
    return part is not None and part.gap <= 0


def _may_lag(seen: Seen) -> bool:
    """Whether the run does worse than other learners by what matters, be it by chance."""
    part = seen.valid if seen.valid is not None else seen.train
    return part is not None and (seen.is_part_behind(part, LAG) or seen.diverged)


def _mutual(a: str, b: str, present: dict[str, float]) -> bool:
    """Whether two causes bring about each other, and `b` is the stronger one."""
    return a in BRINGS.get(b, ()) and present.get(b, 0.0) >= present[a]


def _finding(seen: Seen, own: Nomination, verdict: str) -> Finding:
    return Finding(
        own.cause,
        verdict,
        titled(own.cause, own.subject, own.title),
        (*own.evidence, *_harm(seen), *own.against),
        own.explanation,
        own.fix,
        provable=own.provable,
    )


def _harm(seen: Seen) -> tuple[Evidence, ...]:
    """How far the run is behind its table, where that is known."""
    part = seen.valid if seen.valid is not None else seen.train
    if part is None:
        return ()
    where = "validation" if seen.valid is not None else "train"
    return (
        Evidence(
            f"{HARM} {where} rows",
            part.accuracy,
            f"about {part.possible:.3f}, what other learners reach on {len(part.true)} rows",
        ),
    )
