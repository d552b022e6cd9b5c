import numpy as np
import pytest

from nnexp.diagnosis.audit.split import order

TABLES = ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "blobs", "classification"]
INORDER = {"split_shuffle": False, "split_stratify": False}


@pytest.mark.parametrize("name", TABLES)
def test_a_sorted_file_cut_in_order(sheet_of, table, causes, name):
    frame, y = table(name)
    by_class = np.argsort(y, kind="stable")
    frame, y = frame.iloc[by_class], y[by_class]
    found = order.check(sheet_of(frame, y, **INORDER))
    assert causes(found) == ["ordered_split"]
    assert found.nominations[0].fix == ("data.split.shuffle=true",)
    shuffled = order.check(sheet_of(frame, y))
    assert causes(shuffled) == []
    assert shuffled.notes == ["the rows of the file are sorted by class"]


@pytest.mark.parametrize("name", TABLES)
def test_a_mixed_file_cut_in_order_is_fine(sheet_of, table, causes, name):
    frame, y = table(name)
    mixed = np.random.default_rng(0).permutation(len(y))
    found = order.check(sheet_of(frame.iloc[mixed], y[mixed], **INORDER))
    assert causes(found) == []
    assert found.notes == []


def test_a_column_that_follows_a_sorted_file(sheet_of, table, causes):
    frame, y = table("wine")
    frame["part"] = np.where(np.arange(len(y)) < 120, "train", "test")
    found = order.check(sheet_of(frame, y, split_method="column", split_by="part", split_valid=0.0))
    assert causes(found) == ["ordered_split"]
    assert found.nominations[0].fix == (
        "data.split.method=random", "data.split.by=null", "data.drop=[part]",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["wine", "iris", "digits", "blobs"])
def test_a_class_without_train_rows(sheet_of, table, parts_of, causes, name):
    frame, y = table(name)
    mixed = np.random.default_rng(0).permutation(len(y))
    frame, y, parts = frame.iloc[mixed], y[mixed], parts_of(len(y))
    keep = (y != 2) | (parts != "train")
    found = order.check(sheet_of(frame[keep], y[keep], parts[keep]))
    assert causes(found) == ["unseen_class"]
    assert found.nominations[0].certain


def test_changes_of_a_random_order_are_about_one():
    y = np.random.default_rng(0).integers(0, 3, 5000)
    assert order.changes(y) == pytest.approx(1, abs=0.05)
    assert order.changes(np.sort(y)) < 0.01
    assert order.total_variation(np.array([1, 1]), np.array([1, 0])) == 0.5


def test_a_single_row_of_a_class_is_noted_only(sheet_of, table, parts_of, causes):
    frame, y = table("digits")
    parts = parts_of(len(y))
    y[np.flatnonzero(parts == "valid")[0]] = 10
    found = order.check(sheet_of(frame, y, parts))
    assert causes(found) == []
    assert "of which 1 of the held-out rows are" in found.notes[-1]
