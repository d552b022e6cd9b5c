import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.leaks import chosen


def noise(seed, rows=200, drawn=2000, keep=25, classes=2, by=None, whole=False):
    """Of columns of noise those whose class means lie farthest apart, by the rows `by`."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (rows, drawn)) * 1.0 if whole else rng.normal(size=(rows, drawn))
    y = rng.integers(0, classes, rows)
    own = np.arange(rows) if by is None else np.flatnonzero(by)
    one = y[own] == 0
    apart = np.abs(x[own][one].mean(0) - x[own][~one].mean(0))
    kept = np.argsort(-apart)[:keep]
    return pd.DataFrame(x[:, kept], columns=[f"g{k}" for k in kept]), y


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "how", [{}, {"classes": 3}, {"whole": True}, {"rows": 800, "drawn": 5000, "keep": 60}]
)
def test_the_best_of_many_columns_of_noise(sheet_of, causes, seed, how):
    frame, y = noise(seed, **how)
    assert causes(chosen.check(sheet_of(frame, y))) == ["selection_leak"]


@pytest.mark.parametrize("seed", range(5))
def test_columns_chosen_by_train_rows_alone(sheet_of, parts_of, causes, seed):
    parts = parts_of(200)
    frame, y = noise(seed, by=parts == "train")
    assert causes(chosen.check(sheet_of(frame, y, parts))) == []


def test_columns_chosen_by_train_and_validation_rows(sheet_of, parts_of, causes):
    parts = parts_of(200)
    frame, y = noise(0, by=parts != "test")
    assert causes(chosen.check(sheet_of(frame, y, parts))) == ["selection_leak"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("strength", [0.0, 0.2, 0.6])
def test_columns_of_like_worth_are_not_chosen(sheet_of, causes, seed, strength):
    """All of them tell the label, or none does."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 300)
    frame = pd.DataFrame(rng.normal(size=(300, 25)) + strength * y[:, None])
    frame.columns = [f"x{k}" for k in range(25)]
    assert causes(chosen.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "wine", "classification"])
def test_real_columns_are_silent(sheet_of, table, causes, name):
    assert causes(chosen.check(sheet_of(*table(name)))) == []


def test_a_few_columns_say_nothing(sheet_of, causes):
    frame, y = noise(0, keep=9)
    assert causes(chosen.check(sheet_of(frame, y))) == []


def test_columns_of_one_name_beside_others(sheet_of, causes):
    frame, y = noise(0)
    real = np.random.default_rng(1).normal(size=(200, 6)) + np.arange(6) / 3 * y[:, None]
    mixed = frame.assign(**{name: real[:, k] for k, name in enumerate("abcdef")})
    found = chosen.check(sheet_of(mixed, y))
    assert causes(found) == ["selection_leak"]
    assert found.nominations[0].subject == f"{frame.columns[0]!r} and the like"
