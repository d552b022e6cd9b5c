"""Held-out rows that are unlike train rows, by their columns, gaps and class shares."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from nnexp.diagnosis.audit.chance import association_of
from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split import order
from nnexp.diagnosis.audit.split.apart import APART, area_between
from nnexp.diagnosis.audit.split.exchanged import go_with_others, in_another_order
from nnexp.diagnosis.audit.split.missing_rates import missing_at_another_rate, missing_rates
from nnexp.diagnosis.audit.split.moved import CHANCE, GAP, ROWS, moved_columns, stuck_columns
from nnexp.diagnosis.audit.split.neighbours import without_near_copies
from nnexp.diagnosis.audit.split.preparation import prepared_otherwise
from nnexp.diagnosis.audit.split.recoded import given_anew
from nnexp.diagnosis.audit.split.units import in_other_units
from nnexp.diagnosis.audit.words import columns, figure, p_text, percent
from nnexp.diagnosis.finding import DIFFERS, Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

SHARES = 0.15  # total variation of the class shares
ACROSS = 0.5  # repeated rows with a copy on both sides, over how many chance would put there
TREES = 30  # that tell the sides apart


def check(sheet: Sheet) -> Audit:
    """Parts that come from elsewhere than train, or were prepared otherwise."""
    audits = [_part(sheet, name, rows) for name, rows in sheet.parts.items()]
    found = [nomination for audit in audits for nomination in audit.nominations]
    kept: dict[str, Nomination] = {}
    for nomination in sorted(found, key=lambda item: -item.strength):
        kept.setdefault(nomination.cause, nomination)
    if "preprocessing_mismatch" in kept:
        kept.pop("distribution_shift", None)
    return Audit(
        list(kept.values()),
        [note for audit in audits for note in audit.notes],
        [line for audit in audits for line in audit.checked],
    )


def _part(sheet: Sheet, name: str, rows: np.ndarray) -> Audit:
    if len(rows) < ROWS:
        return Audit()
    by = sheet.config.split.method
    by_design = by in ("group", "time")  # other subjects, or a later time, are asked for
    holes = missing_rates(sheet, rows)
    found = [missing_at_another_rate(sheet, name, holes)] if holes and by != "group" else []
    everywhere = moved_columns(sheet, rows)
    exchanged = not by_design and in_another_order(sheet, name, rows, [o for o, *_ in everywhere])
    prepared = exchanged or prepared_otherwise(sheet, name, rows)
    if prepared is None and not by_design:
        prepared = given_anew(sheet, name, rows)
    if prepared is not None:
        return Audit([prepared, *found])
    stuck = [] if by == "group" else stuck_columns(sheet, rows)
    still = {own for own, *_ in stuck}
    found += [_stuck(sheet, name, stuck)] if stuck else []
    moved = [own for own in everywhere if own[0] not in still]
    unit = in_other_units(sheet, name, rows, [own for own, *_ in moved])
    if unit is not None:
        return Audit([unit, *found])
    area, error = _told_apart(sheet, rows, {*still, *(own for own, *_ in holes)})
    shares = _class_shares(sheet, rows)
    line = (
        f"{name} rows are told from train rows with an area under the ROC curve of {area:.3f} "
        "(0.5: not at all)"
    )
    differs = bool(moved) or (area > APART and area - 0.5 > 4 * error)
    if not differs and shares is None:
        return Audit(found, checked=[] if stuck else [line])
    if not differs and shares is not None and order.check(sheet).nominations:
        return Audit(found)  # the order of the file is the reason, and is told as such
    exchanged = not by_design and area > APART and go_with_others(sheet, name, rows)
    if exchanged:
        return Audit([exchanged, *found])
    if by_design:
        return Audit(found, [f"{name} {DIFFERS}, as those of a split by {by} may"])
    return Audit([_shifted(name, moved, area, shares), *found])


def _told_apart(sheet: Sheet, rows: np.ndarray, others: Collection[str]) -> tuple[float, float]:
    """Area under the ROC curve of trees that tell a part's rows from train rows.

    Columns that number the rows, and `others`, which are missing at another rate or stand still,
    would tell them by that, and equal rows, each side of which has its own, by heart, as well as
    rows measured several times.
    """
    kept = sheet.without({*sheet.numbering, *others})
    train, part = _once(kept, sample(sheet.train, 1000), sample(rows, 1000))
    train, part = without_near_copies(sheet, train), without_near_copies(sheet, part)
    return area_between(kept, part, np.concatenate((train, part)), TREES)


def _once(x: np.ndarray, train: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of both sides; each distinct row once, where the copies of a row keep to its side.

    Rows that repeat by nature are on both sides about as often as chance has it, and stay.
    """
    if not x.shape[1]:
        return train, part
    both = np.concatenate((train, part))
    _, kind = np.unique(x[both], axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    inside = np.bincount(kind[: len(train)], minlength=kind.max() + 1)
    counts = np.bincount(kind)
    several = counts > 1
    share = len(train) / len(both)
    expected = (1 - share ** counts[several] - (1 - share) ** counts[several]).sum()
    across = ((inside > 0) & (inside < counts))[several].sum()
    if across >= ACROSS * expected:
        return train, part
    kept = []
    for rows, own in ((train, kind[: len(train)]), (part, kind[len(train) :])):
        _, first = np.unique(own, return_index=True)
        kept.append(rows[np.sort(first)])
    return kept[0], kept[1]


def _class_shares(sheet: Sheet, rows: np.ndarray) -> tuple[float, float] | None:
    counts = [np.bincount(sheet.y[r], minlength=len(sheet.classes)) for r in (sheet.train, rows)]
    p, _ = association_of(np.stack(counts))
    apart = order.total_variation(*counts)
    return (apart, p) if apart >= SHARES and p < CHANCE else None


def _stuck(sheet: Sheet, name: str, stuck: Sequence[tuple[str, float, float, float]]) -> Nomination:
    names = [own for own, *_ in stuck]
    evidence = tuple(
        Evidence(
            f"share of {name} rows in which {own!r} is {figure(number)}, and of train rows",
            f"{percent(share)}, {percent(usual)}",
            "about the same",
        )
        for own, number, share, usual in stuck[:3]
    )
    return Nomination(
        "distribution_shift",
        evidence,
        f"{columns(names)} stands still in the {name} rows, as a sensor that has failed or a value "
        "that is not known there: what train rows teach of it says nothing of them.",
        (also("data.drop", sheet.config.drop, names),),
        strength=0.92,
        subject=", ".join(names),
    )


def _shifted(
    name: str,
    moved: list[tuple[str, float, float]],
    area: float,
    shares: tuple[float, float] | None,
) -> Nomination:
    evidence = [
        Evidence(
            f"Kolmogorov's distance of {own!r} between train and {name} rows",
            f"{figure(distance)}, {p_text(p)}",
            f"below {GAP}",
        )
        for own, distance, p in moved[:3]
    ]
    if shares is not None:
        own = Evidence(
            f"class shares that differ between train and {name} rows (total variation)",
            f"{percent(shares[0])}, {p_text(shares[1])}",
            f"below {percent(SHARES)}",
        )
        # the columns move with the classes
        place = 0 if moved and shares[0] > moved[0][1] else len(evidence)
        evidence.insert(place, own)
    evidence.append(
        Evidence(
            f"area under the ROC curve of telling {name} rows from train rows",
            round(area, 3),
            "about 0.5",
        )
    )
    what = columns([own for own, *_ in moved]) if moved else "the rows as a whole"
    return Nomination(
        "distribution_shift",
        tuple(evidence),
        f"The {name} rows come from elsewhere than the train rows ({what}): the loss falls on "
        "rows like those of train, and the accuracy is asked of others.",
        (),
        strength=min(0.9, 0.6 + 0.3 * max([area - 0.5, *(d - GAP for _, d, _ in moved)])),
        subject=", ".join(own for own, *_ in moved),
    )
