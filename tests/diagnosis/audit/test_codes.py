import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit import codes


def made(levels, rows, seed=0, ordered=False):
    """A column of codes, each with a share of positives of its own or one that rises with it."""
    rng = np.random.default_rng(seed)
    code = rng.integers(0, levels, rows)
    share = np.sort(rng.beta(0.5, 0.5, levels)) if ordered else rng.beta(0.5, 0.5, levels)
    y = (rng.random(rows) < share[code]).astype(int)
    return pd.DataFrame({"code": code, "x": rng.normal(size=rows) + 0.5 * y}), y


@pytest.mark.parametrize(("levels", "rows"), [(40, 1000), (100, 2000), (200, 3000), (300, 6000)])
@pytest.mark.parametrize("seed", [0, 1])
def test_codes_of_kinds(sheet_of, causes, levels, rows, seed):
    frame, y = made(levels, rows, seed)
    found = codes.check(sheet_of(frame, y))
    assert causes(found) == ["categorical_as_number"]
    assert found.nominations[0].fix == ("data.categorical=[code]",)
    assert causes(codes.check(sheet_of(frame, y, categorical=["code"]))) == []


@pytest.mark.parametrize("levels", [12, 40, 200])
@pytest.mark.parametrize("seed", range(3))
def test_quantities_are_silent(sheet_of, causes, levels, seed):
    assert causes(codes.check(sheet_of(*made(levels, 3000, seed, ordered=True)))) == []


def test_hills_and_waves_are_silent(sheet_of, causes):
    rng = np.random.default_rng(0)
    hour, age = rng.integers(0, 24, 3000), rng.integers(18, 90, 3000)
    share = (1 + np.sin(hour / 24 * 2 * np.pi) * np.cos((age - 50) / 12)) / 2
    frame = pd.DataFrame({"hour": hour, "age": age})
    assert causes(codes.check(sheet_of(frame, (rng.random(3000) < share).astype(int)))) == []


def test_codes_that_tell_nothing_are_silent(sheet_of, causes):
    frame, _ = made(100, 2000)
    y = np.random.default_rng(3).integers(0, 2, 2000)
    assert causes(codes.check(sheet_of(frame, y))) == []


def test_the_products_are_unbiased():
    rng = np.random.default_rng(0)
    code = rng.integers(0, 200, 4000)
    own = [codes.compare_levels(code, rng.integers(0, 2, 4000), 2).own for _ in range(20)]
    assert abs(np.mean(own)) < 0.003


@pytest.mark.parametrize("name", ["digits", "iris", "wine"])
def test_small_integers_of_real_tables(sheet_of, table, causes, name):
    assert causes(codes.check(sheet_of(*table(name)))) == []
