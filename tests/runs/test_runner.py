"""A run's folder, its determinism, and the ways it can end."""

import json
import math
import signal
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_wine
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

import nnexp
from nnexp import UserError
from nnexp.config.compose import compose
from nnexp.runs import stack
from nnexp.runs.runner import run_in_folder
from nnexp.track.manifest import verify
from nnexp.track.status import claim, read_status

QUICK = [
    "data=wine",
    "trainer.epochs=4",
    "trainer.progress=none",
    "model.hidden=[16]",
    "threads=1",
]


def run(tmp_path, *overrides):
    return nnexp.run([*QUICK, *overrides], root=tmp_path)


@pytest.mark.diagnosed
def test_the_folder_holds_what_the_contract_says(tmp_path):
    result = run(tmp_path, "reg.l2=0.01")
    names = {path.name.partition(".out.")[0] for path in result.folder.iterdir()}
    assert names == {
        "config.yaml", "overrides.yaml", "manifest.json", "history.csv", "metrics.json",
        "model.safetensors", "preprocess.json", "preprocess.safetensors", "events", "train.log",
        "status.json", "signals.csv", "diagnosis.json",
    }  # fmt: skip
    assert read_status(result.folder) == {"status": "done", "reason": None}
    assert verify(result.folder) == []
    manifest = json.loads((result.folder / "manifest.json").read_text())
    assert manifest["seeds"] == {"split": 0, "init": 0, "batches": 0, "dropout": 0, "valid": 0}
    assert manifest["threads"] == 1
    assert manifest["data"]["rows"] == 178
    assert "reg.l2=0.01" in manifest["command"]
    history = pd.read_csv(result.folder / "history.csv")
    assert list(history.columns[:7]) == [
        "epoch", "train_loss", "train_penalty", "train_accuracy", "val_loss", "val_accuracy", "lr",
    ]  # fmt: skip
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert (history["train_penalty"] > 0).all()
    metrics = json.loads((result.folder / "metrics.json").read_text())
    assert metrics == result.metrics
    for part, rows in (("val", 36), ("test", 36)):
        assert metrics[part]["n"] == rows
        wanted = {"loss", "accuracy", "balanced_accuracy", "auc", "n", "accuracy_stderr"}
        assert wanted <= set(metrics[part])


def test_scores_are_those_of_the_saved_weights(tmp_path):
    result = run(tmp_path, "trainer.epochs=12", "optimizer.lr=0.05")
    row = result.history.set_index("epoch").loc[result.metrics["best_epoch"]]
    assert row["val_loss"] == result.history["val_loss"].min()
    assert result.metrics["val"]["loss"] == pytest.approx(row["val_loss"], rel=1e-6)
    assert result.metrics["val"]["accuracy"] == row["val_accuracy"]


@pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
def test_equal_seeds_give_equal_bytes(tmp_path, precision):
    overrides = ["reg.dropout=0.3", f"trainer.precision={precision}", "model.norm=batch"]
    one, two = run(tmp_path, *overrides), run(tmp_path, *overrides)
    assert one.folder != two.folder
    for name in ("history.csv", "model.safetensors", "metrics.json", "preprocess.json",
                 "preprocess.safetensors", "config.yaml"):  # fmt: skip
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes(), name
    other = run(tmp_path, *overrides, "seed=1")
    assert (one.folder / "history.csv").read_bytes() != (other.folder / "history.csv").read_bytes()


@pytest.mark.parametrize("purpose", ["init", "batches", "dropout", "split"])
def test_each_seed_counts_for_itself(tmp_path, purpose):
    base = run(tmp_path, "reg.dropout=0.3")
    same = run(tmp_path, "reg.dropout=0.3", f"seeds.{purpose}=0")
    other = run(tmp_path, "reg.dropout=0.3", f"seeds.{purpose}=5")
    history = (base.folder / "history.csv").read_bytes()
    assert (same.folder / "history.csv").read_bytes() == history
    assert (other.folder / "history.csv").read_bytes() != history


def test_what_is_watched_does_not_change_the_run(tmp_path):
    loud = run(tmp_path)
    quiet = run(tmp_path, "trainer.tensorboard=false")
    for name in ("history.csv", "model.safetensors"):
        assert (loud.folder / name).read_bytes() == (quiet.folder / name).read_bytes()
    assert not list(quiet.folder.glob("events*"))


