import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

from nnexp.config.schema.data import DataConfig
from nnexp.data import Preprocessor
from nnexp.data.columns import infer_columns
from nnexp.data.fit import draft_preprocessor, fit_preprocessor
from nnexp.data.frame_cells import Cells
from nnexp.errors import UserError

SCALINGS = ("standard", "minmax", "robust", "quantile", "none")
MISSING = (
    "mean",
    "median",
    "most_frequent",
    "constant",
    "knn",
    "iterative",
    "drop",
    "embedding",
    "none",
)
ENCODINGS = ("onehot", "ordinal", "embedding")


def make_frame(rows=90, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=rows),
            "b": rng.integers(0, 5, size=rows),
            "c": rng.normal(size=rows) * 100,
            "d": rng.integers(0, 3, size=rows).astype(str),
            "kind": np.array(["red", "green", "blue"])[rng.integers(3, size=rows)],
            "size": np.array(["s", "m", None], dtype=object)[rng.integers(3, size=rows)],
        }
    )
    frame.loc[::7, "a"] = np.nan
    frame.loc[3::11, "c"] = np.nan
    return frame


def fit(frame=None, train=None, **options):
    frame = make_frame() if frame is None else frame
    train = np.arange(60) if train is None else train
    config = DataConfig(**options)
    cells = Cells(frame, keep_infinite=config.missing == "none")
    columns = infer_columns(cells, train, config)
    drafted = draft_preprocessor(cells, columns, train, config)
    return fit_preprocessor(drafted, cells, train, config)


def same(one, two):
    np.testing.assert_array_equal(one.x, two.x)
    np.testing.assert_array_equal(one.rows, two.rows)
    assert (one.codes is None) == (two.codes is None)
    if one.codes is not None:
        np.testing.assert_array_equal(one.codes, two.codes)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("missing", MISSING)
def test_saved_and_loaded_is_the_same(tmp_path, missing, encoding):
    for scaling in SCALINGS if encoding == "ordinal" else SCALINGS[:1]:
        pre = fit(missing=missing, encoding=encoding, scaling=scaling, min_frequency=3)
        pre.save(tmp_path)
        loaded = Preprocessor.load(tmp_path)
        frame = make_frame(40, seed=1)
        before, after = pre.transform(frame), loaded.transform(frame)
        same(before, after)
        assert loaded.features == pre.features
        assert loaded.levels == pre.levels
        assert before.x.dtype == np.float32
        assert before.x.flags.c_contiguous
        assert before.x.shape == (len(before.rows), len(pre.features))
        assert np.isfinite(before.x).all() or missing == "none"
        assert {item.name for item in tmp_path.iterdir()} == {
            "preprocess.json",
            "preprocess.safetensors",
        }


@pytest.mark.parametrize("missing", MISSING)
def test_a_row_does_not_depend_on_the_others(missing):
    frame = make_frame(300, seed=2)
    frame["b"] = frame["b"] * 1.0
    frame.loc[5::9, "b"] = np.nan  # whole numbers: many equally near neighbours
    pre = fit(frame, np.arange(200), missing=missing, scaling="none", encoding="ordinal")
    whole = pre.transform(frame)
    place = {row: index for index, row in enumerate(whole.rows)}
    order = np.random.default_rng(0).permutation(300)
    for rows in (order, order[:1], order[7:9], order[:299], *([row] for row in order[20:32])):
        part = pre.transform(frame.iloc[rows])
        expected = whole.x[[place[rows[row]] for row in part.rows]]
        np.testing.assert_allclose(part.x, expected, rtol=1e-6, atol=1e-6)


def test_names_and_values_of_onehot():
    pre = fit(scaling="none")
    assert pre.features == [
        "a",
        "b",
        "c",
        "d",
        "a is missing",
        "c is missing",
        "kind=blue",
        "kind=green",
        "kind=red",
        "size=m",
        "size=s",
        "size=(missing)",
    ]
    frame = make_frame().iloc[:2].assign(kind=["red", "pink"], size=[None, "s"])
    x = pre.transform(frame).x
    assert x[:, 4].tolist() == [1, 0]
    assert x[0, 6:].tolist() == [0, 0, 1, 0, 0, 1]
    assert x[1, 6:].tolist() == [0, 0, 0, 0, 1, 0]
    assert x[0, 0] == pytest.approx(make_frame()["a"][:60].mean())


