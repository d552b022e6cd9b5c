import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.rows import find_rows
from nnexp.diagnosis.audit.split.groups import candidates


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
    assert sheet.without({"d"}) is sheet.matrix


def test_absent_distinct_and_numbering(sheet_of, frame):
    sheet = sheet_of(frame, [0, 1] * 20)
    assert sheet.absent["a"].sum() == sheet.absent["b"].sum() == 10
    values, counts = sheet.distinct["a"]
    assert (values.tolist(), counts.tolist()) == ([1.0, 3.0, 4.0], [10, 10, 10])
    assert sheet.numbering == {"c": "looks like a row number"}
    assert sheet.units == {}  # the one has too many holes, the other numbers the rows


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


WHOLE = np.random.default_rng(0).integers(0, 300, 600)


@pytest.mark.parametrize("values", [WHOLE, WHOLE / 299])
@pytest.mark.parametrize("scale", [1e-300, 1e-50, 1e-9, 1.0, 1e20])
@pytest.mark.parametrize("offset", [0.0, 1.7e9, -(10.0**12)])
def test_a_column_moved_and_scaled_is_told_apart_as_before(sheet_of, values, scale, offset):
    frame = pd.DataFrame({"x": (values + offset) * scale, "z": WHOLE % 7})
    sheet = sheet_of(frame, WHOLE % 2)
    column = sheet.matrix[:, 0].astype(float)
    assert len(np.unique(column)) == len(np.unique(frame["x"]))
    least, range_ = np.diff(np.unique(column)).min(), np.ptp(column)
    assert range_ >= 0.1
    assert least > 1e-7  # which trees take for one number
    expected = (frame["x"] - frame["x"].min()) / np.ptp(frame["x"])
    assert np.allclose((column - column.min()) / range_, expected, atol=2e-5)
    (middle, spread) = sheet.units["x"]
    assert np.isfinite(middle)
    assert 0 < spread < np.inf


def test_times_beside_zeros_stay_apart(sheet_of):
    times = np.where(np.arange(600) % 20 == 0, 0, 1.7e9 + WHOLE)
    column = sheet_of(pd.DataFrame({"x": times, "z": WHOLE % 7}), WHOLE % 2).matrix[:, 0]
    assert np.array_equal(column, (times - np.median(times)).astype(np.float32))
    assert len(np.unique(column)) == len(np.unique(times))


FAR = 4_900_000_000_000_000_000  # where float64 has one number for 1024
NOW = 1_700_000_000_000_000_000  # nanoseconds since 1970


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (FAR + np.arange(600), "looks like a row number"),
        (-FAR - np.arange(600), "looks like a row number"),
        (np.arange(600, dtype=np.uint64) + np.uint64(2**64 - 700), "looks like a row number"),
        (FAR + np.arange(600)[::-1] * 7, "runs with the rows"),
        (NOW + np.arange(600), "looks like a row number"),
        (NOW + 99 * np.arange(600), "looks like a time in seconds since 1970"),
        (FAR + np.random.default_rng(0).integers(0, 10**6, 600), ""),
    ],
)
def test_ids_that_floats_merge_are_told_apart(sheet_of, ids, expected):
    frame = pd.DataFrame({"user_id": ids, "flag": np.arange(600) % 3})
    sheet = sheet_of(frame, np.arange(600) % 2)
    assert len(np.unique(sheet.identity("user_id"))) == len(np.unique(ids))
    assert sheet.numbering.get("user_id", "") == expected
    rows = find_rows(sheet)
    assert len(rows.counts) == (3 if expected else len(frame.drop_duplicates()))
    assert candidates(sheet) == []


@pytest.mark.parametrize(
    "values",
    [
        np.arange(600),
        2**50 * np.arange(600),
        FAR + 4096 * np.arange(600),
        np.arange(600) / 7,
        np.array([-(2**63), 2**63 - 1] * 300),
    ],
)
def test_numbers_that_floats_hold_are_as_they_are(sheet_of, values):
    sheet = sheet_of(pd.DataFrame({"x": values}), np.arange(600) % 2)
    assert sheet.identity("x") is sheet.numbers["x"]


def test_what_scales_a_merged_column_is_what_the_network_sees(sheet_of):
    sheet = sheet_of(pd.DataFrame({"user_id": FAR + np.arange(600)}), np.arange(600) % 2)
    assert sheet.numbers["user_id"].min() == FAR


def test_one_class_against_all_others(sheet_of, frame):
    sheet = sheet_of(frame, ["u", "v", "w", "u"] * 10)
    two = sheet.one_against_others(2)
    assert two.classes == ["others", "w"]
    assert two.y.tolist() == [0, 0, 1, 0] * 10
