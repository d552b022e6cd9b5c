import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.diagnosis.audit.table import outliers


@pytest.mark.parametrize("scaling", ["standard", "minmax", "robust", "none"])
@pytest.mark.parametrize("factor", [300, 1e4, 1e6])
@pytest.mark.parametrize("name", ["wine", "breast_cancer", "iris", "digits", "classification"])
def test_an_outlier_that_crushes_a_column(sheet_of, table, parts_of, causes, name, factor, scaling):
    frame, y = table(name)
    parts = parts_of(len(y))
    column = frame.columns[3]
    frame.loc[np.flatnonzero(parts == "train")[7], column] = factor * frame[column].abs().max()
    found = outliers.check(sheet_of(frame, y, parts, scaling=scaling))
    assert causes(found) == ["outlier_crushed_feature"]
    assert found.nominations[0].subject == column
    assert found.nominations[0].fix == ("data.scaling=quantile",)
    assert causes(outliers.check(sheet_of(frame, y, parts, scaling="quantile"))) == []


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_smooth_heavy_tail_is_none(sigma, seed):
    for rows in (100, 1000, 10_000):
        values = np.exp(sigma * np.random.default_rng(seed).normal(size=rows))
        assert outliers.find_outliers(values) is None


def test_rare_events_and_constants_are_none():
    rng = np.random.default_rng(0)
    assert outliers.find_outliers(np.zeros(100)) is None
    assert outliers.find_outliers(np.where(rng.random(500) < 0.02, 1000.0, 0.0)) is None
    assert outliers.find_outliers(np.arange(10.0)) is None
    assert outliers.find_outliers(np.r_[rng.normal(size=99), 8.0]) is None


@given(
    cells=st.integers(20, 40),
    others=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=3),
    usual=st.floats(-10, 10),
)
@settings(deadline=None, max_examples=50)
def test_outliers_are_far_from_values_that_differ_themselves(cells, others, usual):
    found = outliers.find_outliers(np.r_[np.full(cells - len(others), usual), others])
    assert found is None or found[1] >= outliers.JUMP * found[2] > 0


@pytest.mark.parametrize("part", ["train", "valid"])
def test_a_rare_flag_of_a_small_table_is_none(sheet_of, causes, part):
    parts = np.repeat(["train", "valid"], [20, 14])
    flag = np.zeros(34)
    flag[[3, 8, 25] if part == "train" else [20, 25, 31]] = 1
    frame = pd.DataFrame({"a": np.random.default_rng(0).normal(size=34), "flag": flag})
    assert causes(outliers.check(sheet_of(frame, np.arange(34) % 2, parts))) == []


def test_how_many_and_how_far():
    values = np.r_[np.linspace(-1, 1, 1000), 5000.0, -7000.0]
    assert outliers.find_outliers(values) == (2, pytest.approx(5000), pytest.approx(1))


@pytest.mark.parametrize("scaling", ["standard", "minmax"])
def test_long_tails_are_told_by_how_many_columns_have_them(sheet_of, parts_of, scaling):
    normal = np.random.default_rng(0).normal(size=(1000, 6))
    y, strengths = (normal[:, 0] > 0).astype(int), []
    for tails in (1, 4, 6):
        values = np.where(np.arange(6) < tails, np.exp(2.5 * normal), normal)
        frame = pd.DataFrame(values, columns=list("abcdef"))
        [found] = outliers.check(sheet_of(frame, y, parts_of(1000), scaling=scaling)).nominations
        assert found.fix == ("data.scaling=quantile",)
        assert not found.certain  # a run that is not behind is not bothered
        strengths.append(found.strength)
    assert strengths == sorted(strengths)
    assert strengths[0] < 0.6 < strengths[1]


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=500),
        np.random.default_rng(0).exponential(size=500),
        np.exp(np.random.default_rng(0).normal(size=500)),
        np.random.default_rng(0).random(500),
        np.r_[np.zeros(300), np.exp(3 * np.random.default_rng(0).normal(size=200))],
        np.zeros(100),
    ],
)
def test_no_long_tail(values):
    span = outliers.middle_span(values)
    assert span is None or span > outliers.TAIL


def test_outliers_are_told_by_how_many_columns_have_them(sheet_of, parts_of):
    normal = np.random.default_rng(0).normal(size=(1000, 12))
    y, strengths = (normal[:, 0] > 0).astype(int), []
    for many in (1, 12):
        values = normal.copy()
        values[0, :many] = 1e5
        frame = pd.DataFrame(values, columns=list("abcdefghijkl"))
        parts = np.full(1000, "train", dtype=object)
        parts[500:] = parts_of(500)
        [found] = outliers.check(sheet_of(frame, y, parts, scaling="minmax")).nominations
        assert len(found.subject.split(", ")) == many
        strengths.append(found.strength)
    assert 0.8 <= strengths[0] < 0.9 < strengths[1]  # the second ranks above what it brings about


@pytest.mark.parametrize("part", ["valid", "test"])
def test_an_outlier_among_held_out_rows(sheet_of, table, parts_of, causes, part):
    frame, y = table("wine")
    parts = parts_of(len(y))
    column = frame.columns[3]
    frame.loc[np.flatnonzero(parts == part)[:2], column] = 2000 * frame[column].abs().max()
    found = outliers.check(sheet_of(frame, y, parts))
    # of test rows no epoch is chosen
    assert causes(found) == (["outlier_crushed_feature"] if part == "valid" else [])
    if found.nominations:
        assert "the validation loss" in found.nominations[0].explanation
        assert found.nominations[0].fix == ("data.scaling=quantile",)


def test_outliers_of_train_are_not_told_as_those_of_validation_rows(sheet_of):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2))
    parts = np.repeat(["train", "valid"], [300, 100])
    x[:4, 0] = 1e4  # more than the outliers that so few rows can have
    found = outliers.check(sheet_of(pd.DataFrame(x, columns=["x", "z"]), np.arange(400) % 2, parts))
    assert not any("validation" in own.explanation for own in found.nominations)


def test_columns_are_looked_at_one_by_one(sheet_of, peak_of):
    """Of a table of pixels a copy would take as much memory as the table."""
    x = np.random.default_rng(0).normal(size=(2000, 100))
    sheet = sheet_of(pd.DataFrame(x).add_prefix("x"), np.arange(2000) % 2)
    assert peak_of(lambda: outliers.check(sheet)) < x.nbytes / 5


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e170])
def test_what_the_middle_spans_has_no_unit(scale):
    known = np.random.default_rng(0).lognormal(0, 2, 500)
    assert outliers.middle_span(scale * known) == pytest.approx(outliers.middle_span(known))
