"""A number that stands for a missing cell is one: in any dtype, part and table."""

import shlex

import numpy as np
import pandas as pd
import pytest

from nnexp.config.compose import compose
from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.sources import CsvConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.config.sentinel import Sentinel
from nnexp.data import Preprocessor, Table, load_table, prepare
from nnexp.data.cells import MISSING_TOKENS
from nnexp.data.sentinels import empty_cells, find_sentinels, remarks
from nnexp.errors import UserError

ROWS = 80


def empty(column, *numbers):
    frame, counts = empty_cells(
        pd.DataFrame({"a": column}), [Sentinel("a", number) for number in numbers], MISSING_TOKENS
    )
    return frame["a"], list(counts.values())


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([0, 1, 0, 2]),
        pd.Series([0, 1, 0, 2], dtype=np.uint8),
        pd.Series([0, 1, -0.0, 2.0]),
        pd.Series([0, 1, 0, 2], dtype="Int64"),
        pd.Series(["0", "1", " 0.0", "2"]),
        pd.Series(["0", "1", "00", "b"], dtype="category"),
        pd.Series([0, 1, 0, 2], dtype="category"),
        pd.Series(["0", 1, 0.0, [2]], dtype=object),
        pd.Series([False, True, False, True]),
    ],
    ids=lambda column: str(column.dtype),
)
def test_equal_numbers_of_any_dtype_are_emptied(column):
    before = column.copy()
    emptied, counts = empty(column, 0.0)
    assert emptied.isna().tolist() == [True, False, True, False]
    assert counts == [2]
    assert emptied.dropna().tolist() == column[[1, 3]].tolist()
    pd.testing.assert_series_equal(column, before)
    if isinstance(column.dtype, pd.CategoricalDtype):
        assert len(emptied.cat.categories) == 2


def test_numbers_are_compared_in_the_precision_of_the_column():
    emptied, counts = empty(pd.Series([-9.99, 1], dtype=np.float32), -9.99)
    assert (emptied.isna().tolist(), emptied.dtype, counts) == ([True, False], np.float32, [1])


def test_several_numbers_and_none():
    emptied, counts = empty(pd.Series([0, 1, -9, 0, np.nan]), 0.0, -9.0, 7.0)
    assert emptied.isna().tolist() == [True, False, True, True, True]
    assert counts == [2, 1, 0]
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    same, counts = empty_cells(frame, [Sentinel("a", 7.0), Sentinel("b", 7.0)], ())
    assert same is frame
    assert list(counts.values()) == [0, 0]


def test_remarks_count_the_cells():
    counts = {Sentinel("a", 0.0): 1, Sentinel("b c", -9.5): 3, Sentinel("d", 2.0): 0}
    found = [
        "column 'a': 1 cell of 0 read as missing",
        "column 'b c': 3 cells of -9.5 read as missing",
    ]
    assert remarks(counts) == found
    assert remarks(counts, absent=True) == [*found, "column 'd': no cell is 2 (data.sentinels)"]


def make_tables():
    """A table with empty cells, and the same with -9 and 0 in their place."""
    rng = np.random.default_rng(0)
    holes = rng.random((ROWS, 2)) < 0.2
    coded = pd.DataFrame(
        {
            "a": np.where(holes[:, 0], -9, rng.integers(1, 9, ROWS)),
            "k = v": np.where(holes[:, 1], "0", rng.choice(["u", "v"], ROWS)),
            "zero": rng.integers(0, 2, ROWS),
            "part": np.array(["train", "train", "train", "valid", "test"])[np.arange(ROWS) % 5],
        }
    )
    hollow = coded.assign(
        a=coded["a"].where(~holes[:, 0]), **{"k = v": coded["k = v"].where(~holes[:, 1])}
    )
    y = pd.Series(np.arange(ROWS) % 2, name="y")
    return Table(hollow, y, "made"), Table(coded, y, "made")


SENTINELS = ["a=-9", "k = v=0"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"missing": "drop"},
        {"missing": "knn", "encoding": "ordinal"},
        {"missing": "embedding", "encoding": "embedding"},
        {"missing": "none"},
        {"indicator": False},
        {"split": SplitConfig(method="column", by="part")},
        {"duplicates": "drop"},
        {"categorical": ["a"]},
    ],
    ids=str,
)
def test_as_an_empty_cell_in_every_part_and_when_saved(tmp_path, options):
    hollow, coded = make_tables()
    expected = prepare(hollow, DataConfig(**options))
    found = prepare(coded, DataConfig(sentinels=SENTINELS, **options))
    assert found.features == expected.features
    assert found.x.tobytes() == expected.x.tobytes()
    assert found.rows.tolist() == expected.rows.tolist()
    if expected.codes is not None:
        assert found.codes.tobytes() == expected.codes.tobytes()
    found.preprocessor.save(tmp_path)
    loaded = Preprocessor.load(tmp_path)
    assert loaded.sentinels == (Sentinel("a", -9.0), Sentinel("k = v", 0.0))
    for pre in (found.preprocessor, loaded):
        inputs = pre.transform(coded.frame)
        np.testing.assert_array_equal(inputs.x, pre.transform(hollow.frame).x)
        assert "column 'k = v': " in "\n".join(pre.notes(coded.frame))
        assert not any("read as missing" in line for line in pre.notes(hollow.frame))


def test_only_columns_of_the_model_are_saved():
    _, coded = make_tables()
    data = prepare(coded, DataConfig(sentinels=SENTINELS, drop=["a"]))
    assert data.preprocessor.sentinels == (Sentinel("k = v", 0.0),)
    assert "k = v=(missing)" in data.features


def test_the_target_keeps_its_labels(tmp_path):
    frame = pd.DataFrame({"a": [0, 1, 2, 3] * 10, "y": [0, 1, 1, 0] * 10})
    frame.to_csv(tmp_path / "t.csv", index=False)
    config = CsvConfig(path=str(tmp_path / "t.csv"), target="y", sentinels=["a=0"])
    data = prepare(load_table(config), config)
    assert data.y.tolist() == frame["y"].tolist()
    with pytest.raises(UserError, match="names the target 'y'") as caught:
        find_sentinels(["a=0", "y=0"], ["a"], "y")
    assert caught.value.remedy == "'data.sentinels=[\"a=0\"]'"


@pytest.mark.parametrize(
    ("sentinels", "remedy"),
    [
        (["A=-9"], ["a=-9"]),
        (["a=-9", "zeero=0"], ["a=-9", "zero=0"]),
        (["k=v=0"], ["k = v=0"]),
        (["zero ==0"], ["zero=0"]),
        (["a=-9", "qqqqqq=0"], ["a=-9"]),
        (["zero"], ["zero=0"]),
    ],
    ids=str,
)
def test_a_wrong_one_is_answered_with_what_was_meant(sentinels, remedy):
    _, coded = make_tables()
    with pytest.raises(UserError) as caught:
        prepare(coded, DataConfig(sentinels=sentinels))
    assert caught.value.wrong.startswith("data.sentinels ")
    (word,) = shlex.split(caught.value.remedy)
    meant = compose([word]).data.sentinels
    assert meant == remedy
    prepare(coded, DataConfig(sentinels=meant))
