"""The table of a loop: which index each label has."""

import numpy as np
import pytest
import torch

from nnexp.loop.table import make_table


@pytest.mark.parametrize("classes", [3, ["a", "b", "c"]])
def test_a_class_that_is_in_no_row_keeps_its_number(classes):
    y = np.array([0, 2] * 20)
    made = make_table((np.zeros((40, 2)), y), None, classes, torch.zeros(1))
    assert made.index.tolist() == y.tolist()
    assert len(made.classes) == 3


def test_outputs_number_the_targets():
    y = torch.tensor([3, 5] * 20)
    made = make_table((torch.zeros(40, 2), y), None, None, torch.zeros(1))
    assert made.index.tolist() == [0, 1] * 20
    assert made.by_number(10).index.tolist() == y.tolist()
    assert made.by_number(2) is made


def test_texts_are_numbered_as_they_are_given():
    y = np.array(["a", "b"] * 20)
    made = make_table((np.zeros((40, 2)), y), None, ["b", "a"], torch.zeros(1))
    assert made.index.tolist() == [1, 0] * 20
    assert list(made.classes) == ["b", "a"]
