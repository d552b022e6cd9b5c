import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.audit.split import series


def series_of(lasting, rows=2000, seed=0):
    """Six columns and a label that follow each other, as in time; the label is hard to tell."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(rows, 7))
    walk = np.zeros_like(steps)
    for place in range(1, rows):
        walk[place] = lasting * walk[place - 1] + np.sqrt(1 - lasting**2) * steps[place]
    y = (walk[:, 6] + 0.3 * walk[:, 0] > 0).astype(int)
    return pd.DataFrame(walk[:, :6], columns=[f"x{place}" for place in range(6)]), y


@pytest.mark.parametrize("seed", range(3))
def test_a_series_split_at_random(sheet_of, causes, seed):
    frame, y = series_of(0.97, seed=seed)
    mixed = {"split_shuffle": True, "split_stratify": True}
    found = series.check(sheet_of(frame, y, **mixed))
    assert causes(found) == ["group_leak"]
    assert found.nominations[0].fix == ("data.split.shuffle=false", "data.split.stratify=false")
    kept = {"split_shuffle": False, "split_stratify": False}
    assert causes(series.check(sheet_of(frame, y, **kept))) == []
    order = np.random.default_rng(seed).permutation(len(y))
    assert causes(series.check(sheet_of(frame.iloc[order], y[order], **mixed))) == []


@pytest.mark.parametrize("lasting", [0.0, 0.5])
def test_rows_that_hardly_follow_each_other(sheet_of, causes, lasting):
    assert causes(series.check(sheet_of(*series_of(lasting)))) == []


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "moons", "blobs", "classification"])
@pytest.mark.parametrize("by", ["class", "a column"])
def test_sorted_files_are_no_series(sheet_of, table, causes, name, by):
    frame, y = table(name)
    order = np.argsort(y if by == "class" else frame.iloc[:, 0].to_numpy(), kind="stable")
    assert causes(series.check(sheet_of(frame.iloc[order], y[order]))) == []


@pytest.mark.parametrize("wrong", [0.15, 0.25, 0.4])
@pytest.mark.parametrize("classes", [3, 12, 30])
def test_sorted_files_whose_labels_are_partly_wrong(sheet_of, causes, classes, wrong):
    rng, rows = np.random.default_rng(classes), 1800
    sorted_by = np.arange(rows) * classes // rows
    x = 1.5 * rng.normal(size=(classes, 12))[sorted_by] + rng.normal(size=(rows, 12))
    # leaves of a tree are alike; to hold out the end of the file would hold out classes
    x += 1.5 * rng.normal(size=(rows // 15, 12)).repeat(15, 0)
    y = np.where(rng.random(rows) < wrong, rng.integers(0, classes, rows), sorted_by)
    frame = pd.DataFrame(x, columns=[f"x{place}" for place in range(12)])
    assert causes(series.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize("seed", range(2))
def test_files_sorted_by_what_columns_make_together(sheet_of, causes, seed):
    rng = np.random.default_rng(seed)
    unit, number = rng.lognormal(2, 0.6, 3000), rng.integers(1, 20, 3000)
    price = unit * number
    band = np.digitize(price, np.quantile(price, np.linspace(0, 1, 5)[1:-1]))
    y = np.where(rng.random(3000) < 0.1, rng.integers(0, 4, 3000), band)
    frame = pd.DataFrame({"unit": unit, "number": number, "z": rng.normal(size=3000)})
    order = np.argsort(price)
    assert causes(series.check(sheet_of(frame.iloc[order], y[order]))) == []


def test_prices_of_half_hours(real_sheet, causes):
    (found,) = series.check(real_sheet("electricity")).nominations
    assert found.fix == ("data.split.method=time", "data.split.by=date")
    later = real_sheet("electricity", split_method="time", split_by="date")
    assert causes(audit_sheet(later)) == []
