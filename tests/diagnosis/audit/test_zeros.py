import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import zeros

REAL = ["adult", "electricity", "horse_colic", "letter", "nsl_kdd", "oil_spill", "pima", "weather"]


def made(rows=1500):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3)) * [90, 2, 0.1]
    y = (np.abs(x[:, 0] / 90) < 0.5).astype(int) + (x[:, 1] > 0)
    return pd.DataFrame(x, columns=["angle", "rate", "drift"]), y, rng


def test_missing_cells_that_were_filled_with_zeros(sheet_of, causes):
    frame, y, rng = made()
    for name in ("angle", "rate"):
        frame.loc[rng.random(len(y)) < 0.2, name] = 0.0
    found = zeros.check(sheet_of(frame, y))
    assert causes(found) == ["sentinel_values"]
    assert found.nominations[0].fix == ('data.sentinels=["angle=0","rate=0"]',)


def test_no_zeros_or_such_as_are_near(sheet_of, causes):
    frame, y, _ = made()
    assert causes(zeros.check(sheet_of(frame, y))) == []
    # a scale that stands still: what is near 0 is read as 0
    frame.loc[frame["angle"].abs() < 20, "angle"] = 0.0
    assert causes(zeros.check(sheet_of(frame, y))) == []


def test_zeros_of_a_table_that_counts(sheet_of, causes):
    frame, y, _ = made()
    frame = (frame / frame.std()).round()
    assert causes(zeros.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize("name", REAL)
def test_real_tables(real_sheet, causes, name):
    assert causes(zeros.check(real_sheet(name))) == []
