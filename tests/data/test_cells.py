import numpy as np
import pandas as pd
import pytest

from nnexp.data.cells import (
    MISSING_TOKENS,
    cell_text,
    is_date,
    parse_number,
    read_numbers,
    read_texts,
    read_times,
)


def words(texts):
    return [None if code < 0 else texts.levels[code] for code in texts.codes]


def test_spaces_are_stripped_and_tokens_are_missing():
    texts = read_texts(pd.Series([" a", "a ", " ? ", "", "NA", None, "-", "b"]))
    assert words(texts) == ["a", "a", None, None, None, None, "-", "b"]
    assert read_texts(pd.Series(["-", "b"]), {*MISSING_TOKENS, "-"}).codes.tolist() == [-1, 0]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, 1]),
        pd.Series([1.0, 2.0, 1.0]),
        pd.Series(["1", "2", "1"]),
        pd.Series(["1", 2, 1.0], dtype=object),
        pd.Series([1, 2, 1], dtype="Int64"),
        pd.Series(["1", "2", "1"], dtype="category"),
        pd.Series([1, 2, 1], dtype="category"),
    ],
)
def test_the_same_cells_are_the_same_texts_and_numbers_in_any_dtype(column):
    assert words(read_texts(column)) == ["1", "2", "1"]
    assert read_numbers(column).values.tolist() == [1, 2, 1]


def test_cells_without_a_hash_are_texts():
    assert words(read_texts(pd.Series([[1], [2], None]))) == ["[1]", "[2]", None]


def test_numbers_count_what_they_cannot_read():
    numbers = read_numbers(pd.Series(["1", "x", "?", "1e400", "x"]))
    np.testing.assert_array_equal(numbers.values, [1, np.nan, np.nan, np.nan, np.nan])
    assert (numbers.unread, numbers.example, numbers.infinite) == (2, "x", 1)


def test_infinite_numbers_are_missing_unless_kept():
    column = pd.Series([1.0, np.inf, -1e39])
    assert np.isnan(read_numbers(column).values[1:]).all()
    assert read_numbers(column, keep_infinite=True).values[1] == np.inf
    assert column[1] == np.inf


def test_finite_numpy_columns_are_not_copied():
    column = pd.Series(np.arange(5, dtype=np.uint8))
    assert np.shares_memory(read_numbers(column).values, column.to_numpy())


def test_numbers_of_half_precision_are_read():
    column = pd.Series(np.array([1.5, np.inf, np.nan], dtype=np.float16))
    numbers = read_numbers(column)
    assert numbers.infinite == 1
    assert numbers.values.tolist()[0] == 1.5
    assert np.isnan(numbers.values[1:]).all()


def test_nullable_columns_and_truth_values_are_numbers():
    np.testing.assert_array_equal(
        read_numbers(pd.Series([1, None], dtype="Int64")).values, [1, np.nan]
    )
    np.testing.assert_array_equal(
        read_numbers(pd.Series([True, None], dtype="boolean")).values, [1, np.nan]
    )
    assert read_numbers(pd.Series([True, False])).values.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), (" 2.5".strip(), 2.5), ("-1e3", -1000), ("TRUE", 1), ("false", 0), ("0007", 7)],
)
def test_numbers_parse(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["", "x", "1,5", "1_000", "nan", "5more", "'1'"])
def test_other_texts_do_not(text):
    assert parse_number(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2007-11-6",
        "2007-11-06",
        "2007/11/06 12:30",
        "2007-11-06T12:30:00Z",
        "2007-11-06 12:30:00.25+01:00",
        "6.11.2007",
        "11/6/07",
        "6 Nov 2007",
        "November 6, 2007",
        "12:30",
    ],
)
def test_dates_are_recognised(text):
    assert is_date(text)


@pytest.mark.parametrize("text", ["2007", "1.5", "20071106", "a-b-c", "12", "1-2"])
def test_other_texts_are_no_dates(text):
    assert not is_date(text)


def test_times_order_unpadded_dates():
    times = read_times(pd.Series(["2007-11-6", "2007-11-16", "2007-2-30x"[:8]]), MISSING_TOKENS)
    assert np.argsort(times.values).tolist() == [2, 0, 1]


