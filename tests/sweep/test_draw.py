"""Random search: distinct configurations, each with all of its seeds, evenly drawn."""

from collections import Counter

import numpy as np

from nnexp.config.schema.sweep import SweepConfig
from nnexp.sweep.draw import draw, jobs_of
from nnexp.sweep.space import spaces


def values(jobs, key):
    return [word.partition("=")[2] for job in jobs for word in job if word.startswith(f"{key}=")]


def test_every_configuration_has_all_seeds():
    jobs = draw(spaces(["lr=tag(log,interval(0.001,1))", "seed=0,1,2"]), 20, seed=0)
    counts = Counter(values(jobs, "lr"))
    assert len(jobs) == 60
    assert len(counts) == 20
    assert set(counts.values()) == {3}
    assert values(jobs, "seed") == ["0", "1", "2"] * 20


def test_the_seed_of_the_sweep_decides():
    found = [draw(spaces(["lr=interval(0,1)"]), 5, seed) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]


def test_more_draws_begin_with_the_same():
    few, many = (draw(spaces(["lr=interval(0,1)", "a=1,2,3"]), n, 0) for n in (5, 50))
    assert many[:5] == few


def test_rates_are_even_on_a_logarithmic_scale():
    jobs = draw(spaces(["lr=tag(log,interval(0.0001,1))"]), 2000, seed=0)
    logs = np.log10([float(value) for value in values(jobs, "lr")])
    counts, _ = np.histogram(logs, bins=4, range=(-4, 0))
    expected = 2000 / 4
    # chi-squared with 3 degrees of freedom: 16.3 is passed once in a thousand
    assert ((counts - expected) ** 2 / expected).sum() < 16.3


def test_values_of_a_list_are_equally_likely():
    jobs = draw(spaces(["a=1,2,3,4", "lr=interval(0,1)"]), 2000, seed=0)
    counts = np.array(list(Counter(values(jobs, "a")).values()))
    assert ((counts - 500) ** 2 / 500).sum() < 16.3


def test_where_there_are_fewer_configurations_all_come_once():
    jobs = draw(spaces(["a=1,2,3", "b=4,5", "seed=0,1"]), 100, seed=0)
    assert len(jobs) == len(set(map(tuple, jobs))) == 12
    nearly = draw(spaces(["a=1,2,3", "b=4,5"]), 5, seed=0)
    assert len(set(map(tuple, nearly))) == 5


def test_whole_intervals_are_used_up():
    jobs = draw(spaces(["a=int(interval(1,3))"]), 50, seed=0)
    assert sorted(values(jobs, "a")) == ["1", "2", "3"]


def test_blocks_take_turns():
    jobs = draw(spaces([], [{"a": "interval(0,1)"}, {"b": "interval(0,1)"}]), 6, seed=0)
    assert [job[0][0] for job in jobs] == list("ababab")


def test_blocks_with_the_same_values_are_other_configurations():
    rates = {"optimizer.lr": "0.1,0.01,0.001"}
    blocks = [{"optimizer": "sgd", **rates}, {"optimizer": "adam", **rates}]
    assert len(set(map(tuple, draw(spaces([], blocks), 5, seed=0)))) == 5
    # but not where all of it is the same
    twice = [{"optimizer": "sgd", **rates}, {**rates, "optimizer": "sgd"}]
    assert len(set(map(frozenset, draw(spaces([], twice), 5, seed=0)))) == 3


def test_the_methods():
    words = spaces(["a=1,2", "b=1,2"])
    assert len(jobs_of(words, SweepConfig(method="grid"))) == 4
    assert len(jobs_of(words, SweepConfig(method="random", n=3))) == 3
    assert len(jobs_of(words, SweepConfig(method="halving"))) == 4
    assert len(jobs_of(words, SweepConfig(method="halving", n=3))) == 3


def test_equal_jobs_are_one():
    blocks = spaces([], [{"l1": "0,1"}, {"l1": "1,2"}])
    assert jobs_of(blocks, SweepConfig()) == [["l1=0"], ["l1=1"], ["l1=2"]]


def test_folds_are_repetitions_too():
    jobs = jobs_of(
        spaces(["data.split.folds=3", "lr=interval(0,1)"]), SweepConfig(method="random", n=2)
    )
    assert len(jobs) == 6
    assert len(set(values(jobs, "lr"))) == 2
