import math

import numpy as np
import pytest
from sklearn.metrics import r2_score

from nnexp.loop.score import explained


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_the_share_explained_is_that_of_sklearn_in_every_unit(unit):
    rng = np.random.default_rng(0)
    true = rng.normal(3, 1, 50) * unit
    predicted = true + rng.normal(0, 0.5, 50) * unit
    found = explained(predicted, true)
    assert found.value == pytest.approx(r2_score(true, predicted))
    assert found.rows.mean() == pytest.approx(found.value)


@pytest.mark.parametrize("predicted", [1e30, math.inf, math.nan, -7.0])
def test_what_is_worse_than_the_mean_is_worth_nothing(predicted):
    found = explained(np.full(5, predicted), np.arange(5.0))
    assert (found.value, found.balanced) == (0, 0)
    assert found.rows.mean() == pytest.approx(0)


def test_equal_quantities_have_nothing_to_explain():
    assert math.isnan(explained(np.arange(3.0), np.ones(3)).value)


def test_targets_that_are_no_numbers_are_passed_over():
    rng = np.random.default_rng(0)
    true = rng.normal(size=40)
    predicted = true + rng.normal(0, 0.3, 40)
    known = explained(predicted[5:], true[5:]).value
    true[:5] = math.nan
    found = explained(predicted, true)
    assert found.value == pytest.approx(known) == pytest.approx(found.rows.mean())
    assert len(found.rows) == 35
    assert math.isnan(explained(predicted, np.full(40, math.nan)).value)


def test_of_several_targets_a_row_all_count():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(60, 3)) * [1, 10, 100]
    predicted = true + rng.normal(0, 0.5, (60, 3)) * [1, 10, 100]
    found = explained(predicted, true)
    assert found.value == pytest.approx(r2_score(true, predicted))
    assert found.rows.mean() == pytest.approx(found.value)
    true[::7, 0] = math.nan
    each = [explained(predicted[:, at], true[:, at]).value for at in range(3)]
    assert explained(predicted, true).value == pytest.approx(np.mean(each))
