"""The number of a sweep's jobs, told without making them."""

import pytest

from nnexp.config.schema.sweep import SweepConfig
from nnexp.errors import UserError
from nnexp.sweep.count import job_count
from nnexp.sweep.draw import jobs_of
from nnexp.sweep.space import MOST, spaces

FOLDS = "data.split.folds"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["seed=range(3)"],
        ["seed=1,2", "optimizer.lr=0.1,0.2,0.3", "reg.l2=0"],
        [f"{FOLDS}=3", "seed=1,2"],
        [f"{FOLDS}=0,2,3", "seed=1,2", "reg.l2=0,1"],
        [f"{FOLDS}=3", "data.split.fold=0,1"],
        [f"{FOLDS}=3,4", "data.split.fold=1"],
    ],
)
@pytest.mark.parametrize("n", [None, 1, 2, 100])
def test_it_is_that_of_the_jobs(words, n):
    settings = SweepConfig(method="grid" if n is None else "random", n=n)
    found = spaces(words)
    counted, made = job_count(found, settings), len(jobs_of(found, settings))
    assert counted >= made
    if f"{FOLDS}=0,2,3" not in words or n is None:  # which values are drawn is not known yet
        assert counted == made


def test_blocks_are_added_up():
    found = spaces(["seed=1,2"], [{"optimizer": ["sgd", "adam"]}, {"reg.l2": [0, 1, 2]}])
    assert job_count(found, SweepConfig()) == 10
    assert job_count(found, SweepConfig(method="random", n=3)) == 6


def test_of_an_interval_so_many_are_drawn():
    found = spaces(["optimizer.lr=interval(0.1,1)", "seed=1,2"])
    assert job_count(found, SweepConfig(method="random", n=1000)) == 2000
    assert job_count(found, SweepConfig()) == 0


def test_none_is_made_to_be_counted():
    words = [f"{FOLDS}=1000000000", *(f"reg.l{i}=range(1000)" for i in range(9))]
    assert job_count(spaces(words), SweepConfig()) == 10**36


def test_a_range_without_end_is_refused():
    with pytest.raises(UserError, match=f"more than {MOST} values"):
        spaces(["seed=range(1000000000)"])
