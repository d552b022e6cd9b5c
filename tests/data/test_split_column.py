import numpy as np
import pandas as pd
import pytest

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data import prepare
from nnexp.data.cells import MISSING_TOKENS
from nnexp.data.split_column import read_groups, read_parts, says_parts, split_column, time_order
from nnexp.data.table import table_from_frame
from nnexp.errors import UserError


def test_groups_are_equal_texts():
    groups = read_groups(pd.Series(["b", " a", "b ", "a", "c"]), MISSING_TOKENS)
    assert groups.tolist() == [0, 1, 0, 1, 2]
    with pytest.raises(UserError, match=r"1 row with no group in data\.split\.by='who'"):
        read_groups(pd.Series(["a", "?", "b"], name="who"), MISSING_TOKENS)


def test_rows_of_one_time_keep_the_file_order():
    column = pd.Series(["2020-2-1", "2020-10-1", "2020-2-1", "2019-12-31"])
    assert time_order(column, MISSING_TOKENS).tolist() == [3, 0, 2, 1]


def test_parts():
    names = pd.Series(["train", " VAL", "Validation", "valid", "test"])
    assert read_parts(names, MISSING_TOKENS).tolist() == [0, 1, 1, 1, 2]


def test_the_column():
    frame = pd.DataFrame({"a": np.arange(3), "b": np.arange(3)})
    assert split_column(SplitConfig(), frame) is None
    found = split_column(SplitConfig(method="time", by="b"), frame)
    assert found is not None
    assert found.name == "b"
    with pytest.raises(UserError, match=r"method=time needs data\.split\.by"):
        split_column(SplitConfig(method="time"), frame)


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        (["train", "test"], True),
        (["Train", "VALID", "Test"], True),
        (["train"], False),
        (["train", "bus"], False),
        (["test", "valid"], False),
    ],
)
def test_names_of_parts_are_known(levels, says):
    assert says_parts(levels) is says


def test_a_column_of_parts_that_is_a_feature_is_told_of():
    frame = pd.DataFrame({"part of": ["train", "test", "valid"] * 20, "a": np.arange(60)})
    frame["y"] = ["u", "v"] * 30
    for by, told in ((None, True), ("part of", False)):
        split = SplitConfig(method="column", by=by) if by else SplitConfig()
        config = DataConfig(target="y", split=split)
        dataset = prepare(table_from_frame(frame, "y", "t"), config)
        found = [own for own in dataset.messages if "which rows are train and test" in own]
        assert len(found) == told
        if told:
            assert "data.split.method=column 'data.split.by=part of'" in found[0]
