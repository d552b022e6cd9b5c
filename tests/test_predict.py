"""Predictions from a run folder: values, labels, mistakes, and folders that cannot be trusted."""

import errno
import json
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import nnexp
from nnexp import UserError
from nnexp.cli import main
from nnexp.track.manifest import read_manifest, write_manifest

ROWS = 120


def made(labels, seed=0, missing=True):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, len(labels), ROWS)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=ROWS) + y,
            "weight": 100 * rng.normal(size=ROWS) - 50 * y,
            "colour": np.array(["red", "green", "blue"])[(y + (rng.random(ROWS) < 0.2)) % 3],
        }
    )
    if missing:
        frame.loc[::7, "size"] = np.nan
    frame["label"] = np.array(labels, dtype=object)[y]
    return frame


def train(tmp_path, frame, *overrides):
    path = tmp_path / "train.csv"
    frame.to_csv(path, index=False)
    return nnexp.run(
        [
            "data=csv",
            f"data.path={path}",
            "data.target=label",
            "trainer.epochs=5",
            "trainer.progress=none",
            "trainer.tensorboard=false",
            "model.hidden=[16]",
            *overrides,
        ],
        root=tmp_path,
    )


@pytest.mark.parametrize(
    "labels",
    [["yes", "no"], [True, False], [-1, 1], [1, 2, 3], ["'a'", "b c", "ü"], [0.5, 1.5]],
    ids=str,
)
def test_predictions_are_labels_of_the_users_kind(tmp_path, labels):
    frame = made(labels)
    result = train(tmp_path, frame, "trainer.epochs=20", "optimizer.lr=0.01")
    model = nnexp.load(result.folder)
    assert model.classes == sorted(labels)
    shares, predicted = model.predict_proba(frame), model.predict(frame)
    assert shares.shape == (ROWS, len(labels))
    np.testing.assert_allclose(shares.sum(1), 1)
    assert {type(label) for label in predicted.tolist()} == {type(labels[0])}
    accuracy = (predicted == frame["label"].to_numpy()).mean()
    assert accuracy > 1.5 / len(labels)
    assert [model.classes[i] for i in shares.argmax(1)] == predicted.tolist()


def test_the_models_scores_are_those_of_the_run(tmp_path):
    from nnexp.data import load_table, prepare

    frame = made(["a", "b"])
    result = train(tmp_path, frame)
    model = nnexp.load(result.folder)
    dataset = prepare(load_table(model.config.data), model.config.data)
    rows = dataset.rows[dataset.test]
    hits = model.predict(frame.iloc[rows]) == frame["label"].to_numpy()[rows]
    assert hits.mean() == result.metrics["test"]["accuracy"]


@pytest.mark.parametrize(
    "overrides",
    [
        ["data.encoding=embedding", "data.missing=embedding"],
        ["data.encoding=ordinal", "data.missing=knn"],
        ["data.missing=iterative", "data.scaling=quantile"],
        ["model.norm=batch", "model.skip=true", "model.hidden=[16, 16]"],
        ["model=linear", "~model.hidden"],
        ["loss=bce_with_logits"],
        ["loss=mse", "model.output=softmax"],
        ["trainer.precision=bfloat16"],
        ["trainer.precision=float64"],
    ],
    ids=" ".join,
)
def test_a_row_does_not_depend_on_the_others(tmp_path, overrides):
    frame = made(["a", "b", "c"])
    if "~model.hidden" in overrides:
        path = tmp_path / "train.csv"
        frame.to_csv(path, index=False)
        result = nnexp.run(
            ["data=csv", f"data.path={path}", "data.target=label", "model=linear",
             "trainer.epochs=2", "trainer.progress=none"],
            root=tmp_path,
        )  # fmt: skip
    else:
        result = train(tmp_path, frame, *overrides)
    model = nnexp.load(result.folder)
    # float64 matrix products round by a row's place in the chunk, float32 ones do not
    rtol = 1e-14 if "trainer.precision=float64" in overrides else 0
    whole = model.predict_proba(frame)
    shuffled = frame.sample(frac=1, random_state=0)
    np.testing.assert_allclose(model.predict_proba(shuffled), whole[shuffled.index], rtol, 0)
    for start in (0, 7, 119):
        alone = model.predict_proba(frame.iloc[start : start + 1])
        np.testing.assert_allclose(alone[0], whole[start], rtol, 0)
    tall = pd.concat([frame] * 5, ignore_index=True)
    np.testing.assert_allclose(model.predict_proba(tall)[-ROWS:], whole, rtol, 0)


