"""How much memory a member takes: an estimate that errs to the safe side."""

import pytest

from nnexp.config.compose import compose
from nnexp.data import Tables
from nnexp.runs.stack import RunStack
from nnexp.runs.task import Task
from nnexp.sweep.memory import free_bytes, member_bytes
from nnexp.train.watch import KEPT_BYTES

TABLES = Tables()


def member(tmp_path, *words):
    config = compose(["data=digits", *words])
    return member_bytes(RunStack([Task(config, tmp_path)], [TABLES.prepare(config.data)]))


@pytest.mark.parametrize(
    "more", ["model.hidden=[512,512]", "trainer.precision=float64", "trainer.batch_size=512"]
)
def test_more_takes_more(tmp_path, more):
    assert member(tmp_path, more) > member(tmp_path)


def test_it_holds_the_rows_of_a_member(tmp_path):
    wide = member(tmp_path, "model.hidden=[2048,2048]")
    parameters = 64 * 2048 + 2048 * 2048 + 2048 * 10
    assert wide > 4 * parameters * 8  # theta, gradient, scratch, two moments, kept, snapshot


def test_what_is_watched_is_kept_for_some_epochs_and_worked_up(tmp_path):
    off = member(tmp_path, "trainer.watch=false")
    kept = 32 * 359 * 10 * 4  # epochs, rows that validate, outputs
    assert 3 * kept < member(tmp_path) - off < 10 * kept
    many = ["data=blobs", "data.rows=400000", "data.centers=10", "data.features=2"]
    grown = member(tmp_path, *many) - member(tmp_path, *many, "trainer.watch=false")
    # a whole epoch more than the bytes at which what is kept is let go
    assert grown > 3 * (KEPT_BYTES + 80_000 * 10 * 4)


def test_there_is_some_memory():
    assert 2**20 < free_bytes() < 2**50


def test_a_gpu_has_memory_of_its_own(monkeypatch):
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (2**20, 2**30))
    assert free_bytes(gpu=True) == 2**20 < free_bytes()
