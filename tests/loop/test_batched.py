"""Batches of one class after another, and batches that only look like it."""

import numpy as np
import pytest
import torch

from nnexp.loop.batched import is_sorted, sorted_batches, together
from nnexp.loop.record import LoopRecord
from nnexp.loop.table import make_table


def looked(y, batches):
    """A record of some batches (row numbers) of labels y."""
    record = LoopRecord()
    for rows in batches:
        record.fed.append((torch.zeros(len(rows), 2), y[rows].astype(float)))
    return record, make_table((np.zeros((len(y), 2)), y), None, None, torch.zeros(1))


@pytest.mark.parametrize("classes", [2, 5, 20])
def test_rows_in_the_order_of_their_classes(classes):
    y = np.arange(600) * classes // 600
    batches = [np.arange(first, first + 16) for first in range(0, 600, 40)]
    record, table = looked(y, batches)
    assert is_sorted(record, table)
    assert [own.cause for own in sorted_batches(record, table)] == ["ordered_split"]
    assert not is_sorted(*looked(y, batches[:3]))  # too few to tell


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rare", [0.5, 0.1, 0.02, 0.005])
def test_shuffled_rows_are_not_sorted_however_rare_a_class_is(rare, seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(2000) < rare).astype(np.int64)
    y[:2] = 0, 1
    batches = rng.permutation(2000)[: 32 * 10].reshape(10, 32)
    record, table = looked(y, batches)
    assert together(record, table) < 0.3
    assert sorted_batches(record, table) == []


def test_targets_of_a_class_that_no_train_row_has():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    record, table = looked(y, rng.permutation(400)[:160].reshape(10, 16))
    record.fed[3][1][:2] = 2
    assert together(record, table) < 0.3


def test_gradients_that_add_up_follow_no_order():
    y = np.arange(600) // 300
    record, table = looked(y, [np.arange(first, first + 16) for first in range(0, 600, 40)])
    assert is_sorted(record, table)
    record.uncleared = 3
    assert not is_sorted(record, table)
