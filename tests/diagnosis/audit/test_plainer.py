import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.labels import plainer
from nnexp.diagnosis.audit.learners import yardstick


def look(sheet):
    return plainer.check(sheet, yardstick.measure(sheet))


def made(rng, apart=2.0):
    """Four classes, told mostly by five columns."""
    y = rng.integers(0, 4, 1600)
    x = rng.normal(size=(1600, 5))
    x[np.arange(1600), y] += apart
    return pd.DataFrame(x, columns=list("abcde")), y


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_a_class_that_train_labels_call_another(sheet_of, causes, parts_of, seed):
    rng = np.random.default_rng(seed)
    frame, y = made(rng, 4.0)
    parts = parts_of(len(y), seed)
    assert causes(look(sheet_of(frame, y, parts))) == []
    wrong = np.where((parts != "test") & (y == 1) & (rng.random(len(y)) < 0.6), 2, y)
    found = look(sheet_of(frame, wrong, parts))
    assert causes(found) == ["label_noise"]
    assert found.nominations[0].subject == "1 labelled as 2"
    assert "test rows do not" in found.nominations[0].explanation
    # of all parts alike it is another check's business
    wrong = np.where((y == 1) & (rng.random(len(y)) < 0.6), 2, y)
    assert causes(look(sheet_of(frame, wrong, parts))) == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("apart", [1.0, 4.0])
def test_a_class_that_is_rarer_in_train(sheet_of, causes, parts_of, seed, apart):
    rng = np.random.default_rng(seed)
    frame, y = made(rng, apart)
    parts = parts_of(len(y), seed)
    keep = (parts == "test") | (y != 1) | (rng.random(len(y)) < 0.4)
    assert causes(look(sheet_of(frame[keep], y[keep], parts[keep]))) == []


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "iris", "digits", "moons", "blobs"])
def test_tables_as_they_are(sheet_of, table, causes, name):
    assert causes(look(sheet_of(*table(name)))) == []


def test_held_out_rows_of_another_kind_may_be_plainer(sheet_of, causes):
    """A sensor that was replaced by a better one, in a split by time."""
    rng = np.random.default_rng(0)
    late = np.arange(1500) >= 1000
    y = (rng.random(1500) < np.where(late, 0.56, 0.25)).astype(int)
    x = rng.normal(size=(1500, 4)) * np.where(late, 0.4, 1.6)[:, None] + y[:, None]
    parts = np.where(late, "test", np.where(rng.random(1500) < 0.2, "valid", "train"))
    assert causes(look(sheet_of(pd.DataFrame(x, columns=list("abcd")), y, parts))) == []
