import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import identifiers

RNG = np.random.default_rng(0)
Y = np.arange(900) % 2
X = pd.DataFrame({"x": RNG.normal(size=900)})
NAMED = {"max_levels": 5000, "categorical": ["name"]}


def test_a_name_for_each_row(sheet_of, causes):
    frame = X.assign(name=[f"row {n}" for n in range(900)])
    found = identifiers.check(sheet_of(frame, Y, **NAMED))
    assert causes(found) == ["identifier_feature"]
    assert found.nominations[0].fix == ("data.drop=[name]",)
    dropped = sheet_of(frame.assign(other=1.0), Y, drop=["other"], **NAMED)
    assert identifiers.check(dropped).nominations[0].fix == ("data.drop=[other,name]",)


@pytest.mark.parametrize("levels", [2, 30, 200])
def test_categories_are_no_names(sheet_of, causes, levels):
    frame = X.assign(name=[f"c{n}" for n in RNG.integers(0, levels, 900)])
    assert causes(identifiers.check(sheet_of(frame, Y, **NAMED))) == []


def test_a_few_remarks_are_no_names(sheet_of, causes):
    frame = X.assign(name=[f"remark {n}" if n < 20 else None for n in range(900)])
    assert causes(identifiers.check(sheet_of(frame, Y, **NAMED))) == []


def test_merged_levels_are_no_inputs(sheet_of, causes):
    frame = X.assign(name=[f"row {n}" for n in range(900)])
    assert causes(identifiers.check(sheet_of(frame, Y, min_frequency=5, **NAMED))) == []


def test_a_column_that_names_a_few_rows_each_and_says_nothing(sheet_of, causes):
    names = {"max_levels": 5000, "categorical": ["ref", "sku"]}
    sku = np.random.default_rng(1).integers(0, 450, 900)
    frame = X.assign(ref=[f"R{n}" for n in range(900)], sku=[f"S{n}" for n in sku])
    found = identifiers.check(sheet_of(frame, Y, **names))
    assert found.nominations[0].fix == ("data.drop=[ref,sku]",)
    # but not where it tells the label
    told = np.random.default_rng(2).integers(0, 2, 450)[sku]
    found = identifiers.check(sheet_of(frame, told, **names))
    assert found.nominations[0].fix == ("data.drop=[ref]",)


def test_cities_that_tell_a_rare_class(sheet_of, causes):
    rng = np.random.default_rng(0)
    city = rng.integers(0, 400, 1500)
    y = (rng.random(1500) < np.where(rng.random(400) < 0.2, 0.4, 0.03)[city]).astype(int)
    frame = pd.DataFrame({"x": rng.normal(size=1500), "name": [f"c{n}" for n in city]})
    assert causes(identifiers.check(sheet_of(frame, y, **NAMED))) == []
