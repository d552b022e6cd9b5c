"""The table of a loop: which index each label has, and what its columns are called."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_wine

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


def test_findings_call_columns_by_their_names(loops):
    names = load_wine().feature_names
    found = str(loops.run(loops.Loop(scaled=False, kwargs={"columns": names}), 0))
    assert "'proline'" in found
    assert "x12" not in found


def tables(x, y):
    return make_table((x, y), None, None, torch.zeros(1))


@pytest.mark.parametrize(
    "kind", ["uint8", "uint16", "uint32", "uint64", "int8", ">i4", ">f4", "float16", "longdouble"]
)
def test_numbers_of_every_kind_are_read(kind):
    x = np.arange(80.0).reshape(40, 2)
    y = np.array([0, 1] * 20)
    made = tables(x.astype(kind), y.astype(kind))
    assert made.flat.tolist() == x.tolist()
    assert made.index.tolist() == made.y.tolist() == y.tolist()


def test_frames_of_numbers_and_truth_values_are_numbers():
    frame = pd.DataFrame({"a": [1.5, None] * 20, "b": [True, False] * 20}).astype({"a": "Float64"})
    made = tables(frame, pd.Series([0, 1] * 20, dtype="Int64"))
    assert np.array_equal(made.flat, [[1.5, 1], [np.nan, 0]] * 20, equal_nan=True)
    assert (made.index.tolist(), list(made.classes)) == ([0, 1] * 20, [0, 1])


@pytest.mark.parametrize(
    ("x", "y", "wrong"),
    [
        (np.zeros((2, 2), complex), [0, 1], "inputs of dtype complex128"),
        (np.zeros((2, 2)), np.zeros(2, complex), "targets of dtype complex128"),
        (np.zeros((2, 2)), np.zeros(2, "datetime64[Y]"), r"targets of dtype datetime64\[Y\]"),
        (np.zeros((2, 2)), np.full(2, 2**64 - 1, np.uint64), "targets up to 18446744073709551615"),
        (np.zeros((2, 2)).astype(str), [0, 1], "inputs that are no numbers"),
    ],
    ids=["complex X", "complex y", "dates", "beyond 2^63", "texts"],
)
def test_what_torch_does_not_take_is_refused(x, y, wrong):
    with pytest.raises(UserError, match=wrong):
        tables(x, y)
