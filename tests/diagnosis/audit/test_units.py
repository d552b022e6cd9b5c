import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.split import shift

TABLES = ["wine", "breast_cancer", "iris"]


def sheet_in(sheet_of, frame, y, parts, change):
    frame, held = frame.copy(), parts != "train"
    for name, of in change.items():
        frame[name] = frame[name].where(~held, of(frame[name]))
    return sheet_of(frame, y, parts)


@pytest.mark.parametrize("name", TABLES)
def test_columns_in_another_unit(sheet_of, table, parts_of, causes, name):
    frame, y = table(name)
    parts = parts_of(len(y))
    first, second = frame.columns[:2]
    change = {first: lambda x: 1.8 * x + 32 * x.std() + 3 * x.mean(), second: lambda x: 1000 * x}
    found = shift.check(sheet_in(sheet_of, frame, y, parts, change))
    assert causes(found) == ["preprocessing_mismatch"]
    told = found.nominations[0].subject
    assert name == "iris" or set(told.split(", ")) == {first, second}


@pytest.mark.parametrize("name", TABLES)
def test_rows_from_elsewhere(sheet_of, table, parts_of, causes, name):
    frame, y = table(name)
    parts = parts_of(len(y))
    names = frame.columns[:2]
    # another year: as wide as before; another place: of another shape
    for change in (
        lambda x: x + 10 * x.std(),
        lambda x: np.exp(2 * (x - x.mean()) / x.std()) + 10 * x.max(),
    ):
        found = shift.check(sheet_in(sheet_of, frame, y, parts, dict.fromkeys(names, change)))
        assert "another unit" not in str(found.nominations)
    assert causes(shift.check(sheet_of(frame, y, parts))) == []


def test_the_ends_of_a_sorted_column(sheet_of, causes):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.random((600, 5))).add_prefix("x")
    parts = np.where(frame["x0"] > 0.8, "test", "train")
    found = shift.check(sheet_of(frame, rng.integers(0, 2, 600), parts))
    assert causes(found) == ["distribution_shift"]
