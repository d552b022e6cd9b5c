import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data import Table, prepare
from nnexp.errors import UserError

ROWS = 120
OPTIONS = [
    *({"scaling": name} for name in ("standard", "minmax", "robust", "quantile", "none")),
    *(
        {"missing": name}
        for name in ("median", "most_frequent", "constant", "knn", "iterative", "drop")
    ),
    {"missing": "embedding"},
    {"missing": "none"},
    {"indicator": False},
    *({"encoding": name} for name in ("ordinal", "embedding")),
    {"min_frequency": 8},
    {"max_levels": 3},
    {"encoding": "embedding", "missing": "embedding", "min_frequency": 8},
    {"scaling": "robust", "missing": "knn", "encoding": "ordinal"},
    {"labels": "raw"},
    {"sentinels": ["whole=3", "text number=4"]},
    {"duplicates": "drop"},
]
SPLITS = [
    SplitConfig(),
    SplitConfig(stratify=False),
    SplitConfig(shuffle=False),
    SplitConfig(method="group", by="group"),
    SplitConfig(method="time", by="day"),
    SplitConfig(method="column", by="part"),
    SplitConfig(folds=5, fold=1),
    SplitConfig(folds=5, fold=4, stratify=False),
    SplitConfig(folds=7, fold=6, shuffle=False),
    SplitConfig(method="group", by="group", folds=3, fold=0),
    SplitConfig(method="time", by="day", folds=3, fold=1),
    SplitConfig(method="column", by="official", folds=4, fold=2),
]


def make_table():
    rng = np.random.default_rng(0)
    row = np.arange(ROWS)
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=ROWS),
            "whole": rng.integers(0, 9, size=ROWS),
            "text number": rng.integers(0, 9, size=ROWS).astype(str),
            "kind": np.array(["u", "v", "w", "x"], dtype=object)[rng.integers(4, size=ROWS)],
            "name": [f"name {place}" for place in row],
            "constant": np.ones(ROWS),
            "flag": rng.random(ROWS) < 0.5,
            "group": [f"g{place % 12}" for place in row],
            "day": [f"2020-{place % 12 + 1}-{place % 27 + 1}" for place in row],
            "part": np.array(["train", "train", "train", "valid", "test"])[row % 5],
            "official": np.array(["train", "train", "train", "train", "test"])[row % 5],
        }
    )
    frame.loc[::9, "a"] = np.nan
    frame.loc[4::10, "kind"] = None
    return Table(frame, pd.Series(row % 2, name="y"), "made", fingerprint="0" * 64)


def saved(data, folder):
    folder.mkdir()
    data.preprocessor.save(folder)
    return [item.read_bytes() for item in sorted(folder.iterdir())]


@pytest.mark.matrix(90)
@pytest.mark.parametrize(
    "split", SPLITS, ids=lambda split: f"{split.method}{split.shuffle:d}{split.folds or ''}"
)
@pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda options: "-".join(map(str, options.values()))
)
def test_held_out_rows_leak_nothing(tmp_path, options, split):
    table = make_table()
    config = DataConfig(split=split, **options)
    data = prepare(table, config, seed=5)
    before = saved(data, tmp_path / "before")
    train_rows = data.rows[data.train]
    x, codes = data.x[data.train], data.codes[data.train] if data.codes is not None else None
    # rows that missing=drop left out of train are train rows still
    everything = prepare(table, DataConfig(split=split), seed=5)
    out = np.setdiff1d(np.arange(ROWS), everything.train)
    frame = table.frame.copy()
    for name in frame.columns.drop(["group", "day", "part", "official"]):
        frame[name] = frame[name].astype(object)
    frame.loc[out, "a"] = 1e30
    frame.loc[out[::2], "a"] = np.inf
    frame.loc[out, "whole"] = -99999.5
    frame.loc[out, "text number"] = "no number at all"
    frame.loc[out, "kind"] = [f"new {row}" for row in out]
    frame.loc[out, "name"] = "same"
    frame.loc[out, "constant"] = np.arange(len(out)) * 7.0
    frame.loc[out, "flag"] = np.nan
    target = table.target.copy()
    by_label = split.method == "random" or (split.method == "column" and split.folds)
    if not (by_label and split.shuffle and split.stratify):
        # stratified: who is in train depends on the labels; so does which row a fold leaves out
        held_out = np.concatenate([everything.valid, everything.test])
        target[held_out] = 1 - target[held_out]
    changed = prepare(Table(frame, target, "made"), config, seed=5)
    assert saved(changed, tmp_path / "after") == before
    np.testing.assert_array_equal(changed.rows[changed.train], train_rows)
    np.testing.assert_array_equal(changed.x[changed.train], x)
    if codes is not None:
        np.testing.assert_array_equal(changed.codes[changed.train], codes)


