"""Of a matrix of cases a sample runs, in which each value occurs where it can."""

import importlib.util
from itertools import product
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("sampling", Path(__file__).with_name("sampling.py"))
sampling = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sampling)


@pytest.mark.parametrize("sizes", [(8, 4), (4, 8), (3, 3, 3), (24,)])
def test_each_value_occurs(sizes):
    cases = [dict(enumerate(own)) for own in product(*map(range, sizes))]
    kept = sampling.sample(cases, max(sizes))
    assert len(kept) == max(sizes)
    for name, size in enumerate(sizes):
        assert {cases[place][name] for place in kept} == set(range(size))


def test_where_not_each_can_they_are_spread():
    cases = [{"seed": own} for own in range(100)]
    kept = sampling.sample(cases, 10)
    assert len({place // 20 for place in kept}) == 5
    assert kept == sampling.sample(cases, 10)


def test_few_cases_are_all_kept():
    assert sampling.sample([{"x": 0}, {"x": 1}], 5) == [0, 1]