def test_indicator_can_be_left_out():
    assert "a is missing" not in fit(indicator=False).features
    for missing in ("none", "drop", "embedding"):
        assert "a is missing" not in fit(missing=missing).features


def test_ordinal_codes_are_scaled_and_unseen_ones_the_mean():
    pre = fit(encoding="ordinal")
    assert pre.features[-2:] == ["kind", "size"]
    x = pre.transform(make_frame()).x[:60, -2:]
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-6)
    assert pre.transform(make_frame().iloc[:1].assign(kind="pink")).x[0, -2] == pytest.approx(0)


def test_embedding_codes():
    pre = fit(encoding="embedding", missing="embedding")
    assert pre.features == ["a", "b", "c", "d"]
    assert pre.levels == (1, 1, 3, 3)
    frame = (
        make_frame()
        .iloc[:3]
        .assign(
            a=[np.nan, 0.0, 0.0],
            b=[1, np.nan, 1],
            kind=["blue", "pink", None],
            size=["m", "s", None],
        )
    )
    inputs = pre.transform(frame)
    assert inputs.codes.tolist() == [[1, 0, 1, 1], [0, 0, 0, 2], [0, 0, 0, 3]]
    assert inputs.codes.dtype == np.int64
    assert inputs.x[0, 0] == 0
    assert inputs.x[1, 1] == 0


def test_drop_leaves_incomplete_rows_out():
    pre = fit(missing="drop")
    frame = make_frame()
    complete = np.flatnonzero(frame.notna().all(axis=1))
    inputs = pre.transform(frame)
    assert inputs.rows.tolist() == complete.tolist()
    assert len(inputs.x) == len(complete)
    assert any("left out" in line for line in pre.notes(frame))


def test_columns_go_by_name():
    pre, frame = fit(), make_frame()
    same(pre.transform(frame), pre.transform(frame[frame.columns[::-1]].assign(extra=1)))
    assert any("extra" in line for line in pre.notes(frame.assign(extra=1)))
    with pytest.raises(UserError, match="lacks the columns a, kind"):
        pre.transform(frame.drop(columns=["a", "kind"]))
    doubled = pd.concat([frame, frame[["a"]]], axis=1)
    with pytest.raises(UserError, match="more than one column named 'a'"):
        pre.transform(doubled)


def test_dtypes_may_drift():
    pre, frame = fit(), make_frame()
    other = frame.assign(
        b=frame["b"].astype(str), d=frame["d"].astype(float), a=frame["a"].map(str)
    )
    same(pre.transform(frame), pre.transform(other))
    assert pre.notes(other) == []


def test_cells_that_do_not_fit_are_noted():
    pre, frame = fit(), make_frame()
    odd = frame.astype({"b": object, "kind": object})
    odd.loc[0, "b"] = "many"
    odd.loc[1, "kind"] = "pink"
    odd.loc[1, "c"] = np.inf
    assert np.isfinite(pre.transform(odd).x).all()
    notes = "\n".join(pre.notes(odd))
    assert "'many'" in notes
    assert "'pink'" in notes
    assert "infinite" in notes
    with pytest.raises(UserError, match="column 'a' holds 'word', and no number"):
        pre.transform(frame.assign(a="word"))


def test_an_empty_frame_and_an_empty_row():
    pre, frame = fit(), make_frame()
    assert pre.transform(frame.iloc[:0]).x.shape == (0, 12)
    nothing = pd.DataFrame({name: [None] for name in frame.columns})
    assert np.isfinite(pre.transform(nothing).x).all()


