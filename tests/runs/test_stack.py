"""A member's files, byte for byte, among others and alone; and how members leave a stack."""

import json
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnexp.config.check import check_settings
from nnexp.config.schema.config import Config
from nnexp.config.schema.loss import LossConfig
from nnexp.config.schema.model import LinearConfig, MLPConfig
from nnexp.config.schema.optimizer import AdamConfig, AdamWConfig, RMSpropConfig, SGDConfig
from nnexp.config.schema.regularizer import RegConfig
from nnexp.config.schema.scheduler import (
    ConstantSchedulerConfig,
    CosineSchedulerConfig,
    OneCycleSchedulerConfig,
    PlateauSchedulerConfig,
    StepSchedulerConfig,
)
from nnexp.config.schema.seeds import SeedsConfig
from nnexp.config.schema.sources import CsvConfig, MoonsConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.config.schema.trainer import TrainerConfig
from nnexp.data import Tables
from nnexp.runs import stack
from nnexp.runs.runner import run_in_folder
from nnexp.runs.stack import RunStack
from nnexp.runs.task import Task, begin_run
from nnexp.sweep.grouping import group, traits
from nnexp.track.manifest import read_manifest

FILES = (
    "model.safetensors",
    "metrics.json",
    "history.csv",
    "status.json",
    "preprocess.json",
    "preprocess.safetensors",
    "config.yaml",
)


@pytest.fixture(autouse=True)
def origin(monkeypatch):
    """Commit and versions are of no account here, and asking for them takes most of a run."""
    monkeypatch.setattr("nnexp.track.manifest.gather", dict)


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    """71 rows: numbers, some missing, two columns of categories, three classes."""
    rng = np.random.default_rng(0)
    labels = rng.choice(list("abc"), 71, p=[0.5, 0.3, 0.2])
    frame = pd.DataFrame(rng.normal(size=(71, 3)), columns=["x", "y", "z"])
    frame["x"] += np.where(labels == "a", 2, 0)
    frame.loc[rng.random(71) < 0.1, "y"] = np.nan
    frame["colour"] = rng.choice(["red", "green", "blue"], 71)
    frame["size"] = np.where(labels == "c", "large", rng.choice(["small", "large"], 71))
    frame["label"] = labels
    path = tmp_path_factory.mktemp("table") / "table.csv"
    frame.to_csv(path, index=False)
    return str(path)


def number(*values):
    return st.sampled_from(values)


RATE = number(0.0, 0.0, 0.1, 0.5, 0.9)


def optimizer_of(draw, kind, flags):
    lr = draw(number(0.0, 1e-3, 0.01, 0.05, 0.3, 1e30))
    decay = draw(number(0.0, 0.0, 0.01, 0.3))
    if kind is SGDConfig:
        nesterov = flags["nesterov"]
        momentum = draw(number(0.5, 0.9) if nesterov else number(0.0, 0.5, 0.9))
        dampening = 0.0 if nesterov else draw(number(0.0, 0.0, 0.3))
        return SGDConfig(lr=lr, weight_decay=decay, momentum=momentum, dampening=dampening, **flags)
    if kind is RMSpropConfig:
        alpha, momentum = draw(number(0.5, 0.9, 0.99)), draw(number(0.0, 0.5))
        eps = draw(number(1e-8, 1e-3))
        return RMSpropConfig(
            lr=lr, weight_decay=decay, alpha=alpha, momentum=momentum, eps=eps, **flags
        )
    betas = draw(number([0.9, 0.999], [0.5, 0.9], [0.0, 0.99]))
    return kind(lr=lr, weight_decay=decay, betas=betas, eps=draw(number(1e-8, 1e-3)), **flags)


FLAGS = {
    SGDConfig: ("nesterov", "maximize"),
    AdamConfig: ("amsgrad", "decoupled_weight_decay", "maximize"),
    AdamWConfig: ("amsgrad", "maximize"),
    RMSpropConfig: ("centered", "maximize"),
}


def schedule_of(draw, kind):
    common = {"warmup": draw(number(0.0, 0.0, 0.5, 2.0))}
    numbers = {
        ConstantSchedulerConfig: {},
        StepSchedulerConfig: {"step_size": number(1, 2), "gamma": number(0.1, 0.5)},
        CosineSchedulerConfig: {"min_factor": number(0.0, 0.2)},
        OneCycleSchedulerConfig: {"peak": number(0.1, 0.5), "div_factor": number(2.0, 25.0)},
        PlateauSchedulerConfig: {
            "factor": number(0.1, 0.5),
            "patience": number(0, 1),
            "cooldown": number(0, 1),
            "threshold": number(0.0, 0.3),
        },
    }
    return kind(**common, **{name: draw(of) for name, of in numbers[kind].items()})


LOSSES = {  # and the outputs that may follow each
    "cross_entropy": ("logits", "tanh"),
    "nll": ("log_softmax", "softmax"),
    "bce": ("sigmoid", "softmax"),
    "bce_with_logits": ("logits",),
    "mse": ("sigmoid", "relu", "logits"),
    "mae": ("logits",),
}