def test_a_train_row_does_change_the_preprocessing(tmp_path):
    table = make_table()
    config = DataConfig(split=SplitConfig(method="column", by="part"))
    before = saved(prepare(table, config), tmp_path / "before")
    frame = table.frame.copy()
    frame.loc[1, "whole"] = 1000
    after = saved(prepare(Table(frame, table.target, "made"), config), tmp_path / "after")
    assert after != before


def test_the_same_twice_whatever_the_global_generator(tmp_path):
    for missing in ("mean", "iterative", "knn"):
        config = DataConfig(missing=missing, scaling="quantile")
        one = prepare(make_table(), config, seed=1)
        np.random.seed(99)
        two = prepare(make_table(), config, seed=1)
        np.testing.assert_array_equal(one.x, two.x)
        np.testing.assert_array_equal(one.train, two.train)
        assert saved(one, tmp_path / f"{missing}1") == saved(two, tmp_path / f"{missing}2")


def test_shapes_and_summary():
    data = prepare(make_table(), DataConfig())
    assert data.x.shape == (ROWS, len(data.features))
    assert data.x.dtype == np.float32
    assert (data.y.dtype, data.train.dtype) == (np.int64, np.int64)
    assert data.codes is None
    assert data.raw is None
    assert data.rows.tolist() == list(range(ROWS))
    summary = json.loads(json.dumps(data.summary))
    assert summary["rows"] == ROWS
    assert summary["split"] == {"train": 72, "valid": 24, "test": 24}
    assert summary["missing"] == {"a": 14, "kind": 12}
    assert summary["dropped"]["constant"] == "one value in train"
    assert summary["columns"]["kind"] == "categorical"
    assert summary["classes"][0] == {"label": 0, "rows": 60}
    assert summary["fingerprint"] == "0" * 64
    assert any(line.startswith("dropped column constant") for line in data.messages)
    assert all("\n" not in line for line in data.messages)


def test_the_summary_of_a_fold():
    data = prepare(make_table(), DataConfig(split=SplitConfig(folds=5, fold=4)))
    assert json.loads(json.dumps(data.summary))["split"] == {
        **{"train": 76, "valid": 19, "test": 24},
        **{"folds": 5, "fold": 4, "unused": 1},
    }
    told = "1 row left out of training, so that every fold trains on equally many"
    assert told in data.messages
    data = prepare(make_table(), DataConfig(split=SplitConfig(folds=4, fold=3)))
    assert data.summary["split"]["unused"] == 0
    assert not any("fold" in line for line in data.messages)
    by_time = SplitConfig(method="time", by="day", folds=3, fold=1)
    data = prepare(make_table(), DataConfig(split=by_time))
    assert (len(data.train), len(data.valid), data.summary["split"]["unused"]) == (48, 24, 24)
    assert "24 rows later than the fold not used" in data.messages


def test_folds_of_complete_rows_and_of_labelled_rows():
    table = make_table()
    target = table.target.astype(object)
    target[:7] = None
    for fold in range(5):
        config = DataConfig(missing="drop", split=SplitConfig(folds=5, fold=fold))
        data = prepare(dataclasses.replace(table, target=target), config)
        parts = np.concatenate([data.train, data.valid, data.test])
        assert len(set(parts)) == len(parts) == len(data.x) - data.summary["split"]["unused"]
        assert (data.y[data.valid] == table.target[data.rows[data.valid]]).all()


def test_rows_without_a_target_are_left_out():
    table = make_table()
    target = table.target.astype(object)
    target[:7] = None
    data = prepare(dataclasses.replace(table, target=target), DataConfig())
    assert len(data.x) == ROWS - 7
    assert data.rows[0] == 7
    assert data.summary["left_out"] == {"no target": 7}
    assert "7 rows without a target left out" in data.messages


def test_emptied_cells_are_told():
    table = make_table()
    data = prepare(table, DataConfig(sentinels=["whole=3", "whole=99"]))
    found = int((table.frame["whole"] == 3).sum())
    assert data.summary["missing"]["whole"] == found
    assert f"column 'whole': {found} cells of 3 read as missing" in data.messages
    assert "column 'whole': no cell is 99 (data.sentinels)" in data.messages