def test_rows_left_out_have_no_prediction(tmp_path):
    frame = made(["a", "b"])
    model = nnexp.load(train(tmp_path, frame, "data.missing=drop").folder)
    shares, predicted = model.predict_proba(frame), model.predict(frame)
    out = frame["size"].isna().to_numpy()
    assert np.isnan(shares[out]).all()
    assert np.isfinite(shares[~out]).all()
    assert all(label is None for label in predicted[out])
    assert set(predicted[~out]) <= {"a", "b"}


def test_sentinels_are_missing_in_new_tables(tmp_path, capsys):
    frame = made(["a", "b"])
    frame["rooms"] = np.arange(ROWS) % 5
    empty = frame.assign(rooms=frame["rooms"].where(frame["rooms"] > 0))
    coded = frame.fillna({"size": -9.5})
    own = 'data.sentinels=["size=-9.5","rooms=0"]'
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with_numbers = train(tmp_path / "one", coded, own)
    model, plain = (
        nnexp.load(with_numbers.folder),
        nnexp.load(train(tmp_path / "two", empty).folder),
    )
    assert model.preprocessor.features == plain.preprocessor.features
    expected = plain.predict_proba(empty)
    np.testing.assert_array_equal(model.predict_proba(coded), expected)
    np.testing.assert_array_equal(model.predict_proba(empty), expected)
    coded.drop(columns="label").to_csv(tmp_path / "new.csv", index=False)
    capsys.readouterr()
    assert predict(with_numbers.folder, tmp_path / "new.csv", "-o", tmp_path / "out.csv") == 0
    told = capsys.readouterr().err
    assert "column 'rooms': 24 cells of 0 read as missing" in told
    assert "column 'size': 18 cells of -9.5 read as missing" in told
    written = pd.read_csv(tmp_path / "out.csv")["probability_a"]
    np.testing.assert_allclose(written, expected[:, 0])