@st.composite
def sweeps(draw, path):
    """Configurations that share all traits of a stack and differ in what members may."""
    loss = draw(st.sampled_from(sorted(LOSSES)))
    smooth = loss not in ("mse", "mae")
    output = draw(st.sampled_from(LOSSES[loss]))
    weights = draw(st.sampled_from([None, "balanced"]))
    reduction = draw(st.sampled_from(["mean", "sum"]))
    hidden = draw(st.sampled_from([[], [7], [8, 8], [16, 5]]))
    look = {
        "activation": draw(st.sampled_from(["relu", "gelu", "tanh", "selu", "silu"])),
        "norm": draw(st.sampled_from(["none", "none", "batch", "layer"])),
        "skip": hidden == [8, 8] and draw(st.booleans()),
    }
    init = draw(st.sampled_from(["auto", "torch", "orthogonal", "normal"]))
    kind = draw(st.sampled_from(list(FLAGS)))
    flags = {name: draw(st.sampled_from([False, False, True])) for name in FLAGS[kind]}
    schedule = draw(
        st.sampled_from(
            [
                ConstantSchedulerConfig,
                StepSchedulerConfig,
                CosineSchedulerConfig,
                OneCycleSchedulerConfig,
                PlateauSchedulerConfig,
            ]
        )
    )
    trainer = {
        "batch_size": draw(st.sampled_from([5, 6, 16, 100])),  # of 43 rows 6 leave one over
        "shuffle": draw(st.sampled_from([True, True, False])),
        "monitor": draw(
            st.sampled_from(["val_loss", "val_accuracy", "train_loss", "train_accuracy"])
        ),
        "checkpoint": draw(st.sampled_from(["best", "last"])),
        "precision": draw(st.sampled_from(["float32", "float32", "float64", "bfloat16"])),
    }
    source = draw(st.sampled_from(["csv", "csv", "moons"]))
    encoding = draw(st.sampled_from(["onehot", "embedding"]))
    folds = draw(st.sampled_from([None, 3]))
    configs = []
    for _ in range(draw(st.integers(2, 5))):
        split = SplitConfig(folds=folds, fold=None if folds is None else draw(st.integers(0, 2)))
        scaling = draw(st.sampled_from(["standard", "minmax", "robust", "none"]))
        data = MoonsConfig(rows=60, scaling=scaling, split=split)
        if source == "csv":
            data = CsvConfig(
                path=path, target="label", scaling=scaling, encoding=encoding, split=split
            )
        names = {"init": init, "embedding_size": 3}
        model = MLPConfig(output=output, hidden=hidden, **look, **names)
        if not hidden:
            model = LinearConfig(output=output, **names)
        seed = st.one_of(st.none(), st.integers(0, 3))
        dropout = draw(RATE)
        if len(hidden) > 1 and draw(st.booleans()):
            dropout = [draw(RATE) for _ in hidden]
        config = Config(
            seed=draw(st.integers(0, 3)),
            seeds=SeedsConfig(init=draw(seed), batches=draw(seed), dropout=draw(seed)),
            device="cpu",
            threads=1,
            data=data,
            model=model,
            reg=RegConfig(
                l1=draw(number(0.0, 1e-3)),
                l2=draw(number(0.0, 1e-2)),
                weight_decay=draw(number(0.0, 0.1)),
                dropout=dropout if hidden else 0.0,
                input_dropout=draw(RATE),
                label_smoothing=draw(number(0.0, 0.1)) if smooth else 0.0,
                grad_clip=draw(number(None, 0.1, 2.0)),
                patience=draw(number(None, None, 1, 2)),
                min_delta=draw(number(0.0, 0.0, 0.1)),
            ),
            optimizer=optimizer_of(draw, kind, flags),
            scheduler=schedule_of(draw, schedule),
            loss=LossConfig(name=loss, reduction=reduction, class_weight=weights),
            trainer=TrainerConfig(
                epochs=draw(st.integers(1, 4)), tensorboard=False, progress="none", **trainer
            ),
        )
        check_settings(config)
        configs.append(config)
    return configs


def trained(configs, folders, tables):
    """Train members in folders of their own, as few stacks as they fit into."""
    datasets = [tables.prepare(config.data, config.seeds.split) for config in configs]
    found = [traits(config, own.shape) for config, own in zip(configs, datasets, strict=True)]
    for own in group(found):
        tasks = [Task(configs[k], folders[k]) for k in own.places]
        for task in tasks:
            task.folder.mkdir()
            begin_run(task)
        RunStack(tasks, [datasets[k] for k in own.places]).train(1)


def contents(folder):
    return {name: (folder / name).read_bytes() for name in FILES}


def differing(configs, order, cut, folder, tables):
    """Train members in two lots and each alone; the (member, file) pairs that are not equal."""
    for part in (order[:cut], order[cut:]):
        if part:
            chosen = [configs[k] for k in part]
            trained(chosen, [folder / f"among-{k}" for k in part], tables)
    found = []
    for k, config in enumerate(configs):
        alone = folder / f"alone-{k}"
        alone.mkdir()
        run_in_folder(config, alone)
        one, other = contents(folder / f"among-{k}"), contents(alone)
        found += [(k, name) for name in FILES if one[name] != other[name]]
    return found


