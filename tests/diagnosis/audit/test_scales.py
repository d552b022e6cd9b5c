import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import scales

ALL = ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "blobs", "classification"]


@pytest.mark.parametrize("name", ["breast_cancer", "wine"])
def test_raw_measurements(sheet_of, table, causes, name):
    frame, y = table(name)
    found = scales.check(sheet_of(frame, y, scaling="none"))
    assert causes(found) == ["unscaled_features"]
    assert found.nominations[0].fix == ("data.scaling=standard",)


@pytest.mark.parametrize("scaling", ["standard", "minmax", "robust", "quantile"])
@pytest.mark.parametrize("name", ALL)
def test_scaled_inputs_are_fine(sheet_of, table, causes, name, scaling):
    found = scales.check(sheet_of(*table(name), scaling=scaling))
    assert causes(found) == []
    assert "sizes" in found.checked[0]


@pytest.mark.parametrize("name", ["iris", "digits", "moons", "circles", "blobs", "classification"])
def test_raw_inputs_of_one_scale_are_fine(sheet_of, table, causes, name):
    assert causes(scales.check(sheet_of(*table(name), scaling="none"))) == []


@pytest.mark.parametrize(
    ("extra", "fix"),
    [
        (lambda n: np.arange(1, n + 1), "data.drop=[extra]"),
        (lambda n: 1_700_000_000 + 60 * np.arange(n), "data.drop=[extra]"),
        (lambda n: np.random.default_rng(0).lognormal(10, 0.3, n), "data.scaling=standard"),
    ],
)
@pytest.mark.parametrize("name", ["iris", "moons", "classification"])
def test_one_column_above_all(sheet_of, table, causes, name, extra, fix):
    frame, y = table(name)
    frame = (frame - frame.mean()) / frame.std()
    frame["extra"] = extra(len(frame))
    found = scales.check(sheet_of(frame, y, scaling="none"))
    assert causes(found) == ["dominant_feature"]
    assert found.nominations[0].fix == (fix,)
    assert causes(scales.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize("factor", [100, 255, 1e4])
@pytest.mark.parametrize("name", ALL)
def test_scaled_twice(sheet_of, table, causes, name, factor):
    frame, y = table(name)
    frame = (frame - frame.min()) / (frame.max() - frame.min()).replace(0, 1)
    assert causes(scales.check(sheet_of(frame, y, scaling="none"))) == []
    found = scales.check(sheet_of(frame / factor, y, scaling="none"))
    assert causes(found) == ["double_scaling"]


def test_an_ordinal_column_is_no_scale(sheet_of, table, causes):
    frame, y = table("moons")
    frame["grade"] = np.random.default_rng(0).integers(0, 6, len(frame))
    assert causes(scales.check(sheet_of(frame, y, scaling="none"))) == []


def test_categories_alone(sheet_of, causes):
    frame = pd.DataFrame({"a": ["x", "y"] * 50})
    assert scales.check(sheet_of(frame, [0, 0, 1, 1] * 25, scaling="none")).checked == []


def test_one_column_that_even_large_ones_are_not_felt_beside(sheet_of, table, causes):
    frame, y = table("iris")
    frame = 10 * frame
    mixed = np.random.default_rng(0).permutation(len(y))
    found = scales.check(sheet_of(frame.assign(serial=100001 + mixed), y, scaling="none"))
    assert causes(found) == ["dominant_feature"]
    assert causes(scales.check(sheet_of(frame.assign(serial=1000 + mixed), y, scaling="none"))) == (
        ["unscaled_features"]
    )