def test_copies_are_left_out_of_the_split_and_told():
    table = make_table()
    target = table.target.astype(object)
    target[:7] = None
    twice = Table(
        pd.concat([table.frame, table.frame[:50]], ignore_index=True),
        pd.concat([target, target[:50]], ignore_index=True),
        "made",
    )
    data = prepare(twice, DataConfig(duplicates="drop"))
    alone = prepare(dataclasses.replace(table, target=target), DataConfig())
    assert data.x.tobytes() == alone.x.tobytes()
    assert data.rows.tolist() == alone.rows.tolist()
    assert data.test.tolist() == alone.test.tolist()
    assert data.summary["left_out"] == {"no target": 14, "duplicates": 43}
    assert "43 rows equal to another left out" in data.messages
    numbered = twice.frame.assign(number=range(len(twice.frame)))
    none = prepare(dataclasses.replace(twice, frame=numbered), DataConfig(duplicates="drop"))
    assert "no row equals another in all columns that data.drop leaves" in none.messages
    assert len(prepare(twice, DataConfig()).x) == 113 + 43


def test_drop_renumbers_the_parts():
    table = make_table()
    data = prepare(table, DataConfig(missing="drop"))
    kept = table.frame[["a", "kind"]].notna().all(axis=1)
    assert data.rows.tolist() == np.flatnonzero(kept).tolist()
    parts = np.concatenate([data.train, data.valid, data.test])
    assert np.sort(parts).tolist() == list(range(int(kept.sum())))
    assert data.y.tolist() == table.target[kept].tolist()


def test_raw_labels():
    table = make_table()
    signs = dataclasses.replace(table, target=(table.target * 2 - 1).rename("y"))
    data = prepare(signs, DataConfig(labels="raw"))
    assert set(data.raw.tolist()) == {-1.0, 1.0}
    assert data.raw.dtype == np.float32
    assert data.classes == [-1, 1]


def test_an_index_of_its_own_does_no_harm():
    table = make_table()
    order = np.random.default_rng(1).permutation(ROWS)
    index = pd.Index([f"row {place % 5}" for place in order])
    other = Table(table.frame.set_axis(index), table.target.set_axis(index), "made")
    np.testing.assert_array_equal(prepare(other, DataConfig()).x, prepare(table, DataConfig()).x)


def test_tables_that_cannot_be_used():
    table = make_table()
    odd = np.arange(ROWS) % 2 == 1
    hole = table.frame.assign(a=table.frame["a"].where(odd), whole=table.frame["whole"].where(~odd))
    ordered = dataclasses.replace(table, target=table.target.sort_values(ignore_index=True))
    with pytest.raises(UserError, match="no train row is complete"):
        prepare(dataclasses.replace(table, frame=hole), DataConfig(missing="drop"))
    with pytest.raises(UserError, match="two columns named 'a'"):
        prepare(
            dataclasses.replace(table, frame=pd.concat([table.frame, table.frame[["a"]]], axis=1)),
            DataConfig(),
        )
    with pytest.raises(UserError, match="a column named 3"):
        prepare(
            dataclasses.replace(table, frame=table.frame.rename(columns={"a": 3})), DataConfig()
        )
    with pytest.raises(UserError, match="120 rows and 5 labels"):
        prepare(dataclasses.replace(table, target=table.target[:5]), DataConfig())
    with pytest.raises(UserError, match="of one class"):
        prepare(ordered, DataConfig(split=SplitConfig(shuffle=False, test=0.3, valid=0.3)))


def test_classes_without_a_train_row_are_told():
    table = make_table()
    target = pd.Series(np.arange(ROWS) // 24, name="y")
    data = prepare(
        dataclasses.replace(table, target=target), DataConfig(split=SplitConfig(shuffle=False))
    )
    assert "classes without a train row: 3, 4" in data.messages
    assert data.classes == [0, 1, 2, 3, 4]


def test_where_few_rows_are_complete_that_is_what_is_said():
    table = make_table()
    labels = pd.Series(np.arange(ROWS) % 2, name="y")
    holes = table.frame.assign(a=table.frame["a"].where(labels == 0))
    with pytest.raises(UserError, match="train rows are complete, all of one class, 0") as caught:
        prepare(dataclasses.replace(table, frame=holes, target=labels), DataConfig(missing="drop"))
    assert caught.value.remedy == "data.missing=mean"
