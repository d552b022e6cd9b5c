import numpy as np
import pytest

from nnexp.diagnosis.audit.leaks import sums

TABLES = ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "blobs", "classification"]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("spread", [0.0, 0.05, 0.2])
def test_a_difference_that_is_the_label(sheet_of, table, causes, name, spread):
    frame, y = table(name)
    rng = np.random.default_rng(0)
    frame["start"] = rng.normal(100, 20, len(y))
    frame["end"] = frame["start"] + 5 + 3 * y + rng.normal(0, spread, len(y))
    found = sums.check(sheet_of(frame, y))
    assert causes(found) == ["target_leak"]
    assert found.nominations[0].subject == "start, end"


@pytest.mark.parametrize("name", TABLES)
def test_a_ratio_that_is_the_label(sheet_of, table, causes, name):
    frame, y = table(name)
    rng = np.random.default_rng(0)
    frame["net"] = rng.lognormal(4, 0.8, len(y))
    frame["gross"] = frame["net"] * 1.6**y * rng.lognormal(0, 0.04, len(y))
    found = sums.check(sheet_of(frame, y))
    assert causes(found) == ["target_leak"]
    assert found.nominations[0].subject == "net, gross"
    assert "product or ratio" in found.nominations[0].explanation


def test_a_total_of_parts(sheet_of, table, causes):
    frame, y = table("classification")
    rng = np.random.default_rng(0)
    frame["a"], frame["b"] = rng.normal(50, 9, (2, len(y)))
    frame["total"] = frame["a"] + frame["b"] - 4 * y + rng.normal(0, 0.1, len(y))
    assert sums.check(sheet_of(frame, y)).nominations[0].subject == "a, b, total"


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("positive", [False, True])
def test_tables_as_they_are(sheet_of, table, causes, name, positive):
    frame, y = table(name)
    if positive:  # so that products are looked at
        frame = np.exp((frame - frame.mean()) / frame.std().clip(1e-9))
    assert causes(sums.check(sheet_of(frame, y))) == []


def test_a_border_across_two_columns_is_no_leak(sheet_of, causes):
    import pandas as pd

    x = np.random.default_rng(0).normal(size=(800, 4))
    y = (x[:, 0] + x[:, 1] > 0).astype(int)
    assert causes(sums.check(sheet_of(pd.DataFrame(x, columns=list("abcd")), y))) == []


def test_distances_without_a_column_are_mahalanobis():
    rng = np.random.default_rng(0)
    within = np.cov(rng.normal(size=(5, 50)))
    difference = rng.normal(size=(1, 5))
    whole, left = sums._distances(within, difference)
    assert whole == pytest.approx(
        float(np.sqrt(difference @ np.linalg.inv(within) @ difference.T)[0, 0])
    )
    for place in range(5):
        kept = np.delete(np.arange(5), place)
        part = difference[:, kept]
        inverse = np.linalg.inv(within[np.ix_(kept, kept)])
        assert left[place] == pytest.approx(float(np.sqrt(part @ inverse @ part.T)[0, 0]))
