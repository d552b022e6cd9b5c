"""Columns that follow from others, and rows that repeat by nature all the same."""

import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.dependent import dependent
from nnexp.diagnosis.audit.labels import conflicts
from nnexp.diagnosis.audit.rows import find_rows
from nnexp.diagnosis.audit.split import duplicates

RNG = np.random.default_rng(0)
ITEMS = {f"q{n}": RNG.integers(1, 6, 800).astype(float) for n in range(4)}
TALL, HEAVY = RNG.normal(1.7, 0.1, 800).round(2), RNG.normal(70, 9, 800).round()


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({**ITEMS, "total": sum(ITEMS.values())}, {"total"}),
        ({**ITEMS, "mean": sum(ITEMS.values()) / 4}, {"mean"}),
        ({**ITEMS, "most": np.maximum(ITEMS["q0"], ITEMS["q1"])}, set()),
        ({"h": TALL, "w": HEAVY, "bmi": (HEAVY / TALL**2).round(1)}, {"bmi"}),
        ({"c": TALL, "f": (TALL * 1.8 + 32).round(2)}, {"f"}),
        ({"a": TALL, "mark": np.where(TALL > 1.7, -1.797e308, HEAVY)}, set()),
        ({"a": TALL, "b": np.where(TALL > 1.7, 1e200, HEAVY)}, set()),
        ({"a": TALL, "noisy": TALL + RNG.normal(0, 0.02, 800)}, set()),
        (ITEMS, set()),
        ({"a": TALL}, set()),
        ({}, set()),
        ({"a": TALL, "one": np.ones(800)}, set()),
    ],
)
def test_sums_and_products_follow(columns, found):
    assert dependent(columns) == found


def test_missing_cells_are_passed_over():
    total = sum(ITEMS.values())
    total[::7] = np.nan
    assert dependent({**ITEMS, "total": total}) == {"total"}
    assert dependent({"a": np.full(9, np.nan), "b": np.full(9, np.nan)}) == set()


def healthy(kind, seed):
    rng = np.random.default_rng(seed)
    if kind == "one column":
        x = rng.normal(size=900)
        return pd.DataFrame({"x": x.round(2)}), (x + rng.normal(0, 0.5, 900) > 0).astype(int)
    if kind == "body":
        tall, heavy = rng.normal(1.7, 0.1, 800).round(2), rng.normal(70, 9, 800).round()
        index = heavy / tall**2
        frame = pd.DataFrame({"h": tall, "w": heavy, "bmi": index.round(1)})
        return frame, (index + rng.normal(0, 2, 800) > 24).astype(int)
    frame = pd.DataFrame(rng.integers(1, 6, (800, 4)), columns=list("abcd"))
    y = (frame["a"] * 2 - frame["b"] + rng.normal(0, 2, 800) > 3).astype(int)
    return frame.assign(total=frame.sum(axis=1)), y.to_numpy()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["one column", "body", "items and their total"])
def test_rows_that_repeat_by_nature_are_no_copies(sheet_of, causes, kind, seed):
    frame, y = healthy(kind, seed)
    sheet = sheet_of(frame, y)
    rows = find_rows(sheet)
    assert causes(duplicates.check(sheet, rows)) == []
    assert causes(conflicts.check(sheet, rows)) == []


def test_copies_are_seen_beside_a_total(sheet_of, parts_of, causes):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(800, 4)).round(2), columns=list("abcd"))
    frame["total"] = frame.sum(axis=1)
    y, parts = rng.integers(0, 2, 800), parts_of(800)
    train, valid = np.flatnonzero(parts == "train"), np.flatnonzero(parts == "valid")
    frame.iloc[valid[:80]] = frame.iloc[train[:80]].to_numpy()
    y[valid[:80]] = y[train[:80]]
    sheet = sheet_of(frame, y, parts)
    assert causes(duplicates.check(sheet, find_rows(sheet))) == ["duplicate_leak"]
