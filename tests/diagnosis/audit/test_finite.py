import numpy as np
import pytest

from nnexp.diagnosis.audit.table import finite


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_cells_that_are_not_finite(sheet_of, table, causes, value):
    frame, y = table("wine")
    frame.loc[[3, 100], "proline"] = value
    found = finite.check(sheet_of(frame, y, missing="none"))
    assert causes(found) == ["nonfinite_inputs"]
    assert found.nominations[0].certain
    assert found.nominations[0].fix == ("data.missing=mean",)
    assert found.nominations[0].evidence[0].value == 2
    assert causes(finite.check(sheet_of(frame, y))) == []  # imputed


def test_large_finite_cells_are_fine(sheet_of, table, causes):
    frame, y = table("wine")
    frame.loc[3, "proline"] = 1e30
    assert causes(finite.check(sheet_of(frame, y, missing="none"))) == []