def test_a_file_without_a_header_is_read_as_the_run_read_its_own(tmp_path, capsys):
    path = tmp_path / "rows.csv"
    made(["yes", "no"], missing=False).to_csv(path, index=False, header=False)
    table = [f"data.path={path}", "data.header=false", "data.target=x4"]
    run = train(tmp_path, made(["yes", "no"]), *table)
    capsys.readouterr()
    assert main(["predict", str(run.folder), str(path)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 1 + ROWS
    assert {line.partition(",")[0] for line in told[1:]} == {"yes", "no"}


def test_predictions_are_named_as_what_they_are(tmp_path, folder, capsys):
    table = tmp_path / "table.csv"
    assert main(["predict", str(folder), str(table), "-o", "predictions.parquet"]) == 2
    assert "try: -o predictions.csv" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["label", "size"])
def test_a_file_without_a_header_may_lack_the_target(tmp_path, capsys, target):
    frame = made(["yes", "no"], missing=False)
    frame["constant"] = 1.0
    order = ["label", *frame.columns.drop("label")]
    if target != "label":  # in the middle
        order = ["size", "label", "weight", "colour", "constant"]
    path, place = tmp_path / "rows.csv", order.index("label") + 1
    frame[order].to_csv(path, index=False, header=False)
    table = [f"data.path={path}", "data.header=false", f"data.target=x{place}"]
    run = train(tmp_path, frame, *table)
    told = {}
    for name, rows in (("whole", frame[order]), ("lacking", frame[order].drop(columns="label"))):
        other = tmp_path / f"{name}.csv"
        rows.to_csv(other, index=False, header=False)
        assert main(["predict", str(run.folder), str(other), "-o", str(tmp_path / name)]) == 0
        told[name] = (tmp_path / name).read_text()
    assert told["whole"] == told["lacking"]
    capsys.readouterr()
    frame[order[:3]].to_csv(path, index=False, header=False)
    assert main(["predict", str(run.folder), str(path)]) == 2
    assert "has 3 columns, and no header to find them by" in capsys.readouterr().err


def test_spellings_of_a_label_are_told_and_merged_where_asked(tmp_path):
    frame = made(["yes", "no"])
    frame.loc[::9, "label"] = frame.loc[::9, "label"].str.upper()
    run = train(tmp_path, frame)
    assert "data.labels=merge makes them one" in (run.folder / "train.log").read_text()
    merged = train(tmp_path, frame, "data.labels=merge")
    assert "makes them one" not in (merged.folder / "train.log").read_text()
    assert nnexp.load(merged.folder).classes == ["no", "yes"]


def test_columns_by_name(tmp_path):
    frame = made(["a", "b"])
    model = nnexp.load(train(tmp_path, frame).folder)
    whole = model.predict_proba(frame)
    other = frame[["label", "colour", "weight", "size"]].assign(extra="x")
    np.testing.assert_array_equal(model.predict_proba(other), whole)
    with pytest.raises(UserError, match="weight"):
        model.predict(frame.drop(columns="weight"))
    with pytest.raises(UserError, match="DataFrame"):
        model.predict(frame.to_numpy())


def predict(folder, table, *options):
    return main(["predict", str(folder), str(table), *map(str, options)])


def test_the_command_writes_a_row_for_each(tmp_path, capsys):
    frame = made(["yes", "no"])
    result = train(tmp_path, frame)
    new = tmp_path / "new.csv"
    frame.drop(columns="label").assign(colour="violet").to_csv(new, index=False)
    out = tmp_path / "out.csv"
    capsys.readouterr()
    assert predict(result.folder, new, "-o", out) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{ROWS} rows predicted: {out}\n"
    assert "violet" in printed.err  # a new category is named
    written = pd.read_csv(out)
    assert list(written.columns) == ["prediction", "probability_no", "probability_yes"]
    assert len(written) == ROWS
    assert predict(result.folder, new) == 0
    assert capsys.readouterr().out.startswith("prediction,probability_no,probability_yes")
    frame.iloc[:1].to_csv(new, index=False)
    assert predict(result.folder, new, "-o", out) == 0
    assert capsys.readouterr().out == f"1 row predicted: {out}\n"


def test_mistakes_at_the_command_are_three_lines(tmp_path, capsys):
    frame = made(["yes", "no"])
    result = train(tmp_path, frame)
    short = tmp_path / "short.csv"
    frame.drop(columns=["weight", "label"]).to_csv(short, index=False)
    text = tmp_path / "text.csv"
    frame.assign(weight="heavy").to_csv(text, index=False)
    good = tmp_path / "train.csv"
    capsys.readouterr()
    for arguments in (
        (result.folder, short),
        (result.folder, text),
        (result.folder, tmp_path / "none.csv"),
        (tmp_path, good),
        (result.folder, good, "-o", tmp_path / "no" / "out.csv"),
    ):
        assert predict(*arguments) == 2
        printed = capsys.readouterr()
        lines = printed.err.strip().splitlines()[-3:]
        prefixes = [line.partition(":")[0] for line in lines]
        assert prefixes == ["error", "allowed", "try"], printed.err
        assert "Traceback" not in printed.err
        assert lines[2].startswith(("try: nnexp predict ", "try: ls ")), lines[2]
        assert "data." not in lines[2]


@pytest.mark.parametrize(("mark", "word"), [(";", "';'"), ("\t", "tab"), ("|", "'|'")])
def test_another_separator_than_the_runs_own(mark, word, tmp_path, capsys):
    frame = made(["yes", "no"])
    folder = train(tmp_path, frame).folder
    own, other = tmp_path / "own.csv", tmp_path / "other.csv"
    frame.to_csv(own, index=False)
    frame.to_csv(other, index=False, sep=mark)
    capsys.readouterr()
    assert predict(folder, own) == 0
    expected = capsys.readouterr().out
    assert predict(folder, other) == 2
    command = capsys.readouterr().err.strip().splitlines()[-1].removeprefix("try: ")
    assert command == f"nnexp predict {folder} {other} --separator {word}"
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out == expected
    assert predict(folder, other, "--separator", "::") == 2
    assert "--separator='::'" in capsys.readouterr().err


USER_MODULE = """
from torch import nn
class Net(nn.Module):
    def __init__(self, inputs, outputs, width=4):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.Tanh(),
                                 nn.Dropout(0.1), nn.Linear(width, outputs))
    def forward(self, x):
        return self.net(x)
"""


def test_a_users_module_is_imported_only_where_trusted(tmp_path, monkeypatch):
    (tmp_path / "users_module_for_test.py").write_text(USER_MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    frame = made(["a", "b"])
    path = tmp_path / "train.csv"
    frame.to_csv(path, index=False)
    result = nnexp.run(
        ["data=csv", f"data.path={path}", "data.target=label", "model=custom",
         "model._target_=users_module_for_test.Net", "model.args.width=9", "trainer.epochs=15",
         "trainer.progress=none", "optimizer.lr=0.01"],
        root=tmp_path,
    )  # fmt: skip
    assert result.metrics["val"]["accuracy"] > 0.6
    monkeypatch.delitem(sys.modules, "users_module_for_test")
    with pytest.raises(UserError, match="users_module_for_test") as caught:
        nnexp.load(result.folder)
    assert caught.value.remedy == f"nnexp.load({str(result.folder)!r}, trust=True)"
    assert "users_module_for_test" not in sys.modules
    model = nnexp.load(result.folder, trust=True)
    np.testing.assert_allclose(model.predict_proba(frame).sum(1), 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("run")
    return train(place, made(["a", "b"])).folder


@pytest.fixture
def copy(tmp_path, folder):
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def sign(copy):
    """Renew the manifest, so that what was changed is looked at."""
    write_manifest(copy, read_manifest(copy))


def damage_config(copy, change):
    path = copy / "config.yaml"
    tree = yaml.safe_load(path.read_text())
    change(tree)
    path.write_text(yaml.safe_dump(tree))
    sign(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: tree["model"].update(_target_="os.system"),
        lambda tree: tree["optimizer"].update(_target_="os.system"),
        lambda tree: tree["model"].update(name="custom", _target_="os.system"),
        lambda tree: tree["model"].update(activation="os.system"),
        lambda tree: tree["model"].update(hidden=[10**9]),
        lambda tree: tree["model"].update(hidden="many"),
        lambda tree: tree["reg"].update(dropout="${oc.env:HOME}"),
        lambda tree: tree.pop("loss"),
        lambda tree: tree["data"].pop("scaling"),
        lambda tree: tree["data"].update(sentinels=["size"]),
        lambda tree: tree.update(model=3),
        lambda tree: tree.update(extra=1),
    ],
)
def test_a_changed_configuration_is_refused(copy, change):
    damage_config(copy, change)
    with pytest.raises(UserError, match=r"config\.yaml|saved weights|class of its user"):
        nnexp.load(copy)


def test_a_run_from_before_a_key_was_added_is_read(copy, folder):
    frame = made(["a", "b"])
    expected = nnexp.load(folder).predict_proba(frame)
    damage_config(copy, lambda tree: [tree["data"].pop(k) for k in ("sentinels", "duplicates")])
    path = copy / "preprocess.json"
    state = json.loads(path.read_text())
    assert state.pop("sentinels") == []
    path.write_text(json.dumps(state))
    sign(copy)
    model = nnexp.load(copy)
    assert (model.config.data.sentinels, model.config.data.duplicates) == ([], "keep")
    np.testing.assert_array_equal(model.predict_proba(frame), expected)


@pytest.mark.parametrize(
    "text",
    ["!!python/object/apply:os.system [ls]", "a: &a [1]\nb: *a", "[" * 100 + "]" * 100, "", "\x00"],
)
def test_hostile_yaml_is_refused(copy, text):
    (copy / "config.yaml").write_text(text)
    sign(copy)
    with pytest.raises(UserError, match=r"config\.yaml' (cannot be read|holds no keys)"):
        nnexp.load(copy)


@pytest.mark.parametrize("name", ["model.safetensors", "preprocess.safetensors"])
@pytest.mark.parametrize("keep", [0, 5, 60, -1])
def test_a_cut_file_is_refused(copy, name, keep):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:keep])
    sign(copy)
    with pytest.raises(UserError, match="cannot be read"):
        nnexp.load(copy)


