"""Rows equal to another are found by value, and one of them stays: a train row by preference."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.sources import CsvConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data import Table, load_table, prepare
from nnexp.data.duplicates import find_copies, repeated
from nnexp.data.frame_cells import Cells
from nnexp.errors import UserError

CELL = st.sampled_from([0.0, -0.0, 1.0, 2.5, np.nan])


def copies(frame, y=None, parts=None, **options):
    y = np.zeros(len(frame), dtype=np.int64) if y is None else np.array(y)
    config = DataConfig(**options)
    return find_copies(Cells(frame), y, config, parts).tolist()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 4).flatmap(lambda d: st.lists(st.tuples(*[CELL] * d), min_size=1)))
def test_as_pandas_finds_them(rows):
    values = np.array(rows)
    found = repeated(list(values.T), np.arange(len(rows)))
    expected = np.flatnonzero(pd.DataFrame(values).duplicated())
    assert found.tolist() == expected.tolist()


def test_the_first_in_order_stays():
    column = np.array([5, 7, 5, 7, 5, 9])
    assert repeated([column], np.arange(6)).tolist() == [2, 3, 4]
    assert repeated([column], np.arange(6)[::-1]).tolist() == [0, 1, 2]
    assert repeated([np.zeros(0)], np.arange(0)).tolist() == []


def test_columns_after_the_last_pair_are_not_read():
    def columns():
        yield np.array([1, 1, 2])
        yield np.array([1, 2, 2])
        raise AssertionError("read")

    assert repeated(columns(), np.arange(3)).tolist() == []


@pytest.mark.parametrize(
    ("cells", "options", "found"),
    [
        (pd.Series(["1", "1.0", " 1", "2"]), {}, [1, 2]),  # numbers by their value
        (pd.Series(["1", "1.0", " 1", "2"]), {"categorical": ["a"]}, [2]),  # as written
        (pd.Series(["u", " u ", "U", "v"]), {}, [1]),
        (pd.Series([None, "?", "", "v"]), {}, [1, 2]),
        (pd.Series([np.nan, 1.0, np.inf, np.nan]), {}, [2, 3]),  # an infinite cell is missing
        (pd.Series(["x", "?", "1", "1.0"]), {}, []),
        (pd.Series(["x", "?", "1", "1.0"]), {"numeric": ["a"]}, [1, 3]),
        (pd.Series([[1], [1], [2], None]), {}, [1]),
        (pd.to_datetime(pd.Series(["2020-1-1", "2020-1-2", "2020-1-1", None])), {}, [2]),
        (pd.Series([True, False, True, False]), {}, [2, 3]),
        (pd.Series(["a", "b", "a", None], dtype="category"), {}, [2]),
    ],
)
def test_cells_are_equal_as_they_are_read(cells, options, found):
    assert copies(pd.DataFrame({"a": cells}), **options) == found


def test_every_column_and_the_label_count_but_those_dropped():
    frame = pd.DataFrame({"a": [1, 1, 1, 1], "b": [1, 1, 2, 1], "id": [1, 2, 3, 4]})
    assert copies(frame) == []
    assert copies(frame, drop=["id"]) == [1, 3]
    assert copies(frame, y=[0, 1, 0, 0], drop=["id"]) == [3]
    assert copies(frame, drop=["a", "b", "id"]) == []  # refused later, for want of columns


PARTS = ["test", "train", "valid", "test", "train", "valid", "train"]
CELLS = [1, 1, 1, 2, 3, 2, 3]  # of the 1s the train row stays, of the 2s the validation row


def test_a_train_row_stays_rather_than_its_held_out_copy():
    y = pd.Series(np.arange(42) // 7 % 2, name="y")
    parts = np.array(PARTS * 6)
    blocks = np.concatenate([np.array(CELLS) + 10 * block for block in range(6)])
    frame = pd.DataFrame({"a": blocks, "part": parts})
    by_column = DataConfig(duplicates="drop", split=SplitConfig(method="column", by="part"))
    official = DataConfig(duplicates="drop")
    for table, config in (
        (Table(frame, y, "made"), by_column),
        (Table(frame[["a"]], y, "made", parts), official),
    ):
        data = prepare(table, config)
        assert data.rows.tolist() == [row for row in range(42) if row % 7 in (1, 4, 5)]
        assert set(parts[data.rows[data.train]]) == {"train"}
        assert set(parts[data.rows[data.valid]]) == {"valid"}
        assert data.summary["left_out"] == {"duplicates": 24}
        assert "24 rows equal to another left out" in data.messages
    apart = prepare(Table(frame, y, "made"), DataConfig(duplicates="drop"))
    # a column that names no parts is compared like any other: only the 3s in train are equal
    assert apart.summary["left_out"] == {"duplicates": 6}


def test_a_test_file_loses_what_the_train_file_has(tmp_path):
    train = pd.DataFrame({"a": range(40), "k": ["u", "v"] * 20, "y": [0, 1, 1, 0] * 10})
    test = pd.concat([train[5:15], train[5:10].assign(a=-1.5)])
    train.to_csv(tmp_path / "train.csv", index=False)
    test.to_csv(tmp_path / "test.csv", index=False)
    config = CsvConfig(
        path=str(tmp_path / "train.csv"),
        test_path=str(tmp_path / "test.csv"),
        target="y",
        duplicates="drop",
    )
    data = prepare(load_table(config), config)
    assert data.rows[data.test].tolist() == [50, 51, 52, 53]  # the last equals row 50
    assert len(data.train) + len(data.valid) == 40


def test_no_equal_rows_on_both_sides_of_any_split():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 12, 400), "k": rng.choice(["u", "v", ""], 400)})
    table = Table(frame, pd.Series(rng.integers(0, 2, 400), name="y"), "made")
    for split in (SplitConfig(), SplitConfig(folds=4, fold=2), SplitConfig(shuffle=False)):
        data = prepare(table, DataConfig(duplicates="drop", split=split))
        kept = frame.iloc[data.rows].assign(y=data.y)
        assert not kept.duplicated().any()
        assert len(kept) == len(frame.assign(y=table.target).drop_duplicates())


def test_sentinels_are_emptied_first_and_counted_in_what_stays():
    frame = pd.DataFrame({"a": [0, np.nan, *range(1, 20), 0], "k": ["u"] * 22})
    table = Table(frame, pd.Series([0, 0] + [0, 1] * 10, name="y"), "made")
    data = prepare(table, DataConfig(duplicates="drop", sentinels=["a=0"]))
    assert data.rows.tolist() == [0, *range(2, 22)]  # the last has another label
    assert "column 'a': 2 cells of 0 read as missing" in data.messages


def test_a_split_column_is_still_checked():
    frame = pd.DataFrame({"a": range(10), "part": ["train"] * 9 + ["other"]})
    table = Table(frame, pd.Series([0, 1] * 5, name="y"), "made")
    for by, wrong in (("part", "holds 'other'"), ("parts", "names the column 'parts'")):
        config = DataConfig(duplicates="drop", split=SplitConfig(method="column", by=by))
        with pytest.raises(UserError, match=wrong):
            prepare(table, config)
