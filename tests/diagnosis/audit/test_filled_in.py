import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import filled_in

REAL = ["adult", "horse_colic", "mammographic_masses", "titanic", "soybean", "weather", "oil_spill"]


@pytest.mark.parametrize("name", ["moons", "circles", "blobs", "digits"])
@pytest.mark.parametrize("empty", [False, True])
def test_a_column_that_is_filled_in_after_the_label(sheet_of, table, causes, name, empty):
    frame, y = table(name)
    rng = np.random.default_rng(0)
    side = rng.random(len(y)) < np.where(y == 1, 0.7, 0.001)
    frame["fee"] = np.where(side == empty, np.nan, rng.lognormal(size=len(y)))
    found = filled_in.check(sheet_of(frame[["fee"]].assign(x=rng.normal(size=len(y))), y))
    assert causes(found) == ["missingness_leak"]
    assert found.nominations[0].fix == ("data.drop=[fee]",)
    # where others tell these rows as well, the pattern follows from them
    assert causes(filled_in.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize(("other", "told"), [(0.06, True), (0.3, False)])
def test_rows_of_other_classes_on_that_side(sheet_of, causes, other, told):
    """Some of them, as where a form is filled in by mistake, and as many as in other tables."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 2000)
    side = rng.random(2000) < np.where(y == 1, 0.6, other)
    frame = pd.DataFrame({"fee": np.where(side, np.nan, 1.0), "x": rng.normal(size=2000)})
    found = filled_in.check(sheet_of(frame, y))
    assert causes(found) == (["missingness_leak"] if told else [])


def test_what_holds_in_train_alone_is_another_matter(sheet_of, parts_of, causes):
    rng = np.random.default_rng(0)
    parts, y = parts_of(900), rng.integers(0, 2, 900)
    side = (rng.random(900) < 0.7) & (y == 1)
    side[parts != "train"] = rng.random((parts != "train").sum()) < 0.4

    frame = pd.DataFrame({"fee": np.where(side, 1.0, np.nan), "x": rng.normal(size=900)})
    assert causes(filled_in.check(sheet_of(frame, y, parts))) == []


@pytest.mark.parametrize("name", REAL)
def test_real_patterns(real_sheet, causes, name):
    assert causes(filled_in.check(real_sheet(name))) == []
