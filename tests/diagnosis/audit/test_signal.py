import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.labels import signal
from nnexp.diagnosis.audit.learners import yardstick

TABLES = ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "blobs", "classification"]


def look(sheet):
    return signal.check(sheet, yardstick.measure(sheet))


@pytest.mark.parametrize("name", ["breast_cancer", "digits", "moons", "blobs"])
def test_shuffled_labels(sheet_of, table, causes, name):
    frame, y = table(name)
    found = look(sheet_of(frame, np.random.default_rng(0).permutation(y)))
    assert causes(found)[0] == "label_permuted" or found.nominations[0].strength < 0.9
    assert sorted(causes(found)) == ["label_permuted", "uninformative_inputs"]
    by_strength = max(found.nominations, key=lambda one: one.strength)
    assert by_strength.cause == "label_permuted"
    assert "cannot tell the two apart" in by_strength.explanation


@pytest.mark.parametrize("rows", [3, 30, 100, 300])
def test_train_rows_of_one_class_have_no_area(sheet_of, table, rows):
    frame, y = table("breast_cancer")
    parts = np.full(len(y), "valid", dtype=object)
    parts[np.flatnonzero(y == 1)[:rows]] = "train"
    found = look(sheet_of(frame, y, parts))
    assert found.nominations == ()
    assert not any("area under the ROC curve" in line for line in found.checked)


def test_numbers_too_large_are_no_fault_of_the_labels(sheet_of, causes):
    x = np.random.default_rng(1).normal(size=(800, 5))
    frame = pd.DataFrame(x, columns=list("abcde"))
    y = (x[:, 0] + 0.7 * x[:, 1] > 0).astype(int)
    assert causes(look(sheet_of(frame, y))) == []
    found = look(sheet_of(frame * 1e39, y))
    assert causes(found) == ["uninformative_inputs"]
    assert "beyond float32" in found.nominations[0].evidence[0].signal


@pytest.mark.parametrize("columns", [4, 20])
@pytest.mark.parametrize("classes", [2, 3])
def test_columns_of_noise(sheet_of, causes, columns, classes):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(900, columns))).add_prefix("x")
    found = look(sheet_of(frame, rng.integers(0, classes, 900)))
    by_strength = max(found.nominations, key=lambda one: one.strength)
    assert by_strength.cause == "uninformative_inputs"


@pytest.mark.matrix(8)
@pytest.mark.parametrize("lag", [1, -1, 2, 3])
@pytest.mark.parametrize("name", TABLES)
def test_labels_that_slipped(sheet_of, table, causes, name, lag):
    frame, y = table(name)
    order = np.random.default_rng(0).permutation(len(y))
    found = look(sheet_of(frame.iloc[order], np.roll(y[order], lag)))
    assert causes(found) == ["label_permuted"]
    assert found.nominations[0].certain
    where = f"{abs(lag)} row{'s' if abs(lag) > 1 else ''} {'later' if lag > 0 else 'earlier'}"
    assert where in found.nominations[0].explanation


@pytest.mark.parametrize("lag", [1, -2])
def test_labels_that_slipped_in_a_file_whose_neighbours_are_alike(sheet_of, table, causes, lag):
    # twice in three rows the next one has the same class, so that some signal is left
    frame, y = table("breast_cancer")
    rng = np.random.default_rng(0)
    queues = [list(rng.permutation(np.flatnonzero(y == k))) for k in (0, 1)]
    order, side = [], 0
    while any(queues):
        side = side if rng.random() < 0.67 and queues[side] else 1 - side
        side = side if queues[side] else 1 - side
        order.append(queues[side].pop())
    found = look(sheet_of(frame.iloc[order], np.roll(y[order], lag)))
    assert causes(found) == ["label_permuted"]


def test_labels_of_train_alone(sheet_of, table, parts_of, causes):
    frame, y = table("breast_cancer")
    parts = parts_of(len(y))
    train = np.flatnonzero(parts == "train")
    y[train] = np.random.default_rng(0).permutation(y[train])
    found = look(sheet_of(frame, y, parts))
    assert causes(found) == ["label_permuted"]
    assert "train rows" in found.nominations[0].explanation


def test_labels_of_train_that_are_wrong_for_the_most_part_are_not_shuffled(sheet_of, causes):
    from sklearn.datasets import make_classification

    x, y = make_classification(2400, 12, n_informative=6, n_classes=4, random_state=0)
    rng = np.random.default_rng(0)
    parts = np.where(rng.random(len(y)) < 0.6, "train", "test")
    wrong = (rng.random(len(y)) < 0.8) & (parts == "train")
    y[wrong] = rng.choice(y, wrong.sum())
    assert causes(look(sheet_of(pd.DataFrame(x).add_prefix("x"), y, parts))) == []


@pytest.mark.parametrize("name", TABLES)
def test_tables_as_they_are(sheet_of, table, causes, name):
    found = look(sheet_of(*table(name)))
    assert causes(found) == []
    assert "area under the ROC curve" in found.checked[0]


@pytest.mark.parametrize("slope", [0.5, 1.0])
def test_weak_signals_are_signals(sheet_of, causes, slope):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1500, 6))
    y = (rng.random(1500) < 1 / (1 + np.exp(-slope * x[:, 0]))).astype(int)
    assert causes(look(sheet_of(pd.DataFrame(x).add_prefix("x"), y))) == []


def test_many_weak_columns_that_trees_overlook(sheet_of, causes):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1500, 60))
    y = (x.sum(1) / 8 + rng.normal(size=1500) > 0).astype(int)
    assert causes(look(sheet_of(pd.DataFrame(x).add_prefix("x"), y))) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_forecast_from_what_was_a_row_ago(sheet_of, causes, seed):
    # the label of a row is a column of the next, as the rain of today beside that of tomorrow
    rng = np.random.default_rng(seed)
    pressure = rng.normal(0, 1, 1500)
    y = (pressure + 0.6 * rng.normal(0, 1, 1500) > 0.5).astype(int)
    frame = pd.DataFrame({"pressure": pressure, "today": np.roll(y, 1), "noise": rng.random(1500)})
    assert causes(look(sheet_of(frame, y))) == []


def test_rows_of_another_kind_may_have_more_to_tell(sheet_of, causes):
    """Who died, of the young in train and of the old beside them."""
    rng = np.random.default_rng(0)
    age = rng.uniform(20, 90, 1500)
    y = (rng.random(1500) < np.where(age < 60, 0.15, (age - 50) / 40)).astype(int)
    parts = np.where(age < 60, "train", np.where(rng.random(1500) < 0.5, "valid", "test"))
    frame = pd.DataFrame({"age": age, "x": rng.normal(size=1500)})
    assert "label_permuted" not in causes(look(sheet_of(frame, y, parts)))


@pytest.mark.parametrize("rows", [40, 400])
def test_without_a_column_nothing_is_told(sheet_of, causes, rows):
    """Inputs that are all constant, as a scaling by mistake leaves them."""
    y = np.arange(rows) % 2
    sheet = sheet_of(pd.DataFrame({"x": np.arange(rows)}), y).without_columns(["x"])
    found = look(sheet)
    assert causes(found) == ["uninformative_inputs"]
    assert "no input varies" in found.nominations[0].explanation
