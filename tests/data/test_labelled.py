import numpy as np
import pandas as pd
import pytest

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data import Table, prepare
from nnexp.data.dataset import prepare_labelled
from nnexp.data.labelled import read_labelled
from nnexp.errors import UserError


def make_table(**columns):
    frame = pd.DataFrame({"a": np.arange(40.0), "b": ["u", "v"] * 20, **columns})
    target = pd.Series([None, *(np.arange(39) % 2)], name="y")
    return Table(frame, target, "made", np.array(["train"] * 30 + ["test"] * 10))


def test_rows_without_a_label_are_left_out():
    read = read_labelled(make_table(), DataConfig())
    assert read.rows.tolist() == list(range(1, 40))
    assert read.y.tolist() == (np.arange(39) % 2).tolist()
    assert read.cells.frame["a"].tolist() == list(range(1, 40))
    assert read.parts is not None
    assert read.parts.tolist() == ["train"] * 29 + ["test"] * 10


def test_one_reading_serves_every_split_and_scaling():
    table = make_table()
    read = read_labelled(table, DataConfig())
    texts = read.cells.texts("b")
    for scaling in ("standard", "robust"):
        for fold in range(3):
            config = DataConfig(scaling=scaling, split=SplitConfig(folds=3, fold=fold))
            shared, alone = prepare_labelled(read, config, 1), prepare(table, config, 1)
            assert shared.x.tobytes() == alone.x.tobytes()
            assert shared.valid.tolist() == alone.valid.tolist()
    assert read.cells.texts("b") is texts


def test_what_stands_for_a_missing_cell():
    odd = [*["inf"] * 3, *map(str, range(37))]
    table = make_table(c=odd)
    assert np.isnan(read_labelled(table, DataConfig()).cells.numbers("c").values[:2]).all()
    kept = read_labelled(table, DataConfig(missing="none")).cells.numbers("c").values
    assert np.isinf(kept[:2]).all()
    more = read_labelled(table, DataConfig(missing_tokens=["5"])).cells.numbers("c").values
    assert np.flatnonzero(np.isnan(more)).tolist() == [0, 1, 7]


def test_names_are_distinct_texts():
    table = make_table()
    odd = Table(table.frame.rename(columns={"a": 3}), table.target, "made")
    with pytest.raises(UserError, match="a column named 3"):
        read_labelled(odd, DataConfig())
