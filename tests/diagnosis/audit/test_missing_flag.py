import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import missing_flag, missingness


def _ward(rng, ill, well, telling=0.5):
    """A score that one class hardly ever has, beside columns that tell a little of the classes."""
    y = rng.integers(0, 2, 2000)
    x = rng.normal(size=(2000, 6)) + telling * y[:, None] * [1, 1, 1, 0, 0, 0]
    frame = pd.DataFrame(x, columns=["age", "crp", "stay", "weight", "height", "rate"])
    frame["score"] = np.where(rng.random(2000) < np.where(y == 1, ill, well), np.nan, x[:, 4])
    return frame, y


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shares", [(0.87, 0.12), (0.12, 0.87)])
def test_a_fact_far_better_than_all_columns_is_suspected(sheet_of, causes, shares, seed):
    frame, y = _ward(np.random.default_rng(seed), *shares)
    found = missingness.check(sheet_of(frame, y, seed=seed))
    assert causes(found) == ["missingness_leak"]
    (own,) = found.nominations
    assert (own.subject, own.fix) == ("score", ("data.drop=[score]",))
    assert (own.provable, own.title) == (False, missing_flag.TITLE)
    assert not found.notes


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("shares", "telling"),
    [
        ((0.87, 0.12), 0.0),  # beside columns that tell nothing
        ((0.87, 0.12), 1.6),  # beside columns that tell nearly as much
        ((0.8, 0.2), 0.5),  # a fact that is right for four of five
        ((0.97, 0.5), 0.5),  # one that half of the others share
    ],
)
def test_a_fact_that_is_good_among_others_is_silent(sheet_of, causes, shares, telling, seed):
    frame, y = _ward(np.random.default_rng(seed), *shares, telling)
    assert causes(missingness.check(sheet_of(frame, y, seed=seed))) == []
