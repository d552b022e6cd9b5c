"""Every option of every group, and every choice of every key, trains for an epoch."""

import dataclasses
import math

import pytest

import nnexp
from nnexp.config.schema import OPTIONS, Config, LossConfig, MLPConfig

QUICK = [
    "data=wine",
    "trainer.epochs=1",
    "trainer.progress=none",
    "trainer.tensorboard=false",
    "model.hidden=[8, 8]",
    "threads=1",
]
NEEDS_FILES = {"csv", "idx", "openml"}  # run with files of their own in tests/test_sources.py


def train(tmp_path, *overrides):
    result = nnexp.run([*QUICK, *overrides], root=tmp_path)
    assert result.status == "done", result.reason
    assert math.isfinite(result.metrics["val"]["loss"])
    return result


@pytest.mark.parametrize("name", [n for n in OPTIONS["data"] if n not in NEEDS_FILES])
def test_data(tmp_path, name):
    assert train(tmp_path, f"data={name}").metrics["test"]["n"] > 0


@pytest.mark.parametrize("name", ["mlp", "linear"])
def test_model(tmp_path, name):
    overrides = [o for o in QUICK if not o.startswith("model.")]
    result = nnexp.run([*overrides, f"model={name}"], root=tmp_path)
    assert result.status == "done"


@pytest.mark.parametrize("name", list(OPTIONS["optimizer"]))
def test_optimizer(tmp_path, name):
    train(tmp_path, f"optimizer={name}")


@pytest.mark.parametrize("name", list(OPTIONS["scheduler"]))
def test_scheduler(tmp_path, name):
    train(tmp_path, f"scheduler={name}", "scheduler.warmup=0.5")


@pytest.mark.parametrize(
    "name",
    ["none", "l1", "l2", "elastic", "dropout", "weight_decay", "early_stopping", "combined"],
)
def test_regularizer(tmp_path, name):
    train(tmp_path, f"regularizer={name}")


@pytest.mark.parametrize("name", ["default", "quick", "full"])
def test_trainer(tmp_path, name):
    train(tmp_path, f"trainer={name}")


def choices(schema, prefix):
    return [
        f"{prefix}.{field.name}={choice}"
        for field in dataclasses.fields(schema)
        for choice in field.metadata.get("choices", ())
    ]


@pytest.mark.parametrize("override", choices(MLPConfig, "model"))
def test_choices_of_the_model(tmp_path, override):
    train(tmp_path, override)


@pytest.mark.parametrize("table", ["wine", "breast_cancer"])
@pytest.mark.parametrize("loss", list(OPTIONS["loss"]))
def test_every_loss_with_every_output(tmp_path, table, loss):
    for output in next(f for f in dataclasses.fields(MLPConfig) if f.name == "output").metadata[
        "choices"
    ]:
        train(tmp_path, f"data={table}", f"loss={loss}", f"model.output={output}")


@pytest.mark.parametrize(
    "overrides",
    [
        *[[o] for o in choices(LossConfig, "loss") if "name" not in o],
        *[[o] for o in choices(type(Config().trainer), "trainer") if "progress" not in o],
        ["loss.class_weight=balanced"],
        ["loss.class_weight=[1, 2, 0.5]"],
        ["loss.scale=-1"],
        ["reg.input_dropout=0.2", "reg.dropout=[0.1, 0.5]"],
        ["reg.grad_clip=0.1", "reg.label_smoothing=0.1"],
        ["reg.l1=0.001", "reg.l2=0.001", "reg.weight_decay=0.1"],
        ["model.skip=true", "model.norm=batch", "model.bias_init=0.1", "model.init_scale=2"],
        ["optimizer=sgd", "optimizer.nesterov=true"],
        ["optimizer=rmsprop", "optimizer.centered=true", "optimizer.momentum=0.5"],
        ["optimizer.amsgrad=true", "optimizer.betas=[0.8, 0.9]"],
        ["trainer.shuffle=false", "trainer.batch_size=1000"],
        ["data.split.valid=0", "trainer.monitor=train_loss"],
        ["data.split.test=0"],
        ["threads=2"],
        ["seeds.split=1", "seeds.init=2", "seeds.batches=3", "seeds.dropout=4"],
    ],
    ids=" ".join,
)
def test_further_keys(tmp_path, overrides):
    result = nnexp.run([*QUICK, *overrides], root=tmp_path)
    assert result.status == "done", result.reason
