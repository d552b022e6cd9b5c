"""Cells that are missing for a reason: what the fact tells of the label, and whether it is kept."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import association, sign_p
from nnexp.diagnosis.audit.learners.forest import out_of_bag
from nnexp.diagnosis.audit.learners.yardstick import right
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.table import missing_flag
from nnexp.diagnosis.audit.table.missing_flag import alike
from nnexp.diagnosis.audit.words import columns, figure, p_text, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also, override
from nnexp.statistics import holm

CELLS = 10  # missing and present ones that a column needs before its pattern says anything
CHANCE = 1e-4  # after Holm's correction: one false alarm in 10,000 tables without a relation
ASSOCIATION = 0.1  # Cramér's V of a small effect (Cohen 1988, chapter 7)
BEYOND = 0.15  # change of a class's share, at equal other columns, in its standard deviations: from
# here on an indicator column gains accuracy (breast cancer, vowel, housing and made tables)
ERRORS = 3.7  # standard errors: a relation through other columns leaves less
TOLD = 5  # patterns looked at beyond their association, the strongest first: a forest each

SETTLED = 0.8  # share of the majority's errors that the fact alone removes
SURE = 1e-3  # p against all other columns together
# a pattern that follows the label cell by cell is no measurement, whatever others can tell: it
EXACT = 0.85  # removes so much (in held-out rows a tenth less)
LARGE = (15, 0.05)  # for a class of so many rows and of such a share: of a rare class all cells can
# be missing because its rows were recorded elsewhere

# nor is a pattern of nearly all or nearly none of a class's rows, and of far from as many others
NEARLY = 0.1  # share of the class's rows that are otherwise (soybean's rot 0.23, horse colic 0.19)
UNLIKE = 0.4  # by which its share differs from the others': horse colic's 0.53 is not NEARLY all


def check(sheet: Sheet) -> Audit:
    """Missing cells that tell the label: thrown away by the run, or too good to be true."""
    masks = {name: mask[sheet.train] for name, mask in sheet.absent.items()}
    masks = {name: mask for name, mask in masks.items() if CELLS <= mask.sum() <= len(mask) - CELLS}
    if not masks:
        return Audit(checked=["missing cells: no column with enough of them to tell a pattern"])
    leaks, leaking = _leaks(sheet, masks)
    if not leaks:
        leaks, leaking = missing_flag.find(sheet, masks)
    # where the run throws it away it is told as lost
    notes = _one_sided(sheet, masks) if not leaks and not _throws_away(sheet) else []
    kept = {name: mask for name, mask in masks.items() if name not in leaking}
    told = _thrown_away(sheet, kept) if _throws_away(sheet) else []
    line = f"missing cells in {columns(list(masks))}: nothing about the label is lost by them"
    return Audit([*leaks, *told], notes, checked=[] if leaks or told or notes else [line])


def _throws_away(sheet: Sheet) -> bool:
    config = sheet.config
    if config.missing == "drop":
        return True
    return not config.indicator and config.missing not in ("embedding", "none")


def _thrown_away(sheet: Sheet, masks: dict[str, np.ndarray]) -> list[Nomination]:
    drops = sheet.config.missing == "drop"
    names = [name for name in masks if drops or name in sheet.numbers]
    y = sheet.y[sheet.train]
    tests = [association(masks[name].astype(np.int64), y) for name in names]
    adjusted = holm([p for p, _ in tests])
    likely = [
        place
        for place, (_, strength) in enumerate(tests)
        if adjusted[place] < CHANCE and strength >= ASSOCIATION
    ]
    likely.sort(key=lambda place: -tests[place][1])
    found = []
    for place in likely[:TOLD]:
        change, errors = _beyond(sheet, names[place], masks)
        if errors >= ERRORS:
            found.append((names[place], adjusted[place], tests[place][1], change))
    if not found:
        return []
    told = [name for name, *_ in found]
    name, p, strength, change = found[0]
    fix = [override("data.indicator", True)]
    if drops:
        fix = [override("data.missing", "mean"), *fix]
    return [
        Nomination(
            "informative_missingness",
            (
                Evidence(
                    f"association of missing {name!r} with the label (Cramér's V)",
                    f"{figure(strength)}, {p_text(p)}",
                    f"below {ASSOCIATION}",
                ),
                Evidence(
                    f"change of a class's share where {name!r} is missing, other columns equal",
                    round(float(change), 3),
                    "about 0",
                ),
            ),
            f"That {columns(told)} {'is' if len(told) == 1 else 'are'} missing tells about the "
            "label, and the run throws it away. Consistent with missing not at random; data "
            "alone cannot prove it.",
            tuple(fix),
            strength=min(0.9, 0.5 + strength),
            subject=", ".join(told),
        )
    ]


def _beyond(sheet: Sheet, name: str, masks: dict[str, np.ndarray]) -> tuple[float, float]:
    """How far a missing cell moves a class's share beyond what the other columns say.

    The residuals of trees that know neither the column nor its pattern are compared where the
    cell is missing and where it is not: a pattern that follows from other columns leaves none.

    Returns:
        The largest change over the classes, signed, and its size in standard errors; (0, 0)
        where all are small.
    """
    same = {other for other, mask in masks.items() if alike(mask, masks[name])}
    judged = out_of_bag(sheet.without(same), sheet.y, len(sheet.classes), sheet.train)
    missing = sheet.absent[name][judged.rows]
    truth = np.eye(len(sheet.classes))[sheet.y[judged.rows]]
    residual = truth - judged.votes / judged.votes.sum(1, keepdims=True).clip(1e-12)
    if min(missing.sum(), (~missing).sum()) < 2:
        return 0.0, 0.0
    change = residual[missing].mean(0) - residual[~missing].mean(0)
    spread = residual[missing].var(0) / missing.sum() + residual[~missing].var(0) / (~missing).sum()
    errors = np.abs(change) / np.sqrt(spread + 1e-12)
    share = truth.mean(0)
    large = np.abs(change) >= BEYOND * np.sqrt(share * (1 - share))
    if not large.any():
        return 0.0, 0.0
    best = int(np.argmax(np.where(large, errors, 0.0)))
    return float(change[best]), float(errors[best])


def _leaks(sheet: Sheet, masks: dict[str, np.ndarray]) -> tuple[list[Nomination], set[str]]:
    """Patterns that nearly settle whether a row is of one class."""
    y, size = sheet.y[sheet.train], len(sheet.train)
    settled: list[tuple[str, int, float]] = []
    for name, mask in masks.items():
        for place in range(len(sheet.classes)):
            own = y == place
            wrong = min((mask != own).sum(), (mask == own).sum())
            removed = 1 - wrong / max(1, min(own.sum(), size - own.sum()))
            if removed >= SETTLED and min(own.sum(), size - own.sum()) >= CELLS:
                settled.append((name, place, float(removed)))
    found: dict[str, tuple[int, float, float, int]] = {}
    names = {name for name, _, _ in settled}
    if not names:
        return [], set()
    same = {o for o, mask in masks.items() for name in names if alike(mask, masks[name])}
    judged = out_of_bag(sheet.without(same), sheet.y, len(sheet.classes), sheet.train)
    for name, place, removed in settled:
        if name in found:
            continue
        own, mask = sheet.y[judged.rows] == place, sheet.absent[name][judged.rows]
        says = mask if (mask == own).mean() >= 0.5 else ~mask
        trees = (judged.predicted == place) == own
        ahead, behind = int((~trees & (says == own)).sum()), int((trees & (says != own)).sum())
        held = _held_out(sheet, name, place)
        count = int((y == place).sum())
        small = min(count, size - count)
        exact = removed >= EXACT and held >= EXACT - 0.1 and small >= max(LARGE[0], LARGE[1] * size)
        if exact or (sign_p(ahead, behind) < SURE and held >= SETTLED - 0.2):
            found[name] = (place, removed, float(right(judged, sheet.y).mean()), int(mask.sum()))
    if not found:
        return [], set()
    told = list(found)
    place, removed, others, _ = found[told[0]]
    evidence = (
        Evidence(
            f"share of the errors on class {sheet.classes[place]!r} that one fact removes, "
            f"whether {told[0]!r} is missing",
            percent(removed),
            f"below {percent(SETTLED)}",
        ),
        Evidence("accuracy by all other columns together", round(others, 3), "higher"),
    )
    return [
        Nomination(
            "missingness_leak",
            evidence,
            f"{columns(told)} {'is' if len(told) == 1 else 'are'} missing because of the label, "
            "or filled in after it was known. A model learns that instead of the table, and it "
            "will not be there for new rows.",
            (also("data.drop", sheet.config.drop, told),),
            strength=0.9,
            subject=", ".join(told),
        )
    ], set(told)


def _one_sided(sheet: Sheet, masks: dict[str, np.ndarray]) -> list[str]:
    """Patterns that nearly all rows of a class have, or nearly none, and others are far from.

    They settle no row, but no other column explains them either. It may be the label that does,
    or what is asked for where the label is suspected: data alone do not tell, so each is a note.
    """
    y = sheet.y[sheet.train]
    least = max(LARGE[0], LARGE[1] * len(y))
    likely: list[tuple[float, str, int]] = []
    for name, mask in masks.items():
        for place in range(len(sheet.classes)):
            own = y == place
            if min(own.sum(), (~own).sum()) >= least and _is_lopsided(mask, own, UNLIKE):
                likely.append((abs(mask[own].mean() - mask[~own].mean()), name, place))
    likely.sort(key=lambda one: -one[0])
    found: dict[str, int] = {}
    for _, name, place in likely[:TOLD]:
        held = sheet.absent[name][sheet.held_out], sheet.y[sheet.held_out] == place
        few = min(held[1].sum(), (~held[1]).sum()) < CELLS / 2
        if name in found or not (few or _is_lopsided(*held, UNLIKE - 0.2, 2 * NEARLY)):
            continue
        if _beyond(sheet, name, masks)[1] >= ERRORS:
            found[name] = place
    notes = []
    for name, place in found.items():
        own, mask = y == place, masks[name]
        notes.append(
            f"{name!r} is missing in {percent(mask[own].mean())} of the train rows of class "
            f"{sheet.classes[place]!r}, in {percent(mask[~own].mean())} of the others: a leak, if "
            "that is because of the label"
        )
    return notes


def _is_lopsided(mask: np.ndarray, own: np.ndarray, least: float, nearly: float = NEARLY) -> bool:
    """Whether a class has nearly all or none of a pattern's cells, and the others do not."""
    inside, outside = mask[own].mean(), mask[~own].mean()
    return bool(min(inside, 1 - inside) <= nearly and abs(inside - outside) >= least)


def _held_out(sheet: Sheet, name: str, place: int) -> float:
    """The share of errors removed on held-out rows; 1 where there are too few to tell."""
    rows = sheet.held_out
    own, mask = sheet.y[rows] == place, sheet.absent[name][rows]
    base = min(own.sum(), len(rows) - own.sum())
    if base < CELLS / 2:
        return 1.0
    return float(1 - min((mask != own).sum(), (mask == own).sum()) / base)
