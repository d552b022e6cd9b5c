"""How much memory a member takes: an estimate that errs to the safe side."""

import pytest

from nnexp.config.compose import compose
from nnexp.data import Tables
from nnexp.runs.stack import Stack
from nnexp.runs.task import Task
from nnexp.sweep.memory import free_bytes, member_bytes

TABLES = Tables()


def member(tmp_path, *words):
    config = compose(["data=digits", *words])
    return member_bytes(Stack([Task(config, tmp_path)], [TABLES.prepare(config.data)]))


@pytest.mark.parametrize(
    "more", ["model.hidden=[512,512]", "trainer.precision=float64", "trainer.batch_size=512"]
)
def test_more_takes_more(tmp_path, more):
    assert member(tmp_path, more) > member(tmp_path)


def test_it_holds_the_rows_of_a_member(tmp_path):
    wide = member(tmp_path, "model.hidden=[2048,2048]")
    parameters = 64 * 2048 + 2048 * 2048 + 2048 * 10
    assert wide > 4 * parameters * 8  # theta, gradient, scratch, two moments, kept, snapshot


def test_there_is_some_memory():
    assert 2**20 < free_bytes() < 2**50
