import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.leaks import encodings

TABLES = ["breast_cancer", "iris", "moons", "classification"]


def encode(y, train, levels, smoothing=0.0, seed=0, prior=None):
    """The share of the last class in a random level, among the rows `train`."""
    rng = np.random.default_rng(seed)
    level = rng.integers(0, levels, len(y))
    own = (y == y.max()).astype(float)
    total = np.bincount(level[train], own[train], minlength=levels)
    count = np.bincount(level[train], minlength=levels)
    overall = own[train].mean() if prior is None else prior
    shares = (total + smoothing * overall) / np.maximum(count + smoothing, 1)
    return np.where(count > 0, shares, overall)[level]


@pytest.mark.parametrize("smoothing", [0.0, 1.0, 10.0, 7.5])
@pytest.mark.parametrize("rows_a_level", [5, 12])
@pytest.mark.parametrize("name", TABLES)
def test_means_over_all_rows(sheet_of, table, causes, name, rows_a_level, smoothing):
    frame, y = table(name)
    every = np.arange(len(y))
    frame["city"] = encode(y, every, len(y) // rows_a_level, smoothing)
    found = encodings.check(sheet_of(frame, y))
    assert causes(found) == ["selection_leak"]
    assert found.nominations[0].fix == ("data.drop=[city]",)


@pytest.mark.parametrize("smoothing", [0.0, 10.0])
@pytest.mark.parametrize("name", TABLES)
def test_means_over_train_rows_are_fine(sheet_of, table, parts_of, causes, name, smoothing):
    frame, y = table(name)
    parts = parts_of(len(y))
    frame["city"] = encode(y, np.flatnonzero(parts == "train"), len(y) // 8, smoothing)
    assert causes(encodings.check(sheet_of(frame, y, parts))) == []


@pytest.mark.parametrize("name", [*TABLES, "digits", "wine", "circles", "blobs"])
def test_tables_as_they_are(sheet_of, table, causes, name):
    frame, y = table(name)
    frame["share"] = np.random.default_rng(0).integers(0, 21, len(y)) / 20
    assert causes(encodings.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize("smoothing", [0.0, 1.0, 10.0])
@pytest.mark.parametrize("rows_a_level", [2, 6])
@pytest.mark.parametrize("name", ["breast_cancer", "moons", "classification"])
def test_means_over_train_and_validation_rows(
    sheet_of, table, parts_of, causes, name, rows_a_level, smoothing
):
    # smoothed towards the share of a larger table, of which some rows are not here
    frame, y = table(name)
    parts = parts_of(len(y))
    known = np.flatnonzero(parts != "test")
    frame["city"] = encode(y, known, len(y) // rows_a_level, smoothing, prior=y.mean() + 0.013)
    assert causes(encodings.check(sheet_of(frame, y, parts))) == ["selection_leak"]


@pytest.mark.parametrize("name", ["breast_cancer", "moons", "classification"])
def test_a_share_that_is_only_near(sheet_of, table, causes, name):
    frame, y = table(name)
    every = np.arange(len(y))
    shares = encode(y, every, len(y) // 6, 1.0)
    frame["city"] = (shares + np.random.default_rng(0).normal(0, 0.02, len(y))).round(2)
    assert causes(encodings.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize("decimals", [3, 4, 5])
@pytest.mark.parametrize("name", TABLES)
def test_means_that_were_rounded(sheet_of, table, parts_of, causes, name, decimals):
    frame, y = table(name)
    parts = parts_of(len(y))
    frame["city"] = encode(y, np.arange(len(y)), len(y) // 6).round(decimals)
    assert causes(encodings.check(sheet_of(frame, y, parts))) == ["selection_leak"]
    train = np.flatnonzero(parts == "train")
    frame["city"] = encode(y, train, len(y) // 6).round(decimals)
    assert causes(encodings.check(sheet_of(frame, y, parts))) == []


@pytest.mark.parametrize("smoothing", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_means_of_many_levels_that_were_rounded(seed, smoothing):
    # hundreds of levels meet in a value, and rounding makes of their number something near a whole
    rng = np.random.default_rng(seed)
    y = (rng.random(4000) < 0.35).astype(int)
    part = rng.choice(3, len(y), p=[0.6, 0.2, 0.2])
    parts = [np.flatnonzero(part == place) for place in range(3)]
    known = np.concatenate(parts[:2])
    values = encode(y, known, 2000, smoothing, seed, prior=0.35).round(5)
    assert encodings.encoded_class(values, y, parts[0], parts[1:], 2) == 1
    honest = encode(y, parts[0], 2000, smoothing, seed, prior=0.35).round(5)
    assert encodings.encoded_class(honest, y, parts[0], parts[1:], 2) is None


def _persons(rng, persons=120):
    """Rows of persons, who are of a few classes each."""
    person = rng.permutation(np.repeat(np.arange(persons), 8))
    y = (rng.integers(0, 3, persons)[person] + rng.integers(0, 3, len(person))).astype(int)
    return person, y


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("by", ["rows", "persons"])
def test_means_of_the_classes_numbers(sheet_of, causes, first, by):
    rng = np.random.default_rng(3)
    person, y = _persons(rng)
    share = pd.Series(y + first).groupby(person).transform("mean").to_numpy()
    frame = pd.DataFrame({"x": rng.normal(size=len(y)), "z": rng.normal(size=len(y))})
    draw = rng.choice(["train", "valid", "test"], 120, p=[0.6, 0.2, 0.2])[person]
    parts = draw if by == "persons" else rng.permutation(draw)
    found = encodings.check(sheet_of(frame.assign(code=share), y, parts))
    assert causes(found) == ["selection_leak"]
    assert "the mean of the classes' numbers" in found.nominations[0].evidence[0].signal


def test_means_of_numbers_over_train_rows_are_honest(sheet_of, causes):
    rng = np.random.default_rng(3)
    person, y = _persons(rng)
    parts = rng.choice(["train", "valid", "test"], len(y), p=[0.6, 0.2, 0.2])
    train = parts == "train"
    means = pd.Series(y[train]).groupby(person[train]).mean()
    values = pd.Series(person).map(means).fillna(y[train].mean()).to_numpy()
    frame = pd.DataFrame({"x": rng.normal(size=len(y)), "code": values})
    assert causes(encodings.check(sheet_of(frame, y, parts))) == []


def test_shares_of_a_class_among_persons_that_the_split_parts(sheet_of, causes):
    rng = np.random.default_rng(3)
    person, y = _persons(rng)
    share = pd.Series(y == 1).groupby(person).transform("mean").to_numpy()
    frame = pd.DataFrame({"x": rng.normal(size=len(y)), "code": share})
    parts = rng.choice(["train", "valid", "test"], 120, p=[0.6, 0.2, 0.2])[person]
    assert causes(encodings.check(sheet_of(frame, y, parts))) == ["selection_leak"]


def test_a_copy_of_the_classes_numbers_is_no_mean(sheet_of, causes):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 6, 900)
    frame = pd.DataFrame({"x": rng.normal(size=900), "grade": y + 1})
    assert causes(encodings.check(sheet_of(frame, y))) == []


def test_means_of_things_with_one_label_each_are_honest(sheet_of, causes):
    rng = np.random.default_rng(0)
    thing = rng.integers(0, 40, 900)
    y = rng.integers(0, 6, 40)[thing]
    frame = pd.DataFrame({"x": rng.normal(size=900), "code": y * 1.0})
    assert causes(encodings.check(sheet_of(frame, y))) == []