def test_every_members_files_are_those_of_the_run_alone(csv, tmp_path_factory):
    tables = Tables()

    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(sweeps(csv), st.data())
    def compare(configs, data):
        order = data.draw(st.permutations(range(len(configs))))
        cut = data.draw(st.integers(1, len(configs)))
        folder = tmp_path_factory.mktemp("sweep")
        assert differing(configs, order, cut, folder, tables) == []

    compare()


def plain(csv, **changed):
    trainer = {"epochs": 3, "batch_size": 100, "tensorboard": False, "progress": "none"}
    trainer.update(changed.pop("trainer", {}))
    given = {
        "device": "cpu",
        "threads": 1,
        "data": CsvConfig(path=csv, target="label"),
        "optimizer": SGDConfig(lr=0.01),
        "trainer": TrainerConfig(**trainer),
    }
    return Config(**{**given, **changed})


def with_rate(config, lr):
    return replace(config, optimizer=replace(config.optimizer, lr=lr))


FOUND = {  # each was once rounded by how many members there are
    "a power of one step": {
        "model": LinearConfig(output="sigmoid"),
        "loss": LossConfig(name="bce"),
        "optimizer": RMSpropConfig(alpha=0.5),
        "scheduler": StepSchedulerConfig(step_size=1, gamma=0.1),
    },
    "a gradient of another layout": {"model": LinearConfig(output="tanh")},
    "a batch of one row": {"model": MLPConfig(hidden=[20, 64]), "trainer": {"batch_size": 6}},
    "small products of bfloat16": {
        "model": MLPConfig(hidden=[8, 8], skip=True),
        "trainer": {"batch_size": 50, "precision": "bfloat16", "epochs": 20},
    },
}


@pytest.mark.parametrize("case", list(FOUND))
def test_cases_that_were_found(case, csv, tmp_path):
    config = plain(csv, **FOUND[case])
    rates = (0.0, 0.001, 0.3)
    assert (
        differing([with_rate(config, lr) for lr in rates], [0, 2, 1], 3, tmp_path, Tables()) == []
    )


def test_members_that_diverge_or_stop_leave_without_touching_the_others(csv, tmp_path):
    config = plain(csv, trainer={"epochs": 6}, model=MLPConfig(hidden=[8]))
    configs = [
        config,
        with_rate(config, 1e30),
        replace(config, reg=RegConfig(patience=1, min_delta=10.0)),
        replace(config, seed=1, trainer=replace(config.trainer, epochs=4)),
        replace(config, seed=2),
    ]
    assert differing(configs, [4, 1, 3, 2, 0], 5, tmp_path, Tables()) == []
    ends = []
    for k in range(5):
        folder = tmp_path / f"among-{k}"
        status = json.loads((folder / "status.json").read_text())
        epochs = len((folder / "history.csv").read_text().splitlines()) - 1
        ends.append((status["status"], epochs))
    assert ends[0] == ends[4] == ("done", 6)
    assert ends[1][0] == "diverged"
    assert ends[2:4] == [("done", 2), ("done", 4)]


def test_infinite_sums_beside_dropout_are_what_they_are_alone(csv, tmp_path):
    wild = MLPConfig(hidden=[3], init_scale=1e37, bias_init=-3.4e38)
    config = plain(csv, model=wild)
    rates = (0.0, 0.3)
    configs = [
        replace(config, seed=seed, reg=RegConfig(dropout=rate))
        for seed in range(6)
        for rate in rates
    ]
    assert differing(configs, list(range(12)), 12, tmp_path, Tables()) == []
    ends = [
        json.loads((tmp_path / f"among-{k}" / "status.json").read_text())["status"]
        for k in range(12)
    ]
    assert "done" in ends[::2]


def test_a_run_waits_for_the_disk_and_those_of_a_sweep_do_not(csv, tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    config = plain(csv, trainer={"epochs": 1})
    trained([config], [tmp_path / "alone"], Tables())
    assert len(synced) > 5
    synced.clear()
    trained([config, replace(config, seed=1)], [tmp_path / "a", tmp_path / "b"], Tables())
    assert synced == []


def test_the_manifest_says_what_multiplied(csv, tmp_path, monkeypatch):
    config = plain(csv, trainer={"epochs": 1})
    for name, library in (("quick", lambda: object()), ("slow", lambda: None)):
        monkeypatch.setattr(stack, "openblas", library)
        trained([config], [tmp_path / name], Tables())
    double = replace(config, trainer=replace(config.trainer, precision="float64"))
    monkeypatch.setattr(stack, "openblas", lambda: object())
    trained([double], [tmp_path / "double"], Tables())
    told = [read_manifest(tmp_path / name)["products"] for name in ("quick", "slow", "double")]
    assert told == ["openblas", "torch", "torch"]
