import numpy as np
import pytest

from nnexp.diagnosis.audit import encodings

TABLES = ["breast_cancer", "iris", "moons", "classification"]


def encode(y, train, levels, smoothing=0.0, seed=0):
    """The share of the last class in a random level, among the rows `train`."""
    rng = np.random.default_rng(seed)
    level = rng.integers(0, levels, len(y))
    own = (y == y.max()).astype(float)
    total = np.bincount(level[train], own[train], minlength=levels)
    count = np.bincount(level[train], minlength=levels)
    overall = own[train].mean()
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
