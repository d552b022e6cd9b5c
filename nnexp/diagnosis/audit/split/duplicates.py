"""Held-out rows that stand in train too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.chance import share_p
from nnexp.diagnosis.audit.learners.yardstick import majority
from nnexp.diagnosis.audit.rows import DistinctRows
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, p_text, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also, override

SHARE = 0.03  # of the held-out rows: less moves no score that anybody compares
CELLS = 3  # rows
TIMES = 3.0  # share of repeats in held-out rows over that within train, which chance keeps equal
CHANCE = 1e-4  # p below which copies across the split are more than those within train
RENAMED = 0.05  # share of copied rows that differ from the first in a column which tells rows apart
TWICE = 0.2  # rows that stand once over rows that stand twice: repeats by nature have more singles


@dataclass(frozen=True)
class Overlap:
    """Rows of a part that stand in train.

    Arguments:
        size: rows of the part.
        equal: those that equal a train row in every column and in the label.
        against: those that equal train rows in every column, but none in the label.
        copies: of these, those that no other row is nearly equal to (`DistinctRows.copied`).
        within: train rows that equal another train row likewise.
        train: train rows.
    """

    size: int
    equal: int
    against: int
    copies: int
    within: int
    train: int

    @property
    def share(self) -> float:
        """The share of the part that stands in train."""
        return self.equal / self.size

    @property
    def usual(self) -> float:
        """The share that repeats within train."""
        return self.within / self.train

    @property
    def p(self) -> float:
        """Of such a share where repeats are as frequent as within train."""
        return share_p(self.equal, self.size, self.within, self.train)

    @property
    def is_more(self) -> bool:
        """Whether more rows of the part stand in train than repeat within it, beyond chance."""
        return self.share >= TIMES * self.usual and self.p < CHANCE


def overlap(sheet: Sheet, rows: DistinctRows, part: np.ndarray) -> Overlap:
    """Compare a part with train, by rows and labels."""
    both = rows.kind * len(sheet.classes) + sheet.y
    _, both = np.unique(both, return_inverse=True)
    inside = np.bincount(both[sheet.train], minlength=int(both.max()) + 1)
    equal = inside[both[part]] > 0
    kinds = rows.kind[part[equal]]
    concerned = ~np.isin(kinds, rows.modes)
    enough = concerned.sum() >= max(CELLS, SHARE * len(part))
    copies = int(concerned.sum()) if enough and rows.copied(kinds) else 0
    within = int((inside[both[sheet.train]] > 1).sum())
    known = np.isin(rows.kind[part], rows.kind[sheet.train])
    against = int((known & ~equal).sum())
    return Overlap(len(part), int(equal.sum()), against, copies, within, len(sheet.train))


def check(sheet: Sheet, rows: DistinctRows) -> Audit:
    """Held-out rows that were trained on, beyond what a table of few values has by nature."""
    notes, lines, worst = [], [], None
    usual = majority(sheet.y[sheet.used])
    doubled = _doubled(rows)
    for name, part in sheet.parts.items():
        found = overlap(sheet, rows, part)
        unnatural = found.copies if not (found.is_more or doubled) else found.equal
        met = found.equal + found.against
        told = found.equal / max(1, met)
        # what is learnt by heart is no more often right than the frequent class
        if met and told <= usual:
            notes.append(
                f"{found.against} of {found.size} {name} rows equal train rows that have another "
                f"label, {found.equal} one that has theirs"
            )
        elif unnatural >= max(CELLS, SHARE * found.size):
            if worst is None or found.share > worst[1].share:
                worst = (name, found)
        elif found.equal:
            among = "none" if not found.within else f"{found.within}"
            why = "too few to matter" if not found.within else "repeats by nature"
            notes.append(
                f"{found.equal} of {found.size} {name} rows equal a train row, and {among} of "
                f"{found.train} train rows another: {why}"
            )
        else:
            lines.append(f"none of {found.size} {name} rows equals a train row")
    if worst is None:
        return Audit(notes=notes, checked=lines)
    name, found = worst
    usually = "no row that has no near neighbour"
    if found.is_more:
        usually = f"{percent(found.usual)}, as within train ({p_text(found.p)})"
    elif doubled:
        usually = "none, and nearly every row of the table stands more than once"
    renamed, apart = renamed_in(sheet, rows), ""
    fix: tuple[str, ...] = (override("data.duplicates", "drop"),)
    if renamed:
        # rows are compared by every column that is not dropped
        fix = (also("data.drop", sheet.config.drop, renamed), *fix)
        apart = f" Copies differ in {columns(renamed)}, without which they are equal."
    return Audit(
        [
            Nomination(
                "duplicate_leak",
                (
                    Evidence(
                        f"{name} rows that equal a train row, label included",
                        f"{found.equal} of {found.size} ({percent(found.share)})",
                        usually,
                    ),
                    Evidence(
                        "of these, without a nearly equal row beside them",
                        found.copies,
                        "0 where rows repeat by nature",
                    ),
                ),
                "Held-out rows that were trained on are told from memory: the accuracy on them "
                "says nothing of new rows, and rises while the loss on others does not fall."
                f"{apart}",
                fix,
                strength=0.95 if found.share > 0.1 else 0.85,
                certain=True,
            )
        ],
        notes,
        lines,
    )


def renamed_in(sheet: Sheet, rows: DistinctRows) -> list[str]:
    """The columns in which copies differ: a number, a name or a time that each row has anew.

    They are none of those by which rows are told apart here, and `data.duplicates=drop` compares
    them unless `data.drop` names them.
    """
    out = {*rows.columns, *sheet.config.drop, sheet.config.split.by}
    names = [str(name) for name in sheet.frame.columns if name not in out]
    both = rows.kind * len(sheet.classes) + sheet.y
    _, place, counts = np.unique(both, return_inverse=True, return_counts=True)
    copied = np.flatnonzero(counts[place] > 1)
    if not names or not len(copied):
        return []
    copied = copied[np.argsort(place[copied], kind="stable")]
    again = np.flatnonzero(np.diff(place[copied]) == 0) + 1  # a row after one that it equals
    found = []
    for name in names:
        codes = sheet.texts(name).codes[copied]
        if (codes[again] != codes[again - 1]).mean() >= RENAMED:
            found.append(name)
    return found


def _doubled(rows: DistinctRows) -> bool:
    """Whether nearly every row stands twice or more, as in a table joined with itself."""
    spectrum = np.bincount(rows.counts, minlength=3)
    twice = int(spectrum[2:].max(initial=0))
    often = int(spectrum[2:].argmax()) + 2 if twice else 2
    return often <= 5 and twice >= 0.5 * len(rows.counts) and spectrum[1] <= TWICE * twice