def test_tensorboard_events(tmp_path):
    result = run(tmp_path)
    events = EventAccumulator(str(result.folder), size_guidance={"scalars": 0})
    events.Reload()
    tags = events.Tags()
    wanted = {
        "loss/train", "loss/val", "accuracy/train", "accuracy/val", "penalty/train", "lr",
        "gradient_norm/layers.0", "update_ratio/layers.0", "hparam/val_accuracy",
        "hparam/test_accuracy",
    }  # fmt: skip
    assert wanted <= set(tags["scalars"])
    assert {"weights/layers.0", "weights/layers.1"} <= set(tags["histograms"])
    assert {"confusion/val", "confusion/test"} <= set(tags["images"])
    values = [event.value for event in events.Scalars("loss/val")]
    np.testing.assert_allclose(values, result.history["val_loss"], rtol=1e-6)


def test_hparams_have_the_same_keys_in_every_run():
    from nnexp.config.compose import compose
    from nnexp.runs.hparams import hparams

    runs = [
        hparams(compose(overrides))
        for overrides in (
            [],
            ["model=linear", "optimizer=sgd"],
            ["data=moons", "optimizer=rmsprop", "scheduler=plateau", "reg.patience=3"],
            ["model=custom", "model._target_=torch.nn.Linear"],
        )
    ]
    assert all(list(values) == list(runs[0]) for values in runs)
    for key in runs[0]:
        kinds = {type(values[key]) for values in runs} - {type(None)}
        assert len(kinds) <= 1, key


@pytest.mark.parametrize(
    ("word", "key", "value"),
    [
        ("reg.dropout=0.5", "reg.dropout", 0.5),
        ("reg.dropout=[0.1,0.5]", "reg.dropout", None),
        ("reg.dropout=[0.1,0.5]", "reg.dropout by layer", "[0.1,0.5]"),
        ("reg.patience=3", "reg.patience", 3.0),
        ("seed=1", "reg.patience", None),
        ("seed=1", "reg.grad_clip", None),
        ("seed=1", "loss.class_weight", None),
        ("loss.class_weight=balanced", "loss.class_weight", "balanced"),
        ("data.split.folds=5 data.split.fold=2", "data.split.fold", 2.0),
    ],
)
def test_hparams_are_numbers_where_they_can_be_and_empty_where_null(word, key, value):
    from nnexp.config.compose import compose
    from nnexp.runs.hparams import hparams

    assert hparams(compose(word.split()))[key] == value


def test_a_diverging_run_says_where(tmp_path, capsys):
    result = run(tmp_path, "optimizer=sgd", "optimizer.lr=1e30")
    assert result.status == "diverged"
    assert "epoch 1" in result.reason
    assert read_status(result.folder)["status"] == "diverged"
    assert "layers." in read_status(result.folder)["reason"]
    assert result.metrics["best_epoch"] == 0
    assert math.isfinite(result.metrics["val"]["loss"])
    nnexp.load(result.folder)
    assert "diverged: epoch 1" in capsys.readouterr().err


@pytest.mark.diagnosed
def test_missing_values_passed_on_diverge_in_the_inputs(tmp_path):
    table = pd.DataFrame({"a": [1.0, 2, None, 4] * 10, "y": [0, 1] * 20})
    table.to_csv(tmp_path / "t.csv", index=False)
    result = run(
        tmp_path, "data=csv", f"data.path={tmp_path}/t.csv", "data.target=y", "data.missing=none"
    )
    assert result.status == "diverged"
    assert "inputs" in result.reason


class Interrupting(nn.Module):
    """Sends a signal to its own process once two epochs are recorded below `root`."""

    root, number = None, signal.SIGINT
    sent = False

    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x):
        history = next(self.root.rglob("history.csv"), None)
        if not self.sent and history and len(history.read_text().splitlines()) == 3:
            type(self).sent = True
            signal.raise_signal(self.number)
        return self.linear(x)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_the_best_weights(number, tmp_path, monkeypatch):
    monkeypatch.setattr(Interrupting, "number", number)
    monkeypatch.setattr(Interrupting, "root", tmp_path)
    monkeypatch.setattr(Interrupting, "sent", False)
    before = signal.getsignal(number)
    monkeypatch.setattr(torch, "Interrupting", Interrupting, raising=False)
    overrides = [o for o in QUICK if not o.startswith("model.")]
    result = nnexp.run(
        [*overrides, "model=custom", "model._target_=torch.Interrupting"], root=tmp_path
    )
    assert result.status == "interrupted"
    assert result.reason == "stopped after 2 epochs"
    assert len(result.history) == 2
    assert result.metrics["best_epoch"] in (1, 2)
    assert read_status(result.folder)["status"] == "interrupted"
    assert signal.getsignal(number) == before


def test_a_mistake_leaves_its_reason(tmp_path):
    with pytest.raises(UserError) as caught:
        run(tmp_path, "data=csv", f"data.path={tmp_path}/none.csv", "data.target=y")
    (folder,) = [path.parent for path in tmp_path.rglob("status.json")]
    status = read_status(folder)
    assert status["status"] == "failed"
    assert status["reason"] == caught.value.wrong


