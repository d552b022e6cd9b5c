"""The table of a loop: which index each label has, and what its columns are called."""

import numpy as np
import pandas as pd
import pytest
import torch

import nnexp
from nnexp.errors import UserError
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


def test_columns_have_the_names_that_were_given_or_those_of_a_frame():
    y = np.array([0, 1] * 20)
    frame = pd.DataFrame(np.zeros((40, 2), dtype=np.float32), columns=["age", "income"])

    def names(x, columns=None):
        return make_table((x, y), None, None, torch.zeros(1), columns=columns).columns

    assert names(frame.to_numpy()) == ("x0", "x1")
    assert names(frame) == ("age", "income")
    assert names(frame, ["a", "b"]) == ("a", "b")
    assert names(frame.to_numpy(), frame.columns) == ("age", "income")
    assert names(frame.set_axis(["a", "a"], axis=1)) == ("x0", "x1")
    assert names(np.zeros((40, 1, 3))) == ("x0", "x1", "x2")
    for wrong in (["a"], ["a", "a"], "ab", 2):
        with pytest.raises(UserError, match="different names, and a row of X has 2 inputs"):
            names(frame, wrong)


def test_findings_call_columns_by_their_names():
    made = torch.Generator().manual_seed(0)
    y = torch.arange(200) % 2
    x = torch.randn(200, 3, generator=made) + y[:, None]
    x[:, 1] *= 1000
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loss_fn = torch.nn.CrossEntropyLoss()
    watch = nnexp.watch(
        model, optimizer, loss_fn, train=(x, y), columns=["age", "income", "height"]
    )
    for rows in torch.arange(200).repeat(20).split(20):
        out = model(x[rows])
        loss = loss_fn(out, y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss, out, y[rows])
    found = str(watch.diagnosis())
    assert "'income'" in found
    assert "x1" not in found
