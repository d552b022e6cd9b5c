import numpy as np
import pandas as pd
import pytest

from nnexp.config.schema.split import SplitConfig
from nnexp.data.cells import MISSING_TOKENS
from nnexp.data.split_column import read_groups, read_parts, split_column, time_order
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
