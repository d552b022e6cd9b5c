"""Members parked on disk between epochs, and taken up beside others, end as if never disturbed."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from nnexp.config.check import check_settings
from nnexp.config.schema.config import Config
from nnexp.config.schema.model import MLPConfig
from nnexp.config.schema.optimizer import AdamConfig, AdamWConfig, RMSpropConfig, SGDConfig
from nnexp.config.schema.regularizer import RegConfig
from nnexp.config.schema.scheduler import (
    ConstantSchedulerConfig,
    CosineSchedulerConfig,
    OneCycleSchedulerConfig,
    PlateauSchedulerConfig,
    StepSchedulerConfig,
)
from nnexp.config.schema.sources import MoonsConfig
from nnexp.config.schema.trainer import TrainerConfig
from nnexp.data import Tables
from nnexp.runs.checkpoint import remove
from nnexp.runs.parking import FILE, read_parked, write_parked
from nnexp.runs.stack import RunStack
from nnexp.runs.task import Run, Task, begin_run
from nnexp.train.parked import Parked

FILES = ("model.safetensors", "metrics.json", "history.csv", "status.json", "preprocess.json")
TABLES = Tables()


@pytest.fixture(autouse=True)
def origin(monkeypatch):
    """Commit and versions are of no account here, and asking for them takes most of a run."""
    monkeypatch.setattr("nnexp.track.manifest.gather", dict)


# of four members each; momentum is there for some of them only
OPTIMIZERS = {
    "sgd": [SGDConfig(lr=lr, momentum=m) for lr, m in ((0.1, 0.0), (0.3, 0.9), (1.0, 0.0), (3, 0))],
    "adam": [AdamConfig(lr=lr, amsgrad=True) for lr in (0.003, 0.01, 0.03, 0.1)],
    "adamw": [AdamWConfig(lr=lr, weight_decay=0.1) for lr in (0.003, 0.01, 0.03, 0.1)],
    "rmsprop": [
        RMSpropConfig(lr=lr, momentum=m, centered=True)
        for lr, m in ((0.001, 0.0), (0.003, 0.9), (0.01, 0.0), (0.03, 0.5))
    ],
}
SCHEDULES = {
    "constant": ConstantSchedulerConfig(),
    "step": StepSchedulerConfig(step_size=1, gamma=0.7, warmup=1.5),
    "cosine": CosineSchedulerConfig(),
    "one_cycle": OneCycleSchedulerConfig(),
    "plateau": PlateauSchedulerConfig(patience=0, cooldown=1, factor=0.5),
}


def members(optimizer, schedule, checkpoint):
    """Four configurations of one stack; one stops early, one is shorter than the others."""
    trainer = TrainerConfig(
        epochs=7, batch_size=10, checkpoint=checkpoint, tensorboard=False, progress="none"
    )
    plain = Config(
        device="cpu",
        threads=1,
        data=MoonsConfig(rows=70),
        model=MLPConfig(hidden=[6], norm="batch"),
        scheduler=SCHEDULES[schedule],
        trainer=trainer,
    )
    configs = [replace(plain, seed=k, optimizer=own) for k, own in enumerate(OPTIMIZERS[optimizer])]
    configs[0] = replace(configs[0], reg=RegConfig(dropout=0.3, input_dropout=0.1))
    configs[1] = replace(configs[1], trainer=replace(trainer, epochs=5))
    configs[2] = replace(configs[2], reg=RegConfig(patience=3, min_delta=0.05))
    for config in configs:
        check_settings(config)
    return configs


def stack_of(configs, folders):
    tasks = [Task(*pair) for pair in zip(configs, folders, strict=True)]
    datasets = [TABLES.prepare(config.data, config.seeds.split) for config in configs]
    return RunStack(tasks, datasets)


def begun(configs, folders):
    for config, folder in zip(configs, folders, strict=True):
        folder.mkdir()
        begin_run(Task(config, folder))


@pytest.mark.matrix(8)
@pytest.mark.parametrize(
    ("optimizer", "schedule", "checkpoint"),
    [*itertools.product(OPTIMIZERS, SCHEDULES, ["best"]), ("adam", "plateau", "last")],
)
def test_a_parked_member_ends_like_one_never_disturbed(optimizer, schedule, checkpoint, tmp_path):
    configs = members(optimizer, schedule, checkpoint)
    straight = [tmp_path / f"straight-{k}" for k in range(4)]
    begun(configs, straight)
    stack_of(configs, straight).train(1)

    folders = [tmp_path / f"parked-{k}" for k in range(4)]
    begun(configs, folders)
    alive, parked = {0, 1, 2, 3}, 0
    # with other neighbours from rung to rung
    for until, lots in ((2, [[0], [1, 3, 2]]), (4, [[2, 0, 1], [3]]), (None, [[3, 1], [0, 2]])):
        for lot in lots:
            chosen = [k for k in lot if k in alive]
            if not chosen:
                continue
            stack = stack_of([configs[k] for k in chosen], [folders[k] for k in chosen])
            start = [read_parked(folders[k]) for k in chosen] if until != 2 else []
            for k, result in zip(chosen, stack.train(1, start=start, until=until), strict=True):
                if isinstance(result, Run):
                    alive.remove(k)
                    remove(folders[k])
                else:
                    write_parked(folders[k], result)
                    parked += 1
    assert not alive
    assert parked >= 6  # two rungs of four members, of which one may have stopped early
    for one, other in zip(straight, folders, strict=True):
        for name in FILES:
            assert (one / name).read_bytes() == (other / name).read_bytes(), (one.name, name)
        assert not (other / FILE).parent.exists()


def test_what_is_parked_is_read_back_as_it_was(tmp_path):
    parked = Parked(
        epoch=3,
        steps=21,
        tensors={"theta": torch.arange(5.0).double() / 3, "optimizer.exp_avg": torch.ones(5)},
        kept={"theta": torch.zeros(5), "buffers": torch.zeros(0)},
        selection={"best": np.float64(0.1), "best_epoch": np.array(2)},
        schedule={"share": np.array(0.5)},
    )
    write_parked(tmp_path, parked)
    again = read_parked(tmp_path)
    assert (again.epoch, again.steps) == (3, 21)
    for group in ("tensors", "kept"):
        one, other = getattr(parked, group), getattr(again, group)
        assert one.keys() == other.keys()
        assert all(torch.equal(value, other[name]) for name, value in one.items())
        assert all(value.dtype == other[name].dtype for name, value in one.items())
    for group in ("selection", "schedule"):
        one, other = getattr(parked, group), getattr(again, group)
        assert {name: (np.shape(v), v) for name, v in one.items()} == {
            name: (np.shape(v), v) for name, v in other.items()
        }


def test_leaving_takes_only_what_was_parked(tmp_path):
    remove(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "train.log").write_text("")
    rows = {"theta": torch.zeros(1), "buffers": torch.zeros(0)}
    write_parked(tmp_path, Parked(1, 1, rows, rows, {}, {}))
    (tmp_path / FILE).with_suffix(".tmp").write_text("")  # of a process that was killed
    remove(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["train.log"]


def test_members_of_all_optimizers_and_schedules_are_tried():
    from nnexp.train import optimizers, schedules

    assert set(OPTIMIZERS) == set(optimizers.OPTIMIZERS)
    assert set(SCHEDULES) == set(schedules.SCHEDULES)
