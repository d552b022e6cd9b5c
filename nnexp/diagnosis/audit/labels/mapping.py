"""Held-out labels that are coded in another way than those of the train rows."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from nnexp.data.cells import parse_number
from nnexp.data.labels import EDGES, spellings
from nnexp.diagnosis.audit.chance import separation, sign_p
from nnexp.diagnosis.audit.learners.forest import Judged
from nnexp.diagnosis.audit.learners.yardstick import Yardstick, majority, right
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

ROWS = 10  # held-out rows that an exchange needs
NEAR = 0.15  # accuracy, once labels are exchanged, below that within train at most
LEARNT = 0.3  # share of the majority's errors that trees remove within train
OWN = 3  # rows of a class that can show an exchange
LOST, REGAINED = 0.1, 0.05  # accuracy that a shift by one takes, and up to how much gives it back
CHANCE = 1e-4  # that exchanged labels fit so much better than the given ones (sign test)
AREA = 0.65  # within train: two classes are told apart; turned over in held-out rows, at most ...
TURNED = 0.1  # ... so far from 1 minus that, ...
MOST = 8  # classes of which two are held against each other, the largest
ERRORS = 4.0  # ... and so many standard errors below chance


def check(sheet: Sheet, trees: Yardstick) -> Audit:
    """Labels spelt otherwise in held-out rows, or exchanged with each other."""
    spelt = _spelt_otherwise(sheet)
    if spelt is not None:
        return Audit([spelt])
    if len(np.unique(sheet.y[sheet.train])) < 2:
        return Audit()  # trees that know one class say nothing of labels
    if sheet.config.split.method == "group":
        return Audit()  # rows of a subject go wrong together: no count of rows means anything
    for part, judged in trees.outside.items():
        found = _exchanged(sheet, part, trees.inside, judged)
        found = found or _shifted(sheet, part, trees.inside, judged)
        found = found or _turned_over(sheet, part, trees.inside, judged)
        if found is not None:
            return Audit([found])
    return Audit()


def normal_form(label: Any) -> str:
    """A label without what people write in one file and not in the other.

    >>> normal_form(" <=50K."), normal_form("'Yes'"), normal_form("2.0"), normal_form(2)
    ('<=50k', 'yes', '2', '2')
    """
    text = re.sub(r"[\s_-]+", " ", EDGES.sub("", str(label))).casefold()
    number = parse_number(EDGES.sub("", str(label)))
    if number is not None and float(number).is_integer():
        return str(int(number))
    return text if number is None else repr(number)


def with_train_spellings(sheet: Sheet) -> Sheet:
    """The sheet with held-out labels as train spells them; itself where none is spelt otherwise."""
    pairs = _respelt(sheet)
    if not pairs:
        return sheet
    place = np.arange(len(sheet.classes))
    for own, other in pairs.items():
        place[own] = other
    y = sheet.y.copy()
    y[sheet.held_out] = place[y[sheet.held_out]]
    return replace(sheet, y=y)


def _respelt(sheet: Sheet) -> dict[int, int]:
    """Classes of held-out rows alone, each with the train class that is the same label."""
    train = set(sheet.y[sheet.train].tolist())
    known = {normal_form(sheet.classes[place]): place for place in sorted(train)}
    pairs = {}
    for part in sheet.parts.values():
        own = set(sheet.y[part].tolist())
        for place in sorted(own - train):
            other = known.get(normal_form(sheet.classes[place]))
            # a part that has both spellings means two things by them
            if other is not None and other not in own:
                pairs[place] = other
    return pairs


def _spelt_otherwise(sheet: Sheet) -> Nomination | None:
    pairs = _respelt(sheet)
    if not pairs:
        return None
    concerned = int(np.isin(sheet.y[sheet.held_out], list(pairs)).sum())
    names = [(sheet.classes[own], sheet.classes[other]) for own, other in pairs.items()]
    shown = ", ".join(f"{own!r} for {other!r}" for own, other in names[:4])
    alike = spellings(sheet.classes)
    merged = all(any({*pair} <= {*group} for group in alike) for pair in names)
    return Nomination(
        "label_mapping_mismatch",
        (
            Evidence("held-out labels spelt otherwise than those of train", shown, "the same"),
            Evidence("held-out rows with such a label", concerned, "0"),
        ),
        "Labels that mean the same are written in two ways, and count as classes of their own: "
        "no held-out row with such a label can be told rightly.",
        ("data.labels=merge",) if merged else (),
        strength=0.98,
        certain=True,
    )


def _exchanged(sheet: Sheet, part: str, inside: Judged, judged: Judged) -> Nomination | None:
    """A part whose labels agree with the trees once they are exchanged."""
    from scipy.optimize import linear_sum_assignment

    within = float(right(inside, sheet.y).mean())
    base = majority(sheet.y[inside.rows])
    if len(judged.rows) < ROWS or within - base < LEARNT * (1 - base):
        return None
    size, total = len(sheet.classes), len(judged.rows)
    counts = np.zeros((size, size), dtype=np.int64)
    np.add.at(counts, (sheet.y[judged.rows], judged.predicted), 1)
    own, said = linear_sum_assignment(-counts)
    held = counts.sum(1)
    moved = {int(a): int(b) for a, b in zip(own, said, strict=True) if a != b and held[a] >= OWN}
    moved = {a: b for a, b in moved.items() if counts[a, b] > held[a] / 2}
    # labels trade places, or stand for classes that the part has no row of (1..K of 0..K-1)
    if not moved or not all(b in moved or held[b] == 0 for b in moved.values()):
        return None
    gained = sum(int(counts[a, b]) for a, b in moved.items())
    given_up = sum(int(counts[a, a]) for a in moved)
    straight = int(np.trace(counts))
    turned = straight + gained - given_up
    if sign_p(gained, given_up) >= CHANCE or turned < (within - NEAR) * total:
        return None
    shown = ", ".join(
        f"{percent(counts[a, b] / held[a])} of {sheet.classes[a]!r} as {sheet.classes[b]!r}"
        for a, b in list(moved.items())[:4]
    )
    return _otherwise(
        part,
        Evidence(f"{part} rows as trees that learnt from train see them", shown, "as labelled"),
        Evidence(
            f"accuracy on {part} rows as labelled, and with the labels exchanged",
            f"{straight / total:.3f}, {turned / total:.3f}",
            f"{within:.3f} as labelled, as within train",
        ),
    )


def _shifted(sheet: Sheet, part: str, inside: Judged, judged: Judged) -> Nomination | None:
    """A part whose numbered labels are all off by one, also where few rows can be told rightly."""
    numbers = [parse_number(normal_form(own)) for own in sheet.classes]
    known = np.array([own for own in numbers if own is not None])
    if len(known) < max(3, len(numbers)) or len(judged.rows) < ROWS:
        return None
    place = np.argsort(np.argsort(known))  # of each class, by its number
    within = float(right(inside, sheet.y).mean())
    labelled, said = place[sheet.y[judged.rows]], place[judged.predicted]
    straight = float((said == labelled).mean())
    for step in (1, -1):
        moved = np.clip(labelled - step, 0, len(known) - 1)
        turned = float((said == moved).mean())
        differ = moved != labelled
        gained = int((said == moved)[differ].sum())
        chance = sign_p(gained, int((said == labelled)[differ].sum()))
        if straight <= within - LOST and turned >= within - REGAINED and chance < CHANCE:
            return _otherwise(
                part,
                Evidence(
                    f"accuracy on {part} rows as labelled, and with labels {-step:+d}",
                    f"{straight:.3f}, {turned:.3f}",
                    f"{within:.3f} as labelled, as within train",
                ),
            )
    return None


def _turned_over(sheet: Sheet, part: str, inside: Judged, judged: Judged) -> Nomination | None:
    """Two classes that trees tell apart within train, and the wrong way round in a part."""
    counts = np.bincount(sheet.y[judged.rows], minlength=len(sheet.classes))
    large = [place for place in np.argsort(-counts, kind="stable")[:MOST] if counts[place] >= ROWS]
    if len(sheet.classes) == 2:
        large = [0, 1] if len(judged.rows) >= ROWS else []
    for one, other in combinations(sorted(large), 2):
        within, _ = _told_apart(inside, sheet.y, one, other)
        area, error = _told_apart(judged, sheet.y, one, other)
        if within < AREA or area > 1 - within + TURNED or 0.5 - area < ERRORS * error:
            continue
        both = f" for {sheet.classes[one]!r} and {sheet.classes[other]!r}"
        of = both if len(sheet.classes) > 2 else ""
        return _otherwise(
            part,
            Evidence(
                f"area under the ROC curve of trees within train, and on {part} rows{of}",
                f"{within:.3f}, {area:.3f}",
                "the same; below 0.5 the classes are told apart the wrong way round",
            ),
        )
    return None


def _told_apart(judged: Judged, y: np.ndarray, one: int, other: int) -> tuple[float, float]:
    """Area under the ROC curve of the votes for one class against another, and its error."""
    own = np.isin(y[judged.rows], (one, other))
    votes = judged.votes[own]
    scores = votes[:, other] / (votes[:, one] + votes[:, other]).clip(1e-12)
    return separation(scores, y[judged.rows[own]] == other)


def _otherwise(part: str, *evidence: Evidence) -> Nomination:
    return Nomination(
        "label_mapping_mismatch",
        evidence,
        f"The labels of the {part} rows are coded otherwise than those of train: what is learnt "
        "is right and counts as wrong.",
        (),
        strength=0.95,
        certain=True,
    )