def test_files_are_read_as_at_training(tmp_path):
    frame = pd.DataFrame({"zip": ["007", "7"] * 30, "n": range(60)})
    pre = fit(frame, categorical=["zip"])
    path = tmp_path / "t.csv"
    path.write_text("n,zip\n1,007\n2,007\n")
    assert pre.notes(pre.read(path)) == []


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_beside(tmp_path, monkeypatch):
    fit().save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        fit(encoding="ordinal").save(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


class TestDamage:
    @pytest.fixture
    def folder(self, tmp_path):
        fit(missing="iterative", encoding="ordinal").save(tmp_path)
        return tmp_path

    def refused(self, folder, word=""):
        with pytest.raises(UserError, match=f"cannot be read.*{word}"):
            Preprocessor.load(folder)

    def edit(self, folder, change):
        state = json.loads((folder / "preprocess.json").read_text())
        change(state)
        (folder / "preprocess.json").write_text(json.dumps(state))

    def test_missing_files(self, folder):
        (folder / "preprocess.safetensors").unlink()
        self.refused(folder, "safetensors")

    @pytest.mark.parametrize("name", ["preprocess.json", "preprocess.safetensors"])
    @pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b""])
    def test_cut_files(self, folder, name, damage):
        (folder / name).write_bytes(damage((folder / name).read_bytes()))
        self.refused(folder)

    @pytest.mark.parametrize(
        "change",
        [
            lambda state: state.update(format=99),
            lambda state: state.update(missing="os.system"),
            lambda state: state.update(numeric=["a"]),
            lambda state: state.update(indicators=[99]),
            lambda state: state.pop("tokens"),
            lambda state: state["blocks"][0].update(stop=2),
            lambda state: state["blocks"][0]["steps"][0].update(estimator="os.system"),
            lambda state: state["blocks"][0]["steps"][0]["state"].update(transform=1),
            lambda state: state["blocks"][0]["steps"][1]["state"].update(mean_={"array": "no"}),
            lambda state: state["blocks"][0]["steps"][1]["state"].pop("mean_"),
            lambda state: state["blocks"][0]["steps"][1].update(state=[]),
            lambda state: state["blocks"][0].update(steps=[{"call": "print"}]),
            lambda state: state["blocks"][0].update(steps=["abc"]),
            lambda state: state["categories"][0].update(levels=[1, 2]),
            lambda state: state.update(blocks=[]),
            lambda state: state.update(sentinels={"a": 0.0}),
            lambda state: state.update(sentinels=["a"]),
            lambda state: state.update(sentinels=[["a", "0"]]),
            lambda state: state.update(sentinels=[["nothing", 0.0]]),
            lambda state: state.update(sentinels=[[["a"], 0.0]]),
            lambda state: state.update(sentinels=[["a", True]]),
        ],
    )
    def test_changed_state(self, folder, change):
        self.edit(folder, change)
        self.refused(folder)

    @pytest.mark.parametrize(
        "array", [np.full(4, np.nan), np.zeros(3), np.zeros((2, 2, 2)), np.zeros((0, 4)), "int8"]
    )
    def test_changed_arrays(self, folder, array):
        arrays = load_file(folder / "preprocess.safetensors")
        name = next(name for name in arrays if name.endswith("mean_"))
        arrays[name] = np.zeros(4, dtype="int8") if isinstance(array, str) else array
        save_file(arrays, folder / "preprocess.safetensors")
        self.refused(folder)

    def test_not_a_number_in_the_json(self, folder):
        file = folder / "preprocess.json"
        file.write_text(file.read_text().replace('"format": 1', '"format": NaN'))
        self.refused(folder, "NaN")

    def test_deep_nesting(self, folder):
        (folder / "preprocess.json").write_text("[" * 100_000)
        self.refused(folder)


def test_a_table_to_predict_is_named_by_no_key(tmp_path):
    fitted = fit()
    (tmp_path / "semi.csv").write_text("a;b\n1;2\n")
    for name in ("none.csv", "semi.csv"):
        with pytest.raises(UserError) as caught:
            fitted.read(tmp_path / name)
        assert "data." not in caught.value.wrong + caught.value.remedy
