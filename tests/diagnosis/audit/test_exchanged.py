"""Columns that stand in another order in held-out rows, on tables whose columns differ."""

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from nnexp.diagnosis.audit.split import shift


@pytest.mark.parametrize("name", ["wine", "breast_cancer"])
@pytest.mark.parametrize("way", ["as it is", "reversed", "elsewhere"])
def test_another_order_is_told_from_other_rows(sheet_of, parts_of, name, way):
    table = getattr(datasets, f"load_{name}")(as_frame=True)
    frame, parts = table.data.copy(), parts_of(len(table.data))
    test = parts == "test"
    if way == "reversed":
        frame.loc[test] = frame.loc[test].to_numpy()[:, ::-1]
    if way == "elsewhere":
        frame.loc[test] *= np.linspace(1.3, 1.6, frame.shape[1])
    found = shift.check(sheet_of(frame, table.target.to_numpy(), parts)).nominations
    orders = [own for own in found if own.subject == "columns in another order"]
    assert len(orders) == (way == "reversed")
    assert all(own.cause == "preprocessing_mismatch" for own in orders)


def test_columns_that_are_all_alike_are_in_no_other_order(sheet_of, parts_of):
    rng = np.random.default_rng(0)
    frame, parts = pd.DataFrame(rng.normal(size=(600, 6)), columns=list("abcdef")), parts_of(600)
    frame.loc[parts == "test", ["a", "b"]] += [2.0, -2.0]
    found = shift.check(sheet_of(frame, rng.integers(0, 2, 600), parts)).nominations
    assert [own.cause for own in found] == ["distribution_shift"]


def test_shares_that_move_are_no_order(sheet_of, parts_of):
    rng = np.random.default_rng(0)
    parts = parts_of(900)
    male = np.where(parts == "test", rng.random(900) < 0.65, rng.random(900) < 0.35).astype(float)
    frame = pd.DataFrame({"male": male, "female": 1 - male, "age": rng.normal(size=900)})
    found = shift.check(sheet_of(frame, rng.integers(0, 2, 900), parts)).nominations
    assert [own.cause for own in found] == ["distribution_shift"]


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "made"])
@pytest.mark.parametrize("way", ["as it is", "exchanged", "elsewhere"])
def test_scaled_columns_in_another_order_are_known_by_what_they_go_with(
    sheet_of, parts_of, name, way
):
    if name == "made":
        x, y = datasets.make_classification(1500, 12, n_informative=8, random_state=0)
        frame = pd.DataFrame(x, columns=[f"x{n}" for n in range(12)])
    else:
        frame, y = getattr(datasets, f"load_{name}")(as_frame=True, return_X_y=True)
    frame, parts = (frame - frame.mean()) / frame.std(), parts_of(len(frame))
    test, rng = parts == "test", np.random.default_rng(1)
    if way == "exchanged":
        frame.loc[test] = frame.loc[test].to_numpy()[:, rng.permutation(frame.shape[1])]
    if way == "elsewhere":
        frame.loc[test] += rng.normal(0, 1, frame.shape[1])
    found = shift.check(sheet_of(frame, np.asarray(y), parts)).nominations
    orders = [own for own in found if own.subject == "columns in another order"]
    assert len(orders) == (way == "exchanged")
