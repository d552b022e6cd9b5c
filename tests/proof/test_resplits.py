"""Splits for re-runs: of one shape, new each time, and as they come where it is not worth it."""

import numpy as np
import pandas as pd
import pytest

from nnexp.config.compose import compose
from nnexp.data.cache import Tables
from nnexp.proof import resplits as module
from nnexp.proof.resplits import resplits


@pytest.fixture
def config(tmp_path):
    """A table with a column that is constant but for two rows: some splits do not train on it."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    frame["rare"] = (np.arange(60) < 3).astype(float)
    frame["y"] = np.arange(60) % 2
    frame.to_csv(tmp_path / "table.csv", index=False)
    return compose(
        ["data=csv", f"data.path={tmp_path / 'table.csv'}", "data.target=y", "data.split.valid=0.6",
         "data.split.test=0.1"]
    )  # fmt: skip


def widths(config, tables, offsets):
    split, valid = config.seeds.of_split
    return [tables.prepare(config.data, split, valid + n).x.shape[1] for n in offsets]


def test_the_tables_have_one_shape(config):
    tables = Tables()
    assert set(widths(config, tables, range(12))) == {2, 3}
    found = resplits(config, tables, 5)
    assert len(set(found)) == 5
    assert len(set(widths(config, tables, found))) == 1


def test_further_splits_are_others_of_the_same_shape(config):
    tables = Tables()
    first = resplits(config, tables, 3)
    more = resplits(config, tables, 5, first)
    assert len({*first, *more}) == 8
    assert len(set(widths(config, tables, [*first, *more]))) == 1


def test_what_is_not_alike_fills_up(config, monkeypatch):
    monkeypatch.setattr(module, "TRIES", 1)
    tables = Tables()
    found = resplits(config, tables, 12)
    assert sorted(found) == list(range(1, 13))
    own = widths(config, tables, found)
    assert own in (sorted(own), sorted(own, reverse=True))  # the most frequent shape first


def test_large_tables_are_split_as_it_comes(config, monkeypatch):
    monkeypatch.setattr(module, "CELLS", 10)
    assert resplits(config, Tables(), 3) == [1, 2, 3]
    assert resplits(config, Tables(), 2, [1, 2, 3]) == [4, 5]


def test_a_split_that_cannot_be_made_is_left_out(config, monkeypatch):
    tables = Tables()
    good = module._traits(config, tables, 0)
    monkeypatch.setattr(module, "_traits", lambda c, t, offset: None if offset % 2 else good)
    assert resplits(config, tables, 3) == [2, 4, 6]
    monkeypatch.setattr(module, "_traits", lambda *arguments: None)
    assert resplits(config, tables, 3) == [1, 2, 3]


def test_a_split_that_no_seed_changes_is_one_split(tmp_path):
    frame = pd.DataFrame({"a": np.arange(60.0), "t": np.arange(60), "y": np.arange(60) % 2})
    frame.to_csv(tmp_path / "table.csv", index=False)
    words = ["data=csv", f"data.path={tmp_path / 'table.csv'}", "data.target=y"]
    in_time = compose([*words, "data.split.method=time", "data.split.by=t"])
    assert resplits(in_time, Tables(), 3) == [0, 0, 0]
    in_order = compose([*words, "data.split.shuffle=false"])
    assert resplits(in_order, Tables(), 2, [0, 0, 0]) == [0, 0]


def test_test_rows_stay(config):
    tables, seeds = Tables(), config.seeds.of_split
    own = tables.prepare(config.data, *seeds)
    for offset in resplits(config, tables, 5):
        made = tables.prepare(config.data, seeds[0], seeds[1] + offset)
        assert sorted(made.rows[made.test]) == sorted(own.rows[own.test])
        assert sorted(made.rows[made.valid]) != sorted(own.rows[own.valid])
