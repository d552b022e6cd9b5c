import math
import os

import numpy as np
import pytest

from nnexp.leaderboard import read_records
from nnexp.report.observations import Observations, mean_of, number_of


@pytest.fixture
def record(tmp_path):
    return lambda: read_records([tmp_path / "sweep"])[0]


def test_what_training_showed_at_the_epoch_that_was_kept(add, record):
    add(0, best=3)
    run, seen = record(), Observations()
    written = (run.folder / "history.csv").read_text(encoding="utf-8").splitlines()
    head, row = written[0].split(","), written[3].split(",")
    for name in ("train_loss", "val_loss", "train_accuracy", "train_penalty"):
        assert seen.kept(run, name) == float(row[head.index(name)])
    assert seen.history(run)["epoch"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("best", [None, 99, "2", 2.0])
def test_without_a_kept_epoch_nothing_is_known(add, record, best):
    add(0, best=best)
    assert math.isnan(Observations().kept(record(), "train_loss"))


def test_unknown_columns(add, record):
    add(0)
    assert math.isnan(Observations().kept(record(), "gradient_norm"))


def test_infinities_and_empty_cells_are_no_numbers(add, record):
    row = dict(epoch=1, train_loss=math.inf, val_loss="", train_accuracy=0.1, val_accuracy=0.5)
    add(0, rows=[{**row, "train_penalty": 0.0, "lr": 0.1}])
    history = Observations().history(record())
    assert all(np.isnan(history[name][0]) for name in ("train_loss", "val_loss"))
    assert history["val_accuracy"].tolist() == [0.5]


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "epoch\n1\n",
        "epoch,train_loss,train_penalty,train_accuracy,val_loss,val_accuracy,lr\n1,much,1,1,1,1,1\n",
        "epoch,train_loss,train_penalty,train_accuracy,val_loss,val_accuracy,lr\n1,2\n",
        "epoch,train_loss,train_penalty,train_accuracy,val_loss,val_accuracy,lr\n" + "9" * 40
        + ",1,1,1,1,1,1\n",
        b"\xff\xfe",
    ],
)  # fmt: skip
def test_a_damaged_history_is_none(add, record, content):
    path = add(0) / "history.csv"
    path.unlink()
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    history = Observations().history(record())
    assert not history or len(history["epoch"]) == 0


def test_only_regular_files_are_read(add, record, tmp_path):
    path = add(0) / "history.csv"
    path.rename(tmp_path / "elsewhere.csv")
    path.symlink_to(tmp_path / "elsewhere.csv")
    assert Observations().history(record()) == {}
    path.unlink()
    os.mkfifo(path)  # to open it would wait for ever
    assert Observations().history(record()) == {}


def test_a_history_is_read_once(add, record):
    add(0)
    run, seen = record(), Observations()
    before = seen.history(run)
    (run.folder / "history.csv").unlink()
    assert seen.history(run) is before


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.1, 0.1), (3, 3.0), (True, None), ("1", None), (None, None), ([1], None),
        (math.nan, None), (math.inf, None), (10**400, None),
    ],
)  # fmt: skip
def test_number_of(value, number):
    assert number_of(value) == number


def test_mean_of():
    assert mean_of([1.0, math.nan, 2.0, math.inf]) == 1.5
    assert math.isnan(mean_of([math.nan]))
    assert mean_of([0.1] * 10) == 0.1