def test_a_bug_leaves_its_traceback_in_the_log(tmp_path, monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(stack, "fit", broken)
    with pytest.raises(ZeroDivisionError):
        run(tmp_path)
    (folder,) = [path.parent for path in tmp_path.rglob("status.json")]
    assert read_status(folder)["reason"] == "ZeroDivisionError: oops"
    assert "Traceback" in (folder / "train.log").read_text()


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is there")
def test_cuda_asked_for_and_absent(tmp_path):
    with pytest.raises(UserError, match="device=cuda") as caught:
        run(tmp_path, "device=cuda")
    assert caught.value.remedy == "device=auto"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_cuda_trains_like_the_cpu(tmp_path):
    gpu = run(tmp_path, "device=cuda", "reg.dropout=0.2")
    again = run(tmp_path, "device=cuda", "reg.dropout=0.2")
    cpu = run(tmp_path, "device=cpu", "reg.dropout=0.2")
    assert (gpu.folder / "history.csv").read_bytes() == (again.folder / "history.csv").read_bytes()
    np.testing.assert_allclose(gpu.history["val_loss"], cpu.history["val_loss"], rtol=1e-3)


def test_history_plots(tmp_path):
    figure = run(tmp_path).history.plot()
    assert len(figure.axes) == 2


class OneWide(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, 1)

    def forward(self, x):
        return self.linear(x)


def test_a_users_module_of_another_width_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "OneWide", OneWide, raising=False)
    overrides = [o for o in QUICK if not o.startswith("model.")]
    with pytest.raises(UserError, match="outputs"):
        nnexp.run([*overrides, "model=custom", "model._target_=torch.OneWide"], root=tmp_path)


class Masked(torch.nn.Module):
    """Attends to two of three parts; the third is masked by minus infinity."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.scores = torch.nn.Linear(inputs, 3)
        self.linear = torch.nn.Linear(inputs, 3 * outputs)
        self.register_buffer("mask", torch.tensor([0.0, 0.0, -torch.inf]))

    def forward(self, x):
        shares = torch.softmax(self.scores(x) + self.mask, -1).unsqueeze(-1)
        return (self.linear(x).unflatten(-1, (3, -1)) * shares).sum(-2)


def test_a_buffer_of_a_users_module_may_be_infinite(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "Masked", Masked, raising=False)
    overrides = [o for o in QUICK if not o.startswith("model.")]
    words = [*overrides, "model=custom", "model._target_=torch.Masked"]
    done = nnexp.run(words, root=tmp_path)
    assert (done.status, done.reason) == ("done", None)
    model = nnexp.load(done.folder, trust=True)
    assert len(model.predict(load_wine(as_frame=True).data)) == 178


@pytest.mark.parametrize("part", ["val", "test"])
def test_rows_that_all_weigh_nothing_make_no_run_diverge(tmp_path, part):
    table = tmp_path / "t.csv"
    rows = [f"{n % 7},{'ab'[n % 2]},train" for n in range(40)]
    rows += [f"{n % 7},a,{'valid' if part == 'val' else 'test'}" for n in range(9)]
    rows += [f"{n % 7},{'ab'[n % 2]},{'test' if part == 'val' else 'valid'}" for n in range(8)]
    table.write_text("\n".join(["x,y,part", *rows]) + "\n")
    words = [f"data.path={table}", "data.target=y", "data.split.method=column"]
    quick = [word for word in QUICK if not word.startswith("data")]
    done = nnexp.run(
        [*quick, "data=csv", *words, "data.split.by=part", "loss.class_weight=[0,1]"],
        root=tmp_path / "runs",
    )
    assert done.status == "done"
    assert done.metrics[part]["loss"] == 0


def test_two_runs_that_begin_at_once_do_not_share_a_folder(tmp_path):
    config, folder = compose(QUICK), tmp_path / "same"
    folder.mkdir()
    assert claim(folder)
    assert not claim(folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UserError, match="holds a run already"):
        run_in_folder(config, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("hydra.run.dir='my run'", "my run"),
        ("++hydra.run.dir=mine", "mine"),
        ("hydra.run.dir=of_${now:%Y}", f"of_{datetime.now():%Y}"),
    ],
)
def test_the_folder_is_named_as_on_the_command_line(word, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert nnexp.run([*QUICK, word]).folder == Path(name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_monitor_that_nothing_goes_by_needs_no_rows(tmp_path):
    words = ["data=iris", "data.split.valid=0", "trainer.checkpoint=last", "trainer.epochs=1"]
    assert nnexp.run([*words, "trainer.progress=none"], root=tmp_path).status == "done"