def test_weights_of_another_shape_or_with_nan_are_refused(copy, folder):
    from safetensors.numpy import load_file, save_file

    about = {"nnexp": json.dumps({"inputs": 6, "classes": ["a", "b"]})}
    good = load_file(folder / "model.safetensors")
    broken = dict(good)
    broken["layers.0.bias"] = np.full_like(good["layers.0.bias"], np.nan)
    wider = {**good, "layers.0.bias": np.zeros(17, np.float32)}
    lacking = {name: value for name, value in good.items() if name != "layers.0.bias"}
    whole = {name: value.astype(np.int32) for name, value in good.items()}
    for arrays in (broken, wider, lacking, whole):
        save_file(arrays, copy / "model.safetensors", about)
        sign(copy)
        with pytest.raises(UserError, match="saved weights"):
            nnexp.load(copy)


def test_weights_have_torchs_shapes(folder):
    from safetensors.numpy import load_file

    arrays = load_file(folder / "model.safetensors")
    assert arrays["layers.0.weight"].shape[0] == 16  # (outputs, inputs)
    assert arrays["layers.1.weight"].shape == (2, 16)


def test_the_table_is_not_overwritten(tmp_path, folder, capsys):
    table = tmp_path / "new.csv"
    made(["a", "b"]).to_csv(table, index=False)
    before = table.read_bytes()
    assert predict(folder, table, "-o", table) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_predictions_are_written_as_the_name_says(tmp_path, folder, capsys):
    table = tmp_path / "new.csv"
    made(["a", "b"]).to_csv(table, index=False)
    for name in ("p.tsv", "p.tsv.gz"):
        assert predict(folder, table, "-o", tmp_path / name) == 0
        assert pd.read_csv(tmp_path / name, sep="\t").columns[0] == "prediction"
    assert predict(folder, table, "-o", tmp_path / "p.json") == 2
    assert "would not be what its ending says" in capsys.readouterr().err