def test_times_read_datetimes_and_numbers_and_refuse_words():
    dates = pd.Series(pd.to_datetime(["2020-01-02", None, "2020-01-01"]))
    seconds = read_times(dates, MISSING_TOKENS).values
    assert seconds[0] - seconds[2] == 86400
    assert np.isnan(seconds[1])
    assert read_times(pd.Series([3, 1]), MISSING_TOKENS).values.tolist() == [3, 1]
    assert read_times(pd.Series(["monday", "2020-1-1"]), MISSING_TOKENS).example == "monday"


def test_day_first_where_the_column_rules_month_first_out():
    times = read_times(pd.Series(["13/01/2020", "01/02/2020"]), MISSING_TOKENS).values
    assert times[0] < times[1]


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["05-11-2007", "13-11-2007", "01-12-2007"], [0, 1, 2]),
        (["5/11/07", "13/11/07", "1/12/06"], [2, 0, 1]),
        (["5.11.07", "4.12.07"], [0, 1]),
        (["05/11/2007", "13-11-2007"], [0, 1]),
        (["13/11/2007 1:30 PM", "05/11/2007 2:00 PM", "05/11/2007 11:00 AM"], [2, 1, 0]),
        (["2/1/2020", "1/3/2020"], [1, 0]),
        (["1/13/2020", "1/2/2020"], [1, 0]),
        (["1/2/99", "1/2/01"], [0, 1]),
        (["2007-11", "2007-02"], [1, 0]),
        (["Nov 2007", "Feb 2007"], [1, 0]),
        (["Fri, 06 Nov 2009 10:00:00 GMT", "Thu, 05 Nov 2009 10:00:00 GMT"], [1, 0]),
        (["06NOV2007", "05DEC2006"], [1, 0]),
        (["Mon Jan  6 10:00:00 2020", "Sun Jan  5 10:00:00 2020"], [1, 0]),
        (["2020-01-05 10:00 UTC", "2020-01-04 10:00 UTC"], [1, 0]),
        (["2013Q2", "2013Q1"], [1, 0]),
        (["2007 Nov 6", "2007-Nov-05"], [1, 0]),
        (["02/2020", "01/2020"], [1, 0]),
        (["Jan 5, 2020, 10:00 PM", "Jan 5, 2020, 9:00 PM"], [1, 0]),
    ],
)
def test_the_dates_of_a_column_are_read_in_one_order(texts, order):
    times = read_times(pd.Series(texts), MISSING_TOKENS)
    assert np.argsort(times.values, kind="stable").tolist() == order


@pytest.mark.parametrize(
    "texts",
    [
        ["1st", "2nd"],
        ["13/1/2020", "1/13/2020"],
        ["31/31/2020"],
        ["5.1.2020, 10:00", "6.1.2020, 9:00"],
        ["2020:05:01 10:00:00", "2020:05:02 10:00:00"],
        ["05 01 2020", "13 01 2020"],
        ["5. 1. 2020", "13. 1. 2020"],
        ["Sat 5 1 2020", "Sat 13 1 2020"],
        ["5 Nov 2007", "06 11 2007"],
        ["10:00 +0100", "11:00 +0100"],
        ["Nov 6 10:00:00.1234", "Nov 7 10:00:00.1234"],
        ["T2001", "T2002"],
        ["1Q2013", "2Q2013"],
    ],
)
def test_what_no_order_reads_as_dates_is_no_time(texts):
    assert read_times(pd.Series(texts), MISSING_TOKENS).unread == len(texts)


@pytest.mark.parametrize("dtype", [np.int64, np.float32, "Int64"])
def test_a_token_that_is_a_number_stands_for_it_in_columns_of_numbers(dtype):
    column = pd.Series([1, -999, 2], dtype=dtype)
    read = read_numbers(column, (*MISSING_TOKENS, "-999", "unknown")).values
    assert np.isnan(read).tolist() == [False, True, False]
    assert read_numbers(column).values.tolist() == [1, -999, 2]
    truth = read_numbers(pd.Series([True, False]), (*MISSING_TOKENS, "1")).values
    assert truth.tolist() == [1, 0]


def test_a_category_without_a_cell_is_no_level():
    column = pd.Series(pd.Categorical(["a", "c", None], categories=["a", "b", "c"]))
    texts = read_texts(column)
    assert sorted(texts.levels) == ["a", "c"]
    assert texts.codes.tolist()[2] == -1


def test_whole_floats_are_written_like_integers():
    assert [cell_text(cell) for cell in (1.0, np.float32(2), 0.1, np.int8(3), True)] == [
        "1",
        "2",
        "0.1",
        "3",
        "True",
    ]
