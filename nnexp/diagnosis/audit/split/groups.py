"""Rows of one subject on both sides of the split."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from nnexp.data.cells import read_numbers
from nnexp.diagnosis.audit.learners.forest import ROWS, held_out, sample
from nnexp.diagnosis.audit.learners.yardstick import majority
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.neighbours import without_near_copies
from nnexp.diagnosis.audit.split.order import RUNS, changes
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

FEWEST = 10  # groups that can be held against each other: what fewer share is a category
ALONE = 0.5  # share of the rows whose group has no other row, at most
UNNAMED = 0.05  # share of the rows without a value, at most
STRADDLE = 0.2  # share of the held-out rows whose group has train rows
LOST = 0.05  # accuracy that rows of unknown groups lose ...
ERRORS = 3.0  # ... in standard errors over the groups
FOLDS = 3  # of whole groups
TREES = 30  # of a forest of one fold
CANDIDATES = 4  # columns tried, the likeliest first: six forests each
BLOCKS = 1.5  # stretches of equal values down the file over the groups: contiguous
CONTIGUOUS = 8  # groups that such a column has at least

# a column names things whose group has one label for so large a share of the rows with others of
# their group, where chance would make it no more than that
OF_ONE, BY_CHANCE = 0.98, 0.5

HINTS = frozenset(
    [
        "id",
        "ids",
        "identifier",
        "subject",
        "patient",
        "speaker",
        "person",
        "participant",
        "individual",
        "user",
        "customer",
        "client",
        "group",
        "household",
        "family",
        "session",
        "visitor",
        "respondent",
        "student",
        "pupil",
        "animal",
        "dog",
        "mouse",
        "rat",
        "cow",
        "donor",
        "sample_id",
        "specimen",
        "case_id",
        "author",
        "writer",
        "player",
        "driver",
        "rider",
        "employee",
        "worker",
        "patientid",
        "userid",
        "subjectid",
        "customerid",
        "sessionid",
        "groupid",
        "subj",
        "pid",
        "uid",
        "sid",
        "gid",
        "cid",
        "recording",
        "video",
        "clip",
        "account",
        "device",
        "machine",
        "cluster",
        "site",
        "center",
        "centre",
        "school",
        "hospital",
        "clinic",
        "ward",
        "batch",
        "cohort",
        "volunteer",
        "actor",
        "singer",
    ]
)


@dataclass(frozen=True)
class GroupedAccuracy:
    """Accuracy with rows of the same groups in train, and without.

    Arguments:
        mixed: out of fold, rows divided at random.
        apart: out of fold, groups kept whole.
        majority: share of the most frequent class.
        errors: of the difference, in standard errors over the groups.
    """

    mixed: float
    apart: float
    majority: float
    errors: float

    @property
    def overstates(self) -> bool:
        """Whether rows of known groups are told better, beyond chance and by what matters.

        Where whole groups take their classes out of train, less than the majority is told of them;
        that is no loss.
        """
        lost = self.mixed - max(self.apart, self.majority)
        return lost >= LOST and self.errors >= ERRORS

    def evidence(self, one: str, several: str) -> Evidence:
        """What shows it; `one` and `several` name groups: "clump", "clumps"."""
        return Evidence(
            f"accuracy of trees with rows of the same {one} in train, and with whole {several} "
            "held out",
            f"{self.mixed:.3f}, {self.apart:.3f}",
            "the same",
        )

    def line(self, which: str, one: str) -> str:
        """What was found in order, of such groups."""
        return (
            f"{which}: accuracy {self.mixed:.3f} with rows of a {one} on both sides, "
            f"{self.apart:.3f} without"
        )


def check(sheet: Sheet) -> Audit:
    """Groups that a random split tears apart, and what knowing them is worth."""
    if sheet.config.split.method in ("group", "time") or not len(sheet.held_out):
        return Audit()
    lines = []
    for name, codes, hint in candidates(sheet)[:CANDIDATES]:
        inside = np.bincount(codes[sheet.train], minlength=int(codes.max()) + 1) > 0
        torn = float(inside[codes[sheet.held_out]].mean())
        if torn < STRADDLE:
            continue
        split = grouped_accuracy(sheet, {name}, codes, sheet.used)
        lines.append(split.line(f"groups by {name!r}", "group"))
        if split.overstates:
            groups = len(np.unique(codes))
            return Audit(
                [
                    Nomination(
                        "group_leak",
                        (
                            split.evidence("group", "groups"),
                            Evidence(
                                f"held-out rows whose {name!r} has train rows",
                                percent(torn),
                                "none",
                            ),
                            Evidence(f"groups by {name!r}", groups, "any"),
                        ),
                        f"{name!r} names groups of rows that are on both sides of the split: what "
                        "is learnt of a group is asked of its other rows, and the accuracy holds "
                        "for known groups only.",
                        (
                            override("data.split.method", "group"),
                            override("data.split.by", name),
                        ),
                        strength=0.9 if hint else 0.75,
                        subject=name,
                    )
                ]
            )
    return Audit(checked=lines)


def candidates(sheet: Sheet) -> list[tuple[str, np.ndarray, bool]]:
    """Columns that may name groups: their codes (N,), and whether by their name."""
    found = []
    for column in sheet.columns:
        name = column.name
        if name == sheet.config.split.by or column.reason in ("one value in train", "a date"):
            continue
        codes = _codes(sheet, name)
        if codes is None:
            continue
        counts = np.bincount(codes)
        groups, size = len(counts), len(codes)
        if groups < FEWEST or counts[counts == 1].sum() > ALONE * size or groups > size / 2:
            continue
        hint = hinted(name)
        stretches = int((np.diff(codes) != 0).sum()) + 1
        contiguous = groups >= CONTIGUOUS and stretches <= BLOCKS * groups
        if hint or contiguous or _is_of_one_label(sheet, name, codes):
            found.append((name, codes, hint, groups))
    found.sort(key=lambda item: (not item[2], -item[3]))
    return [(name, codes, hint) for name, codes, hint, _ in found]


def _is_of_one_label(sheet: Sheet, name: str, codes: np.ndarray) -> bool:
    """Whether the rows of each group have one label, which few groups would by chance.

    Numbers whose neighbours share their labels are no names, but tell the label by their size.
    """
    counts = np.zeros((int(codes.max()) + 1, len(sheet.classes)))
    np.add.at(counts, (codes, sheet.y), 1)
    size = counts.sum(1)
    several = size > 1
    rows = size[several].sum()
    if rows < (1 - ALONE) * len(codes):
        return False
    pure = (counts.max(1) == size)[several]
    share = counts.sum(0) / len(codes)
    chance = (share[:, None] ** size[several]).sum(0)
    of_one = float(size[several][pure].sum() / rows)
    by_chance = float((size[several] * chance).sum() / rows)
    if of_one < OF_ONE or by_chance > BY_CHANCE:
        return False
    numbers = sheet.numbers.get(name)
    if numbers is None:  # a column that is left out may hold numbers as well
        numbers = read_numbers(sheet.frame[name]).values.astype(np.float64)
    if np.isfinite(numbers).mean() <= 1 - UNNAMED:
        return True
    _, first = np.unique(codes, return_index=True)
    values = numbers[first][several]
    order = np.argsort(values, kind="stable")
    whole = np.array_equal(values, np.floor(values))
    return whole and changes(counts[several].argmax(1)[order]) >= RUNS


def hinted(name: str) -> bool:
    """Whether a column's name says that it names somebody.

    >>> [hinted(n) for n in ("Speaker Number", "patientId", "user_id", "width", "valid")]
    [True, True, True, False, False]
    """
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return any(part.casefold() in HINTS for part in (*parts, name))


def _codes(sheet: Sheet, name: str) -> np.ndarray | None:
    """The group of each row, missing cells a group each; None for what is no naming column."""
    if name in sheet.numbers:
        values = sheet.identity(name)
        missing = ~np.isfinite(values)
        known = values[~missing]
        # whole numbers, which a loop may have scaled
        if not np.array_equal(known, np.floor(known)) and not hinted(name):
            return None
        if missing.any():
            values = np.where(missing, np.nan, values)
        codes = np.unique(values, return_inverse=True)[1].astype(np.int64)
    else:
        codes = sheet.texts(name).codes.copy()
        missing = codes < 0
    if missing.mean() > UNNAMED:
        return None
    codes[missing] = codes.max(initial=-1) + 1 + np.arange(int(missing.sum()))
    return np.unique(codes, return_inverse=True)[1]


def grouped_accuracy(
    sheet: Sheet,
    without: Collection[str],
    codes: np.ndarray,
    rows: np.ndarray,
    distinct: bool = True,
) -> GroupedAccuracy:
    """Out-of-fold accuracy of trees, by random folds and by whole groups.

    Arguments:
        sheet: the table.
        without: columns that the trees do not see.
        codes: the group of each row (N,).
        rows: row numbers to use; of many, whole groups are drawn, and of large ones a part.
        distinct: take one of train rows that were measured several times.
    """
    rng = np.random.default_rng(0)
    chosen = rng.permutation(int(codes.max()) + 1)
    counts = np.bincount(codes[rows], minlength=len(chosen))[chosen]
    keep = chosen[: max(FEWEST, int((counts.cumsum() <= ROWS).sum()))]
    rows = sample(rows[np.isin(codes[rows], keep)])
    if distinct:  # the others would be told by heart in any fold
        inside = np.isin(rows, sheet.train)
        rows = np.concatenate((without_near_copies(sheet, rows[inside]), rows[~inside]))
    x, y = sheet.without(without)[rows], sheet.y[rows]
    _, group = np.unique(codes[rows], return_inverse=True)
    size = int(group.max()) + 1
    apart = _right(x, y, len(sheet.classes), (rng.permutation(size) % FOLDS)[group])
    mixed = _right(x, y, len(sheet.classes), rng.permutation(len(rows)) % FOLDS)
    gain = mixed.astype(float) - apart
    sums, total = np.bincount(group, gain - gain.mean(), minlength=size), len(rows)
    error = float(np.sqrt((sums**2).sum() * size / max(1, size - 1)) / total)
    errors = float(gain.mean()) / error if error > 0 else 0.0
    return GroupedAccuracy(float(mixed.mean()), float(apart.mean()), majority(y), errors)


def _right(x: np.ndarray, y: np.ndarray, classes: int, fold: np.ndarray) -> np.ndarray:
    right = np.zeros(len(y), dtype=bool)
    for own in range(FOLDS):
        learn, tell = np.flatnonzero(fold != own), np.flatnonzero(fold == own)
        if len(learn) and len(tell):
            right[tell] = held_out(x, y, classes, learn, tell, TREES).predicted == y[tell]
    return right
