"""Optuna's proposals, asked and told a stack at a time."""

import math
import sys

import pytest

from nnexp.config.schema.sweep import SweepConfig
from nnexp.errors import UserError
from nnexp.sweep.proposals import Proposals
from nnexp.sweep.space import spaces

WORDS = ["lr=tag(log,interval(0.001,1))", "a=x,y", "n=int(interval(1,4))", "seed=0,1"]


def settings(**changed):
    return SweepConfig(**{"method": "optuna", "n": 12, "batch": 5, **changed})


def value(job, key):
    return next(word.partition("=")[2] for word in job if word.startswith(f"{key}="))


def run(proposals, score):
    """The batches that a study proposes for a score of a job."""
    batches = []
    while jobs := proposals.ask():
        batches.append(jobs)
        proposals.tell([score(job) for job in jobs])
    return batches


def away(job):
    """A loss that is least at lr=0.1 and a=x."""
    return abs(float(value(job, "lr")) - 0.1) + (value(job, "a") == "y")


@pytest.mark.parametrize("sampler", ["tpe", "gp", "qmc", "random"])
def test_every_sampler_proposes_n_configurations_in_batches(sampler):
    batches = run(Proposals(spaces(WORDS), settings(sampler=sampler)), away)
    assert [len(batch) for batch in batches] == [10, 10, 4]  # each with two seeds
    for job in (job for batch in batches for job in batch):
        assert 0.001 <= float(value(job, "lr")) <= 1
        assert value(job, "a") in ("x", "y")
        assert value(job, "n") in ("1", "2", "3", "4")


def test_the_same_scores_bring_the_same_proposals():
    first, second = (run(Proposals(spaces(WORDS), settings(n=30)), away) for _ in range(2))
    assert first == second
    other = run(Proposals(spaces(WORDS), settings(n=30)), lambda job: -away(job))
    assert other != first
    assert other[0] == first[0]


def test_it_learns():
    def decades(job):
        return abs(math.log10(float(value(job, "lr"))) + 1)

    words = spaces(["lr=tag(log,interval(0.001,1))"])
    batches = run(Proposals(words, settings(n=100)), decades)
    losses = [decades(job) for jobs in batches for job in jobs]
    assert sum(losses[-20:]) < 0.5 * sum(losses[:20])


def test_a_configuration_without_a_score_is_a_failed_trial():
    proposals = Proposals(spaces(WORDS), settings(n=4, batch=4))
    proposals.ask()
    proposals.tell([1.0, None, 2.0, float("nan"), 3.0, 5.0, None, None])
    assert [trial.value for trial in proposals.study.trials] == [None, None, 4.0, None]
    assert proposals.ask() == []


def test_blocks_are_a_choice_of_the_study():
    blocks = spaces(["seed=0"], [{"o": "sgd", "lr": "interval(0,1)"}, {"o": "adam", "b": "1,2"}])
    jobs = [
        job for batch in run(Proposals(blocks, settings(n=20)), lambda job: 1.0) for job in batch
    ]
    assert {value(job, "o") for job in jobs} == {"sgd", "adam"}
    assert all(("lr" in job[-1]) == (value(job, "o") == "sgd") for job in jobs)


def test_without_optuna_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError) as error:
        Proposals(spaces(WORDS), settings())
    assert "pip install" in error.value.remedy
