import numpy as np
import pytest

from nnexp.diagnosis.audit.table import deletion


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "moons", "classification"])
@pytest.mark.parametrize("rate", [0.7, 0.9])
def test_deletion_of_one_class_above_all(sheet_of, table, causes, name, rate):
    frame, y = table(name)
    hit = np.random.default_rng(0).random(len(y)) < np.where(y == 1, rate, 0.05)
    frame.iloc[hit, 0] = np.nan
    found = deletion.check(sheet_of(frame, y, missing="drop"))
    assert causes(found) == ["deletion_bias"]
    assert found.nominations[0].fix == ("data.missing=mean",)
    assert causes(deletion.check(sheet_of(frame, y))) == []  # nothing is dropped


@pytest.mark.parametrize("rate", [0.01, 0.5])
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "moons"])
def test_deletion_at_random_is_silent(sheet_of, table, causes, name, rate):
    frame, y = table(name)
    frame.iloc[np.random.default_rng(0).random(len(y)) < rate, 0] = np.nan
    found = deletion.check(sheet_of(frame, y, missing="drop"))
    assert causes(found) == []


def test_deletion_of_nearly_all_rows(sheet_of, table, causes):
    """Whatever their class: a few cells in each column."""
    frame, y = table("breast_cancer")
    frame = frame.mask(np.random.default_rng(0).random(frame.shape) < 0.08)
    found = deletion.check(sheet_of(frame, y, missing="drop"))
    assert causes(found) == ["deletion_bias"]
    assert found.nominations[0].fix == ("data.missing=mean",)
    left = found.nominations[0].evidence[1].value
    assert left[0] < 0.15 * 0.6 * len(y)
    assert causes(deletion.check(sheet_of(frame.iloc[:, :2], y, missing="drop"))) == []
