import numpy as np
import pytest

import nnexp
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


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
def test_cells_beyond_float32_are_counted(sheet_of, table, value):
    frame, y = table("wine")
    frame.loc[:40, "proline"] = value
    frame.loc[3, "hue"] = value
    said = "cells that are infinite, or beyond float32, are read as missing: "
    assert finite.check(sheet_of(frame, y)).notes == [f"{said}1 of 'hue', 41 of 'proline'"]
    assert said + "1 of 'hue', 41 of 'proline'" in nnexp.audit(frame.assign(y=y), "y").notes


def test_a_column_of_numbers_too_large_is_left_out_for_that(table):
    frame, y = table("wine")
    frame["hue"] *= 1e300
    notes = nnexp.audit(frame.assign(y=y, empty=np.nan), "y").notes
    why = "178 cells infinite or beyond float32"
    assert notes[-1] == f"left out: hue (no value in train: {why}), empty (no value in train)"
