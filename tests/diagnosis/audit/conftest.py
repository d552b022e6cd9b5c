"""Sheets for the audit's tests: of scikit-learn's tables, of the real ones, and of made frames."""

import os
import tracemalloc
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nnexp.config.schema.sources import CsvConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data.labelled import read_labelled
from nnexp.data.sources import load_table
from nnexp.data.table import Table
from nnexp.diagnosis.audit.sheet import make_sheet

FOLDER = Path(os.environ.get("NNEXP_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
REAL = {
    "adult": ("adult_train.csv.gz", "income"),
    "car": ("car.csv", "class"),
    "electricity": ("electricity.csv.gz", "class"),
    "horse_colic": ("horse_colic.csv", "surgical_lesion"),
    "letter": ("letter.csv.gz", "class"),
    "mammographic_masses": ("mammographic_masses.csv", "Severity"),
    "mammography": ("mammography.csv", "class"),
    "mushroom": ("mushroom.csv", "class"),
    "nsl_kdd": ("nsl_kdd.csv.gz", "class"),
    "oil_spill": ("oil_spill.csv", "class"),
    "pima": ("pima_diabetes.csv", "outcome"),
    "soybean": ("soybean.csv", "class"),
    "titanic": ("titanic.csv", "Survived"),
    "vowel": ("vowel.csv", "Class"),
    "weather": ("weather_canberra.csv", "RainTomorrow"),
}


@cache
def _bundled(name):
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    return bunch.data, np.asarray(bunch.target)


@cache
def _made(name, rows, noise):
    from sklearn import datasets

    if name == "moons":
        x, y = datasets.make_moons(rows, noise=noise, random_state=0)
    elif name == "circles":
        x, y = datasets.make_circles(rows, noise=noise, factor=0.4, random_state=0)
    elif name == "blobs":
        x, y = datasets.make_blobs(rows, 4, centers=3, random_state=1)
    else:
        x, y = datasets.make_classification(rows, 20, n_informative=5, random_state=0)
    return pd.DataFrame(x, columns=[f"x{place + 1}" for place in range(x.shape[1])]), y


@cache
def _real(name):
    if not FOLDER.is_dir():
        pytest.skip("the real tables are not here")
    file, target = REAL[name]
    return load_table(CsvConfig(path=str(FOLDER / file), target=target))


def _options(options):
    names = {item.name for item in fields(SplitConfig)}
    split = {k.removeprefix("split_"): options.pop(k) for k in list(options) if k[:6] == "split_"}
    assert set(split) <= names
    return CsvConfig(split=SplitConfig(**split), **options)


@pytest.fixture(scope="session")
def table():
    """table("wine") or table("moons", 500, noise=0.2) gives a copy of (frame, y)."""

    def get(name, rows=600, noise=0.15):
        made = name in ("moons", "circles", "blobs", "classification")
        if name in REAL:
            frame, y = _real(name).frame, np.asarray(_real(name).target)
        else:
            frame, y = _made(name, rows, noise) if made else _bundled(name)
        return frame.copy(), y.copy()

    return get


@pytest.fixture(scope="session")
def sheet_of():
    """sheet_of(frame, y, parts=None, seed=0, scaling="none", split_shuffle=False, ...)."""

    def make(frame, y, parts=None, seed=0, **options):
        config = _options(options)
        target = pd.Series(y, name="target")
        made = Table(frame.reset_index(drop=True), target, "made", parts)
        return make_sheet(read_labelled(made, config), config, seed)

    return make


@pytest.fixture(scope="session")
def real_sheet():
    """real_sheet("titanic", seed=0, drop=["Age"]): a sheet of a real table, or a skip."""

    def make(name, seed=0, **options):
        config = _options(options)
        return make_sheet(read_labelled(_real(name), config), config, seed)

    return make


@pytest.fixture(scope="session")
def parts_of():
    """parts_of(100, seed=0): "train", "valid", "test" of 60, 20 and 20 rows, at random."""

    def draw(rows, seed=0):
        parts = np.array(["train"] * rows, dtype=object)
        order = np.random.default_rng(seed).permutation(rows)
        parts[order[: rows // 5]] = "valid"
        parts[order[rows // 5 : 2 * (rows // 5)]] = "test"
        return parts

    return draw


@pytest.fixture(scope="session")
def causes():
    """causes(audit): the causes that it nominates, in its order."""
    return lambda audit: [nomination.cause for nomination in audit.nominations]


@pytest.fixture(scope="session")
def peak_of():
    """peak_of(call): the bytes that a call takes at its peak, beyond what was there before."""

    def measure(call):
        call()  # what is imported and kept is not the call's
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure
