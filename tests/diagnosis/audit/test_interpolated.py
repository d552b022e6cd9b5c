from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

from nnexp.diagnosis.audit.split import interpolated


def classes(seed, rows=900, rare=0.15, width=8):
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < rare).astype(int)
    return rng.normal(size=(rows, width)) + 0.7 * y[:, None], y


def fill_up(x, y, seed, times=3):
    """Rows of class 1 made between one of them and one of its five nearest, `times` as many."""
    rng = np.random.default_rng(seed)
    own = x[y == 1]
    first = rng.integers(0, len(own), times * len(own))
    nearest = cKDTree(own).query(own[first], 6)[1]
    second = nearest[np.arange(len(first)), rng.integers(1, 6, len(first))]
    made = own[first] + rng.random((len(first), 1)) * (own[second] - own[first])
    order = rng.permutation(len(x) + len(made))
    return np.concatenate((x, made))[order], np.concatenate((y, np.ones(len(made), int)))[order]


def frame_of(x):
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("decimals", [2, 15])
def test_rows_made_between_others_before_the_split(sheet_of, causes, seed, decimals):
    x, y = fill_up(*classes(seed), seed)
    found = interpolated.check(sheet_of(frame_of(x.round(decimals)), y))
    assert causes(found) == ["duplicate_leak"]
    assert found.nominations[0].subject == "rows of 1 made between others"


@pytest.mark.parametrize("seed", range(5))
def test_rows_as_they_are(sheet_of, causes, seed):
    x, y = classes(seed, rare=0.5)
    assert causes(interpolated.check(sheet_of(frame_of(x), y))) == []


def test_rows_made_of_train_rows_alone_are_no_leak(sheet_of, causes):
    x, y = classes(0, rare=0.4)
    train = np.arange(len(x)) < 600
    more, labels = fill_up(x[train], y[train], 0)
    parts = np.array(["train"] * len(more) + ["valid", "test"] * 150)
    frame = frame_of(np.concatenate((more, x[~train])))
    found = interpolated.check(sheet_of(frame, np.concatenate((labels, y[~train])), parts=parts))
    assert causes(found) == []


def test_columns_that_are_all_made_of_one_quantity(sheet_of, causes):
    rng = np.random.default_rng(0)
    size, y = rng.normal(size=(900, 1)), rng.integers(0, 2, 900)
    lines = frame_of((size + 0.2 * y[:, None]) * np.arange(1.0, 9.0))
    assert causes(interpolated.check(sheet_of(lines, y))) == []


@pytest.mark.parametrize("levels", [2, 4, 16])
def test_columns_of_few_whole_numbers(sheet_of, causes, levels):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 900)
    x = rng.integers(0, levels, (900, 8)) + y[:, None]
    assert causes(interpolated.check(sheet_of(frame_of(x), y))) == []


@pytest.mark.parametrize("name", ["digits", "iris", "wine"])
def test_real_tables(sheet_of, table, causes, name):
    assert causes(interpolated.check(sheet_of(*table(name)))) == []


def is_between(row, start, end, rounding):
    """Whether a row is on the line from one to another, and not at its ends."""
    along = end - start
    part = (row - start) @ along / (along @ along)
    off = ((row - start - part * along) ** 2).sum()
    close = interpolated.CLOSE
    return close < part < 1 - close and off <= close**2 * (along @ along) + rounding


@pytest.mark.parametrize("width", [5, 40])
@pytest.mark.parametrize("rounding", [0.0, 0.05])
def test_the_share_on_a_line_is_that_of_every_pair_of_neighbours(width, rounding):
    rng = np.random.default_rng(0)
    others = rng.normal(size=(60, width))
    first, second = others[cKDTree(others).query(others, 2)[1]].transpose(1, 0, 2)
    rows = first + rng.choice([0.01, 0.3, 0.5], (60, 1)) * (second - first)
    rows += rng.choice([0.0, 0.002, 0.1], (60, 1)) * rng.normal(size=rows.shape)
    near = others[cKDTree(others).query(rows, interpolated.NEIGHBOURS)[1]]
    expected = [
        any(is_between(row, *pair, rounding) for pair in combinations(around, 2))
        for row, around in zip(rows, near, strict=True)
    ]
    assert 0.2 < np.mean(expected) < 0.8
    assert interpolated.between(rows, others, rounding)[0] == np.mean(expected)
