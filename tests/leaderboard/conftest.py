"""Runs without training: records as data, and folders that hold just what is read."""

import json

import pytest

from nnexp.leaderboard.records import Record

CONFIG = {
    "seed": 0,
    "seeds.split": 0,
    "device": "auto",
    "threads": "auto",
    "data.name": "iris",
    "data.split.method": "random",
    "data.split.test": 0.2,
    "data.split.valid": 0.2,
    "model.name": "mlp",
    "model.hidden": [64, 64],
    "reg.l2": 0.0,
    "optimizer.name": "adam",
    "optimizer.lr": 0.001,
    "loss.name": "cross_entropy",
    "trainer.batch_size": 32,
    "trainer.progress": "auto",
}


def part(loss, accuracy, n):
    scores = {"loss": loss, "accuracy": accuracy, "balanced_accuracy": accuracy, "auc": None}
    return {**scores, "n": n, "loss_stderr": 0.03, "accuracy_stderr": 0.04}


@pytest.fixture
def make(tmp_path):
    """A record: its number, its validation loss, changes of the configuration."""

    def record(number, loss=0.5, /, *, accuracy=0.9, test=0.6, status="done", reason=None, **more):
        config = {**CONFIG, **{key.replace("__", "."): value for key, value in more.items()}}
        metrics = {"best_epoch": 3, "val": part(loss, accuracy, 30), "test": None}
        if test is not None:
            metrics["test"] = part(test, accuracy - 0.1, 40)
        name = str(number)
        return Record(tmp_path / name, name, status, reason, config, metrics)

    return record


@pytest.fixture
def write(tmp_path):
    """A run folder on the disk, of plain files."""

    def folder(name, *, config="seed: 0\noptimizer:\n  name: adam\n  lr: 0.001\n", **files):
        path = tmp_path / name
        path.mkdir(parents=True)
        status = {"status": "done", "reason": None}
        metrics = {"best_epoch": 1, "val": part(0.5, 0.9, 30), "test": part(0.6, 0.8, 40)}
        for file, content in {"status": status, "metrics": metrics, **files}.items():
            if content is not None:
                text = content if isinstance(content, str) else json.dumps(content)
                (path / f"{file}.json").write_text(text, encoding="utf-8")
        if config is not None:
            (path / "config.yaml").write_text(config, encoding="utf-8")
        return path

    return folder
