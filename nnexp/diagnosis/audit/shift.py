"""Held-out rows that are unlike train rows, by their columns, gaps and class shares."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nnexp.diagnosis.audit import order
from nnexp.diagnosis.audit.chance import association_of, largest_gap, separation, share_p
from nnexp.diagnosis.audit.forest import out_of_bag, sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.units import in_other_units
from nnexp.diagnosis.audit.words import columns, figure, p_text, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

ROWS = 10  # of a part
CHANCE = 1e-4  # over all columns of a part (Bonferroni)
GAP = 0.25  # Kolmogorov's distance: a quarter of the rows lies elsewhere
AREA = 0.75  # area under the ROC curve of telling the parts apart
SHARES = 0.15  # total variation of the class shares
RATE = 0.15  # difference of missing rates ...
RATE_CHANCE = 1e-3  # ... over all columns of a part
MOVED = 2.0  # means apart, in standard deviations of train: no two samples of one table are
MOVED_A_LITTLE, STRETCHED_A_LITTLE = 0.5, 1.5  # where train rows alone have mean 0 and deviation 1
EXACTLY = 1e-3  # of these
ACROSS = 0.5  # repeated rows with a copy on both sides, over how many chance would put there
STRETCHED = 3.0  # ratio of standard deviations, likewise
MOST = 0.5  # of the numeric columns that a whole preparation changes
SEVERAL = 2  # columns so far off beside train rows that were standardised: chance moves none there
COMPARED = 5000  # rows of a side
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
    holes = _missing(sheet, rows)
    found = [_missing_at_another_rate(sheet, name, holes)] if holes and by != "group" else []
    prepared = _prepared(sheet, name, rows)
    if prepared is not None:
        return Audit([prepared, *found])
    moved = _columns(sheet, rows)
    unit = in_other_units(sheet, name, rows, [own for own, *_ in moved])
    if unit is not None:
        return Audit([unit, *found])
    area, error = _told_apart(sheet, rows, holes)
    shares = _class_shares(sheet, rows)
    line = (
        f"{name} rows are told from train rows with an area under the ROC curve of {area:.3f} "
        "(0.5: not at all)"
    )
    differs = bool(moved) or (area >= AREA and area - 0.5 > 4 * error)
    if not differs and shares is None:
        return Audit(found, checked=[line])
    if not differs and shares is not None and order.check(sheet).nominations:
        return Audit(found)  # the order of the file is the reason, and is told as such
    if by_design:
        return Audit(
            found, [f"{name} rows differ from train rows, as those of a split by {by} may"]
        )
    return Audit([_shifted(name, moved, area, shares), *found])


def _columns(sheet: Sheet, rows: np.ndarray) -> list[tuple[str, float, float]]:
    """The columns that lie elsewhere, the farthest first: name, distance, p."""
    named, found = sheet.numbering, []
    train, part = sample(sheet.train, COMPARED), sample(rows, COMPARED)
    for name, values in sheet.numbers.items():
        a, b = values[train], values[part]
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        if name in named or min(len(a), len(b)) < ROWS:
            continue
        distance, p = largest_gap(a, b)
        found.append((name, distance, p))
    for name, (codes, _) in sheet.levels.items():
        known = [codes[r][codes[r] >= 0] for r in (train, part)]
        counts = [np.bincount(own, minlength=int(codes.max(initial=0)) + 1) for own in known]
        if min(map(len, known)) < ROWS:
            continue
        p, _ = association_of(np.stack(counts))
        found.append((name, order.total_variation(*counts), p))
    least = CHANCE / max(1, len(found))
    return sorted((f for f in found if f[1] >= GAP and f[2] < least), key=lambda f: -f[1])


def _told_apart(
    sheet: Sheet, rows: np.ndarray, holes: Sequence[tuple[str, float, float, float]]
) -> tuple[float, float]:
    """Area under the ROC curve of trees that tell a part's rows from train rows.

    Columns that number the rows, or are missing at another rate, would tell them by that, and
    equal rows, each side of which has its own, by heart.
    """
    kept = sheet.without({*sheet.numbering, *(name for name, *_ in holes)})
    train, part = _once(kept, sample(sheet.train, 1000), sample(rows, 1000))
    both = np.concatenate((train, part))
    side = np.zeros(len(sheet.y), dtype=np.int64)
    side[part] = 1
    judged = out_of_bag(kept, side, 2, both, trees=TREES)
    return separation(judged.votes[:, 1], side[judged.rows] == 1)


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


def _prepared(sheet: Sheet, name: str, rows: np.ndarray) -> Nomination | None:
    """Most numeric columns moved or stretched beyond anything that sampling does."""
    gross = []
    for column, values in sheet.numbers.items():
        a, b = values[sheet.train], values[rows]
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        if min(len(a), len(b)) < ROWS or a.std() == 0:
            continue
        moved = abs(float(b.mean() - a.mean())) / float(a.std())
        stretched = float(b.std() / a.std())
        stretched = max(stretched, 1 / max(stretched, 1e-12)) if b.std() > 0 else 1.0
        distance, p = largest_gap(sample_of(a), sample_of(b))
        unlike = distance >= GAP and p < CHANCE
        gross.append(
            (column, moved, stretched, unlike and (moved > MOVED or stretched > STRETCHED))
        )
    hit = [item for item in gross if item[3]]
    enough = max(SEVERAL, math.floor(MOST * len(gross)) + 1)
    if _standardised(sheet, sheet.train) and not _standardised(sheet, rows):
        # a column whose mean was near 0 and its deviation near 1 stays where it was
        little = [
            item for item in gross if item[1] > MOVED_A_LITTLE or item[2] > STRETCHED_A_LITTLE
        ]
        hit, enough = (little, enough) if len(little) >= enough else (hit, SEVERAL)
    if len(hit) < enough:
        return None
    column, moved, stretched, _ = max(hit, key=lambda item: max(item[1], item[2]))
    return Nomination(
        "preprocessing_mismatch",
        (
            Evidence(
                f"numeric columns of {name} rows at another place or scale than in train",
                f"{len(hit)} of {len(gross)}",
                "none",
            ),
            Evidence(
                f"{column!r}: distance of the means in standard deviations, ratio of these",
                f"{figure(moved)}, {figure(stretched)}",
                "about 0, about 1",
            ),
        ),
        f"The {name} rows were prepared otherwise than the train rows (scaled by other numbers, "
        "or not at all): the network sees inputs it never learnt from, and its outputs on them "
        "are far off however low the train loss is.",
        (),
        strength=0.95,
        certain=True,
    )


def _standardised(sheet: Sheet, rows: np.ndarray) -> bool:
    """Whether all numeric columns have mean 0 and standard deviation 1 on exactly these rows."""
    for values in sheet.numbers.values():
        own = values[rows]
        own = own[np.isfinite(own)]
        if len(own) < ROWS or (own == own[0]).all():
            continue
        if abs(own.mean()) > EXACTLY or abs(own.std(ddof=0) - 1) > max(EXACTLY, 1 / len(own)):
            return False
    return bool(sheet.numbers)


def sample_of(values: np.ndarray) -> np.ndarray:
    """The numbers, or some of them where there are many."""
    return values[sample(np.arange(len(values)), COMPARED)]


def _missing(sheet: Sheet, rows: np.ndarray) -> list[tuple[str, float, float, float]]:
    """Columns whose cells are missing at another rate than in train: name, both rates, p."""
    found = []
    for column, mask in sheet.absent.items():
        a, b = mask[sheet.train], mask[rows]
        difference = float(b.mean() - a.mean())
        if abs(difference) < RATE:
            continue
        more, less = (b, a) if difference > 0 else (a, b)
        p = share_p(int(more.sum()), len(more), int(less.sum()), len(less))
        if p * len(sheet.absent) < RATE_CHANCE:
            found.append((column, float(a.mean()), float(b.mean()), p))
    return sorted(found, key=lambda item: -abs(item[2] - item[1]))


def _missing_at_another_rate(
    sheet: Sheet, name: str, found: Sequence[tuple[str, float, float, float]]
) -> Nomination:
    fix = () if sheet.config.indicator else (override("data.indicator", True),)
    return Nomination(
        "missingness_shift",
        tuple(
            Evidence(
                f"cells of {column!r} missing in train and in {name} rows",
                f"{percent(before)}, {percent(after)} ({p_text(p)})",
                "the same",
            )
            for column, before, after, p in found[:4]
        ),
        f"Cells are missing at another rate in {name} rows: there the network sees the filled-in "
        "value where it learnt from measurements, or the reverse.",
        fix,
        strength=0.9,
        certain=True,
        subject=", ".join(column for column, *_ in found),
    )
