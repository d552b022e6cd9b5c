"""Splits that follow the order of the file, and classes that only one side has."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import association_of
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also, override

APART = 0.2  # half the sum of the differences of class shares (total variation)
CHANCE = 1e-6  # p below which class shares of the parts differ
RUNS = 0.5  # changes of label down the file over those of a random order: sorted, or in blocks
FEW = 0.02  # share of the held-out rows below which a class without a train row is only noted
# a file sorted by class: share of the rows of a stretch that are of its most frequent class, or a
# lower share where labels are wrong, and how often such a class changes over how many there are
PURE, MOSTLY, TURNS = 0.9, 0.5, 1.5
BLOCKS = 0.9  # share of held-out rows beyond the last train row that makes a split follow the file


def check(sheet: Sheet) -> Audit:
    """Held-out rows of other classes than train, and whether the file's order is the reason."""
    counts = {name: _counts(sheet, rows) for name, rows in sheet.parts.items()}
    train = _counts(sheet, sheet.train)
    sorted_by = changes(sheet.y)
    notes = []
    if sorted_by < RUNS:
        how = "sorted by class" if sorted_by < 0.1 else "in blocks of a class"
        notes.append(f"the rows of the file are {how}")
    worst, apart = "", 0.0
    for name, own in counts.items():
        distance = total_variation(train, own)
        p, _ = association_of(np.stack((train, own)))
        if distance >= max(apart, APART) and p < CHANCE:
            worst, apart = name, distance
    unseen = _unseen(sheet, train)
    if worst and sorted_by < RUNS and follows_file(sheet):
        return Audit([_ordered(sheet, worst, train, counts[worst], unseen)], notes)
    if unseen and follows_file(sheet) and sorted_by < RUNS:
        return Audit(
            [_ordered(sheet, "held-out", train, _counts(sheet, sheet.held_out), unseen)], notes
        )
    if not unseen:
        return Audit([], notes)
    rows = int(_counts(sheet, sheet.held_out)[unseen].sum())
    if rows < FEW * len(sheet.held_out):
        names = ", ".join(f"class {sheet.classes[place]!r}" for place in unseen[:6])
        line = f"no train row of {names}, of which {rows} of the held-out rows are"
        return Audit([], [*notes, line])
    return Audit([_no_train(sheet, unseen)], notes)


def changes(y: np.ndarray) -> float:
    """Changes of label from row to row, over how many a random order would have.

    >>> changes(np.repeat([0, 1], 50)) < 0.05
    True
    """
    if len(y) < 2:
        return 1.0
    share = np.bincount(y) / len(y)
    return float((np.diff(y) != 0).mean() / max(1e-12, 1 - (share**2).sum()))


def is_by_class(named: np.ndarray) -> bool:
    """Whether the stretches of a file are of one class after another, wrong labels aside.

    Arguments:
        named: rows of each class in each stretch (S, C), in the order of the file.

    >>> is_by_class(np.array([[7, 3], [8, 2], [3, 7], [2, 8]]))
    True
    >>> is_by_class(np.array([[7, 3], [3, 7], [8, 2], [2, 8]]))
    False
    """
    named = named[named.sum(1) > 0]
    share = float(named.max(1).sum() / max(1, named.sum()))
    usual = named.sum(1, keepdims=True) * named.sum(0) / max(1, named.sum())
    foremost = (named - usual).argmax(1)  # a frequent class is the largest everywhere
    turns = int((np.diff(foremost) != 0).sum()) + 1
    return share > PURE or (share >= MOSTLY and turns <= TURNS * len(np.unique(foremost)))


def total_variation(a: np.ndarray, b: np.ndarray) -> float:
    """Half the sum of the differences of two sets of shares, from counts."""
    return float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)


def follows_file(sheet: Sheet) -> bool:
    """Whether the held-out rows are the end of the file, or its beginning."""
    held = sheet.held_out
    if not len(held):
        return False
    after = (held > sheet.train.max()).mean()
    before = (held < sheet.train.min()).mean()
    return bool(max(after, before) >= BLOCKS)


def _counts(sheet: Sheet, rows: np.ndarray) -> np.ndarray:
    return np.bincount(sheet.y[rows], minlength=len(sheet.classes))


def _unseen(sheet: Sheet, train: np.ndarray) -> list[int]:
    held = _counts(sheet, sheet.held_out)
    return np.flatnonzero((train == 0) & (held > 0)).tolist()


def _fix(sheet: Sheet) -> tuple[str, ...]:
    split = sheet.config.split
    if split.method in ("time", "group"):
        return ()  # later times, or other subjects, are what was asked for
    if split.method != "random":
        words = (override("data.split.method", "random"), override("data.split.by", None))
        if split.method == "column" and split.by:  # it would be an input from now on
            return (*words, also("data.drop", sheet.config.drop, [split.by]))
        return words
    return () if split.shuffle else (override("data.split.shuffle", True),)


def _ordered(
    sheet: Sheet, part: str, train: np.ndarray, own: np.ndarray, unseen: list[int]
) -> Nomination:
    moved = int(np.argmax(np.abs(train / train.sum() - own / own.sum())))
    evidence = [
        Evidence(
            f"share of class {sheet.classes[moved]!r} in train and in {part} rows",
            f"{percent(train[moved] / train.sum())}, {percent(own[moved] / own.sum())}",
            "the same",
        ),
        Evidence(
            "changes of label down the file, over those of a random order",
            round(changes(sheet.y), 3),
            "about 1",
        ),
    ]
    if unseen:
        labels = ", ".join(repr(sheet.classes[place]) for place in unseen[:6])
        evidence.append(Evidence("classes of held-out rows without a train row", labels, "none"))
    return Nomination(
        "ordered_split",
        tuple(evidence),
        "The split follows a file that is ordered by class: what is learnt from the first rows "
        "is asked about others. The train loss falls while the held-out accuracy stays low.",
        _fix(sheet),
        strength=0.97,
        certain=True,
    )


def _no_train(sheet: Sheet, unseen: list[int]) -> Nomination:
    held = _counts(sheet, sheet.held_out)
    labels = ", ".join(repr(sheet.classes[place]) for place in unseen[:6])
    rows = int(held[unseen].sum())
    return Nomination(
        "unseen_class",
        (
            Evidence("classes of held-out rows without a train row", labels, "none"),
            Evidence("held-out rows of these classes", rows, "0"),
        ),
        f"No row of {'these classes' if len(unseen) > 1 else 'this class'} is learnt from, so "
        f"{rows} held-out rows are told wrongly whatever the network learns, and cost it an "
        "ever higher loss.",
        _fix(sheet),
        strength=0.9,
        certain=True,
    )
