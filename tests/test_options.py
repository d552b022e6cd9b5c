"""Every option of every group, and every choice of every key, trains for an epoch."""

import dataclasses
import gzip
import math
import struct

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.config.schema.config import Config
from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.loss import LossConfig
from nnexp.config.schema.model import MLPConfig
from nnexp.config.schema.options import OPTIONS

QUICK = [
    "data=wine",
    "trainer.epochs=1",
    "trainer.progress=none",
    "trainer.tensorboard=false",
    "model.hidden=[8, 8]",
    "threads=1",
]
NEEDS_FILES = {"csv", "idx", "openml"}


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


@pytest.mark.matrix(14)
@pytest.mark.parametrize("override", choices(MLPConfig, "model"))
def test_choices_of_the_model(tmp_path, override):
    train(tmp_path, override)


@pytest.mark.matrix(6)
@pytest.mark.parametrize("table", ["wine", "breast_cancer"])
@pytest.mark.parametrize("loss", list(OPTIONS["loss"]))
def test_every_loss_with_every_output(tmp_path, table, loss):
    for output in next(f for f in dataclasses.fields(MLPConfig) if f.name == "output").metadata[
        "choices"
    ]:
        train(tmp_path, f"data={table}", f"loss={loss}", f"model.output={output}")


@pytest.mark.matrix(13)
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


@pytest.fixture
def table(tmp_path):
    """A CSV of numbers with missing cells, categories, a group, a time and a part."""
    rng = np.random.default_rng(0)
    rows = 150
    y = rng.integers(0, 2, rows)
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=rows) + y,
            "b": rng.normal(size=rows),
            "kind": np.array(["x", "y", "z"])[rng.integers(0, 3, rows)],
            "who": np.arange(rows) // 10,
            "when": np.arange(rows),
            "part": np.array(["train", "train", "train", "valid", "test"])[np.arange(rows) % 5],
            "target": np.array(["no", "yes"])[y],
        }
    )
    frame.loc[::6, "a"] = np.nan
    frame.loc[::9, "kind"] = "?"
    frame.to_csv(tmp_path / "table.csv", index=False)
    return ["data=csv", f"data.path={tmp_path / 'table.csv'}", "data.target=target"]


@pytest.mark.matrix(10)
@pytest.mark.parametrize(
    "override",
    [o for o in choices(DataConfig, "data") if "labels" not in o and o != "data.missing=none"],
)
def test_choices_of_the_data(tmp_path, table, override):
    train(tmp_path, *table, override)


@pytest.mark.matrix(6)
@pytest.mark.parametrize(
    "overrides",
    [
        ["data.split.method=random", "data.split.stratify=false"],
        ["data.split.method=random", "data.split.shuffle=false"],
        ["data.split.method=group", "data.split.by=who"],
        ["data.split.method=time", "data.split.by=when"],
        ["data.split.method=column", "data.split.by=part"],
        ["data.missing=constant", "data.fill_value=-1", "data.indicator=false"],
        ["data.missing=knn", "data.neighbors=2"],
        ["data.missing=embedding", "data.encoding=embedding", "model.embedding_size=3"],
        ["data.min_frequency=40", "data.drop=[b]", "data.categorical=[who]"],
        ["data.missing_tokens=[x]"],
        ['data.sentinels=["who=3"]', "data.missing=knn"],
        ["data.duplicates=drop", "data.split.method=column", "data.split.by=part"],
    ],
    ids=" ".join,
)
def test_further_keys_of_the_data(tmp_path, table, overrides):
    train(tmp_path, *table, *overrides)


@pytest.mark.parametrize("ending", ["tsv", "csv.gz", "parquet", "feather"])
def test_table_formats(tmp_path, table, ending):
    frame = pd.read_csv(tmp_path / "table.csv")
    path = tmp_path / f"table.{ending}"
    if ending in ("parquet", "feather"):
        getattr(frame, f"to_{ending}")(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if ending == "tsv" else ",")
    train(tmp_path, *table, f"data.path={path}")


def test_raw_labels(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 100)
    for values in ([-1, 1], [1, 2]):
        frame = pd.DataFrame({"a": rng.normal(size=100) + y, "y": np.array(values)[y]})
        frame.to_csv(tmp_path / "t.csv", index=False)
        own = ["data=csv", f"data.path={tmp_path}/t.csv", "data.target=y", "data.labels=raw"]
        for loss in ("bce_with_logits", "bce", "mse", "mae"):
            train(tmp_path, *own, f"loss={loss}")
        with pytest.raises(nnexp.UserError, match="raw labels"):
            train(tmp_path, *own)  # cross_entropy: -1 or 2 numbers no output
    result = train(tmp_path, *own, "model.outputs=3")
    assert result.metrics["val"]["n"] == 20


def test_idx(tmp_path):
    rng = np.random.default_rng(0)
    for part, count in (("train", 100), ("t10k", 30)):
        labels = rng.integers(0, 3, count).astype(np.uint8)
        images = (rng.integers(0, 99, (count, 4, 4)) + 50 * labels[:, None, None]).astype(np.uint8)
        with gzip.open(tmp_path / f"{part}-images-idx3-ubyte.gz", "wb") as file:
            file.write(struct.pack(">IIII", 0x803, count, 4, 4) + images.tobytes())
        with gzip.open(tmp_path / f"{part}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(struct.pack(">II", 0x801, count) + labels.tobytes())
    result = train(tmp_path, "data=idx", f"data.path={tmp_path}")
    assert result.metrics["test"]["n"] == 30
    own = [f"data.path={tmp_path}", "trainer.epochs=1", "trainer.progress=none"]
    assert nnexp.run(["experiment=fashion_mnist", *own], root=tmp_path).status == "done"


def test_openml(tmp_path, monkeypatch):
    import sklearn.datasets
    from sklearn.datasets import load_iris

    def fetch(**arguments):
        assert arguments["data_id"] == 61
        bunch = load_iris(as_frame=True)
        bunch["target"] = bunch["target"].astype(str)
        return bunch

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    assert train(tmp_path, "data=openml", "data.id=61").metrics["test"]["n"] == 30


@pytest.mark.parametrize("name", ["negative_loss", "overfit", "unscaled"])
def test_experiments(tmp_path, name):
    own = ["trainer.epochs=2", "trainer.progress=none", "trainer.tensorboard=false"]
    result = nnexp.run([f"experiment={name}", *own], root=tmp_path)
    assert result.status == "done"
    if name == "negative_loss":
        assert (result.history["train_loss"].between(-1, 0)).all()
