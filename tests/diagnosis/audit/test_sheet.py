import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "a": [1.0, np.nan, 3.0, 4.0] * 10,
            "b": ["x", "y", None, "x"] * 10,
            "c": np.arange(40) + 7,
            "d": 1,
        }
    )


def test_matrix_has_no_holes(sheet_of, frame):
    sheet = sheet_of(frame, [0, 1] * 20)
    assert sheet.names == ["a", "c", "b"]
    assert sheet.matrix.dtype == np.float32
    assert np.isfinite(sheet.matrix).all()
    assert sheet.matrix[1, 0] == 3.0  # the median of what is known
    assert sheet.matrix[2, 2] == -1
    assert sheet.without({"c", "b"}).shape == (40, 1)


def test_absent_distinct_and_numbering(sheet_of, frame):
    sheet = sheet_of(frame, [0, 1] * 20)
    assert sheet.absent["a"].sum() == sheet.absent["b"].sum() == 10
    values, counts = sheet.distinct["a"]
    assert (values.tolist(), counts.tolist()) == ([1.0, 3.0, 4.0], [10, 10, 10])
    assert sheet.numbering == {"c": "looks like a row number"}


def test_parts(sheet_of, frame):
    sheet = sheet_of(frame, [0, 1] * 20, split_test=0.0)
    assert list(sheet.parts) == ["validation"]
    assert sheet.used.tolist() == list(range(40))
    assert sheet.texts("d").levels == ["1"]


def test_numbers_beyond_float32_stay_finite(sheet_of, frame):
    frame["a"] = frame["a"] * 1e300
    assert np.isfinite(sheet_of(frame, [0, 1] * 20, missing="none").matrix).all()


def test_trees_get_the_ranks_of_a_column_that_a_few_values_squeeze(sheet_of):
    rng = np.random.default_rng(0)
    income, age = np.exp(rng.normal(8, 0.7, 600)), rng.normal(40, 9, 600)
    plain = sheet_of(pd.DataFrame({"income": income, "age": age}), np.arange(600) % 2)
    assert np.array_equal(plain.matrix[:, 0], income.astype(np.float32))
    income[[3, 50, 400]] = 1e12
    sheet = sheet_of(pd.DataFrame({"income": income, "age": age}), np.arange(600) % 2)
    order = np.argsort(np.argsort(income, kind="stable"), kind="stable")
    others = np.setdiff1d(np.arange(600), [3, 50, 400])
    assert np.array_equal(sheet.matrix[others, 0], order[others])
    assert np.array_equal(sheet.matrix[:, 1], age.astype(np.float32))