@pytest.mark.parametrize("table", [None, 5, pd.DataFrame({"a": [1]})], ids=["none", "5", "frame"])
def test_what_is_no_file_is_not_read(folder, table):
    with pytest.raises(UserError, match="which is no file"):
        nnexp.load(folder).read(table)


def test_a_file_that_is_not_there_is_answered_with_a_call(tmp_path, folder):
    (tmp_path / "new.csv").write_text("a\n")
    with pytest.raises(UserError) as told:
        nnexp.load(folder).read(tmp_path / "nww.csv")
    assert told.value.remedy == f"model.read({str(tmp_path / 'new.csv')!r})"


def test_a_diverged_run_and_rows_without_outputs_are_told(tmp_path, capsys):
    frame = made(["a", "b"])
    result = train(tmp_path, frame, "data.missing=none")
    assert result.status == "diverged"
    assert result.metrics["val"]["auc"] is None
    capsys.readouterr()
    out = tmp_path / "out.csv"
    assert predict(result.folder, tmp_path / "train.csv", "-o", out) == 0
    printed = capsys.readouterr().err
    missing = int(frame["size"].isna().sum())
    assert "ended as diverged" in printed
    assert f"{missing} rows without a prediction" in printed
    assert pd.read_csv(out)["prediction"].isna().sum() == missing
    notes = " ".join(nnexp.load(result.folder).notes(frame.assign(colour="violet")))
    assert "colour" in notes
    assert f"{missing} rows without a prediction" in notes


def test_a_file_is_read_as_the_runs_own_was(tmp_path):
    values = np.arange(200)
    frame = pd.DataFrame({"code": [f"{value % 7:03}" for value in values], "v": values % 11})
    frame["y"] = np.where(values % 7 > 3, "hi", "lo")
    frame["v"] = [f"{value},5" for value in frame["v"]]
    frame.to_csv(tmp_path / "t.csv", sep=";", index=False)
    words = ["data=csv", f"data.path={tmp_path / 't.csv'}", "data.target=y", 'data.separator=";"']
    words += ["data.categorical=[code]", "trainer.epochs=1", "trainer.progress=none"]
    run = nnexp.run([*words, f"hydra.run.dir={tmp_path / 'run'}"])
    model = nnexp.load(run.folder)
    read = model.read(tmp_path / "t.csv")
    assert read["code"].tolist() == frame["code"].tolist()
    assert read["v"].tolist() == [value % 11 + 0.5 for value in values]
    assert model.notes(read) == ["columns that the model does not use: y"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["--sep", ";"], "--separator ';'"),
        (["--sep=;"], "'--separator=;'"),
        (["--delim", "tab"], "--separator tab"),
        (["--output", "p.csv"], "--out p.csv"),
        (["--hepl"], "--help"),
        (["--quiet"], ""),
    ],
)
def test_a_flag_that_does_not_exist_is_answered_with_the_one_meant(typed, meant, capsys):
    assert predict("RUN", "t.csv", *typed) == 2
    remedy = capsys.readouterr().err.splitlines()[-1]
    assert remedy == f"try: nnexp predict RUN t.csv {meant}".rstrip()


def test_predictions_on_a_full_disk_leave_no_file(tmp_path, monkeypatch, capsys):
    frame = made(["a", "b"])
    run = train(tmp_path, frame)
    table, out = tmp_path / "train.csv", tmp_path / "p.csv"

    def full(frame, path, **options):
        Path(path).touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    assert main(["predict", str(run.folder), str(table), "-o", str(out)]) == 2
    said = capsys.readouterr().err
    assert f"error: the disk of {str(out)!r} is full" in said
    assert "allowed: room for" in said
    assert not out.exists()


def test_a_terminal_is_not_steered_by_names_of_classes(tmp_path, monkeypatch, capsys):
    frame = made(["a\x1b[31m", "b"])
    run = train(tmp_path, frame)
    words = ["predict", str(run.folder), str(tmp_path / "train.csv")]
    capsys.readouterr()
    assert main(words) == 0
    exact = capsys.readouterr().out
    assert "a\x1b[31m" in exact
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert main(words) == 0
    assert capsys.readouterr().out == exact.replace("\x1b", " ")
