"""Subjects that no column names, by rows whose nearest neighbours stand beside them in the file."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.groups import STRADDLE, grouped_accuracy
from nnexp.diagnosis.audit.split.neighbours import COLUMNS, Points
from nnexp.diagnosis.audit.split.order import is_by_class
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

ROWS = 3000  # of the file, side by side, that are looked at
# rows whose places in the file are looked up: with one, series in time (electricity) fall into
# pieces, with two none of the tables of shared/data does, and more reach from subject to subject
NEAREST = 2
BLOCKS = 8  # that the file falls into, at least
SIZE = 4  # rows of a block
COVERED = 0.8  # share of the rows that stand in such a block


def check(sheet: Sheet) -> Audit:
    """Blocks of the file whose rows resemble each other alone, and what knowing them is worth."""
    if sheet.config.split.method != "random" or not sheet.config.split.shuffle:
        return Audit()
    used = sheet.used
    start = max(0, (len(used) - ROWS) // 2)
    rows = used[start : start + ROWS]
    points = Points(sheet)
    if len(points.units) < COLUMNS or len(rows) < BLOCKS * SIZE:
        return Audit()
    block = blocks(points.at(rows).astype(np.float32))
    sizes = np.bincount(block)
    large = sizes >= SIZE
    if large.sum() < BLOCKS or sizes[large].sum() < COVERED * len(rows):
        return Audit()
    named = np.zeros((len(sizes), len(sheet.classes)))
    np.add.at(named, (block, sheet.y[rows]), 1)
    if is_by_class(named):
        return Audit()
    codes = np.full(len(sheet.y), -1, dtype=np.int64)
    codes[rows] = block
    train, held = (codes[own][codes[own] >= 0] for own in (sheet.train, sheet.held_out))
    torn = float(np.isin(held, train).mean()) if len(held) else 0.0
    if torn < STRADDLE:
        return Audit()
    split = grouped_accuracy(sheet, (), codes, rows)
    if not split.overstates:
        return Audit(checked=[split.line("blocks of the file", "block")])
    return Audit(
        [
            Nomination(
                "group_leak",
                (
                    split.evidence("block", "blocks"),
                    Evidence(
                        f"blocks of the file within which the {NEAREST} nearest rows of each row "
                        "stand",
                        int(large.sum()),
                        "1: neighbours anywhere in the file",
                    ),
                    Evidence("held-out rows of a block with train rows", percent(torn), "none"),
                ),
                "Rows that stand together in the file are of one subject or recording, though no "
                "column says so, and the split puts them on both sides: the accuracy on them says "
                "how well known subjects are told, not new ones.",
                (override("data.split.shuffle", False), override("data.split.stratify", False)),
                strength=0.85,
                subject="rows that stand together in the file",
            )
        ]
    )


def blocks(x: np.ndarray) -> np.ndarray:
    """The block (n,) of each row of x (n, d): no row has a near row beyond its block's ends.

    >>> blocks(np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2], [0.5], [0.6], [0.7]]))
    array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    """
    size = len(x)
    near = min(NEAREST, size - 1)
    square = (x * x).sum(1)
    spanning = np.zeros(size + 1, dtype=np.int64)
    for first in range(0, size, 500):
        own = np.arange(first, min(first + 500, size))
        away = square[own][:, None] + square - 2 * x[own] @ x.T
        away[np.arange(len(own)), own] = np.inf
        found = np.argpartition(away, near - 1, axis=1)[:, :near]
        low, high = np.minimum(found, own[:, None]), np.maximum(found, own[:, None])
        np.add.at(spanning, low.reshape(-1) + 1, 1)
        np.add.at(spanning, high.reshape(-1) + 1, -1)
    across = np.cumsum(spanning)[:size]  # links from a row before this one to it or one after
    across[0] = 1
    return np.cumsum(across == 0)
