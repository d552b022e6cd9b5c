from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.labels import conflicts
from nnexp.diagnosis.audit.rows import find_rows

TABLES = ["breast_cancer", "wine", "digits", "moons", "classification"]


def look(sheet):
    return conflicts.check(sheet, find_rows(sheet))


def repeated(frame, y, share, flip):
    rng = np.random.default_rng(0)
    again = rng.choice(len(y), int(share * len(y)), False)
    other = (y[again] + flip) % (y.max() + 1)
    order = rng.permutation(len(y) + len(again))
    return pd.concat([frame, frame.iloc[again]]).iloc[order], np.r_[y, other][order]


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("name", TABLES)
def test_equal_rows_with_other_labels(sheet_of, table, causes, name, share):
    found = look(sheet_of(*repeated(*table(name), share, flip=1)))
    assert causes(found) == ["conflicting_labels"]
    bound = found.nominations[0].evidence[1].value
    assert bound == pytest.approx(1 - share / (1 + share), abs=0.005)


@pytest.mark.parametrize("name", TABLES)
def test_equal_rows_with_the_same_label(sheet_of, table, causes, name):
    assert causes(look(sheet_of(*repeated(*table(name), 0.2, flip=0)))) == []


def test_rows_of_few_values_conflict_by_nature(sheet_of, causes):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.binomial(6, 0.4, (1500, 4)), columns=list("abcd"))
    found = look(sheet_of(frame, (rng.random(1500) < frame["a"] / 6).astype(int)))
    assert causes(found) == []
    assert "bounds the accuracy" in found.notes[0]


@pytest.mark.parametrize("kinds", [5, 200])
@pytest.mark.parametrize("seed", range(4))
def test_labels_at_random_on_few_distinct_rows(sheet_of, causes, kinds, seed):
    rng = np.random.default_rng(seed)
    codes = rng.choice(kinds, 2000, p=rng.dirichlet(np.ones(kinds)))
    frame = pd.DataFrame({"a": codes % 7, "b": codes // 7})
    assert causes(look(sheet_of(frame, (rng.random(2000) < 0.1).astype(int)))) == []


def test_a_row_that_stands_for_nothing_found(sheet_of, causes):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(4000, 6)), columns=list("abcdef"))
    frame.iloc[3000:] = 0
    y = np.r_[rng.random(3000) < 0.05, rng.random(1000) < 0.5].astype(int)
    order = rng.permutation(4000)
    assert causes(look(sheet_of(frame.iloc[order], y[order]))) == []


def test_copies_of_a_grid_with_the_other_label(sheet_of, causes):
    # all rows are near each other, but no two equal ones agree
    grid = np.stack(np.meshgrid(*[range(4)] * 5), -1).reshape(-1, 5)
    rng = np.random.default_rng(0)
    y = (grid[:, 0] + grid[:, 1] > 3).astype(int)
    again = rng.choice(len(y), len(y) // 3, False)
    order = rng.permutation(len(y) + len(again))
    frame = pd.DataFrame(np.r_[grid, grid[again]][order], columns=list("abcde"))
    found = look(sheet_of(frame, np.r_[y, 1 - y[again]][order]))
    assert causes(found) == ["conflicting_labels"]


@pytest.mark.parametrize("name", ["breast_cancer", "wine"])
def test_what_is_left_where_copies_that_agree_were_left_out(sheet_of, table, causes, name):
    found = look(sheet_of(*repeated(*table(name), 0.1, flip=1), duplicates="drop"))
    assert causes(found) == []
    assert "equal one with another label" in found.notes[0]


@pytest.fixture
def factorial(sheet_of):
    """A table of all combinations of codes, whose held-out rows are coded as `order` says."""

    def made(order, agree=False):
        whole = np.stack(np.meshgrid(*[np.arange(4)] * 5), -1).reshape(-1, 5)
        whole = whole[np.random.default_rng(0).permutation(len(whole))]
        y = ((whole[:, 0] > 1) ^ (whole[:, 1] == 2)).astype(int)
        sheet = sheet_of(pd.DataFrame(whole, columns=list("abcde")), y)
        coded = whole.copy()
        coded[sheet.held_out] = np.asarray(order)[coded[sheet.held_out]]
        if agree:
            y = ((coded[:, 0] > 1) ^ (coded[:, 1] == 2)).astype(int)
        columns = {name: coded[:, place].astype(float) for place, name in enumerate("abcde")}
        return replace(sheet, numbers=columns, y=y)

    return made


def test_rows_that_are_equal_in_two_parts_alone_were_coded_apart(factorial, causes):
    found = look(factorial([1, 2, 3, 0]))
    assert causes(found) == ["preprocessing_mismatch"]
    both = found.nominations[0].evidence[0].value
    assert both.split(", ")[0] == both.split(", ")[1].split()[0]  # all pairs stand apart


@pytest.mark.parametrize("noise", [0.1, 0.4])
def test_measurements_that_stand_once_in_each_part_are_repeats(factorial, causes, noise):
    sheet = factorial([0, 1, 2, 3])
    count = min(len(sheet.train), len(sheet.valid))
    again = {name: own.copy() for name, own in sheet.numbers.items()}
    y, rng = sheet.y.copy(), np.random.default_rng(0)
    for own in again.values():  # the same settings once more
        own[sheet.valid[:count]] = own[sheet.train[:count]]
    y[sheet.valid[:count]] = y[sheet.train[:count]]
    y = np.where(rng.random(len(y)) < noise, 1 - y, y)
    assert "preprocessing_mismatch" not in causes(look(replace(sheet, numbers=again, y=y)))


def test_rows_that_are_coded_alike_or_are_copies_with_their_label_are_not(factorial, causes):
    assert causes(look(factorial([0, 1, 2, 3]))) == []
    assert causes(look(factorial([1, 2, 3, 0], agree=True))) == []
