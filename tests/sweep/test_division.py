"""Stacks are divided among processes so that none waits, and no more than that."""

from __future__ import annotations

import pytest

from nnexp.sweep.division import Load, divide


def load(members: int, epochs: int = 10, most: int = 64) -> Load:
    return Load(members, 45 * epochs, 2.5e6, most)


@pytest.mark.parametrize(
    ("loads", "processes", "wanted"),
    [
        ([], 2, []),
        ([load(24)], 1, [1]),
        ([load(24)], 2, [2]),
        ([load(1)], 2, [1]),
        ([load(5), load(5)], 2, [1, 1]),  # each has a process of its own
        ([load(24)] * 4, 2, [1] * 4),
        ([load(200)], 2, [4]),  # a chunk has 64 at most
        ([load(130)], 1, [3]),
    ],
)
def test_as_few_chunks_as_keep_the_processes_at_work(loads, processes, wanted):
    assert divide(loads, processes) == wanted


def test_the_longer_stack_is_divided():
    short, long = divide([load(5), load(5, epochs=30)], 2)
    assert short == 1
    assert long > 1


def test_one_of_three_stacks_is_divided_between_two_processes():
    assert sorted(divide([load(24)] * 3, 2)) == [1, 1, 2]


def test_many_processes_are_all_used():
    # 24 members in twos on 16 processes: as soon over as with 16 chunks
    assert divide([load(24)], 16) == [12]
    # dividing the first of two alone shortens nothing, dividing both does
    assert divide([load(24), load(24)], 16) == [8, 8]


def test_what_all_together_bring_is_found():
    loads = [Load(24, 500, 2.5e6, 64), Load(12, 2000, 2e7, 64)]
    assert divide(loads, 6) == [6, 6]  # a step at a time ends at [1, 4]


def test_chunks_are_of_nearly_equal_length():
    own = load(7)
    times = own.seconds(3)
    assert len(times) == 3
    assert times[0] > times[1] == times[2]
    assert sum(times) > own.seconds(1)[0]
