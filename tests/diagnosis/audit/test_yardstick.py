import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.leaks import pairs
from nnexp.diagnosis.audit.leaks.column_rules import find_rules
from nnexp.diagnosis.audit.learners import discriminant, together, yardstick


def test_parts_are_judged_apart(sheet_of, table):
    frame, y = table("breast_cancer")
    sheet = sheet_of(frame, y)
    trees = yardstick.measure(sheet)
    assert list(trees.outside) == ["validation", "test"]
    assert trees.outside["test"].rows.tolist() == sheet.test.tolist()
    assert trees.together.rows.tolist() == list(range(569))
    for judged in (trees.inside, trees.together, *trees.outside.values()):
        assert yardstick.right(judged, sheet.y).mean() > 0.9


def test_no_held_out_rows(sheet_of, table):
    sheet = sheet_of(*table("wine"), split_test=0.0, split_valid=0.0)
    assert yardstick.measure(sheet).outside == {}


def test_majority():
    assert yardstick.majority(np.array([0, 1, 1, 1])) == 0.75
    assert yardstick.majority(np.array([], dtype=int)) == 0.0


def test_what_was_learnt_is_not_learnt_again(sheet_of, table, monkeypatch):
    from nnexp.diagnosis.audit.learners import yardstick

    sheet = sheet_of(*table("wine"))
    trees = yardstick.measure(sheet)
    again = yardstick.out_of_bag(sheet.matrix, sheet.y, 3, sheet.train)
    held = yardstick.held_out(sheet.matrix, sheet.y, 3, sheet.train, sheet.valid)
    some = yardstick.held_out(sheet.matrix, sheet.y, 3, sheet.train[:50], sheet.valid)
    assert (trees.of_held_out(sheet, sheet.train[:50], sheet.valid).votes == some.votes).all()
    monkeypatch.setattr(yardstick, "out_of_bag", None)
    monkeypatch.setattr(yardstick, "held_out", None)
    assert (trees.of_train(sheet, sheet.train).votes == again.votes).all()
    assert (trees.of_held_out(sheet, sheet.train, sheet.valid).votes == held.votes).all()


def test_neighbours_labels_take_no_memory_for_each_neighbour_and_class(peak_of):
    rng = np.random.default_rng(0)
    x, truth = rng.normal(size=(1000, 3)), np.eye(200)[rng.integers(0, 200, 1000)]
    assert np.allclose(together._by_neighbours(x, truth).sum(1), 1)
    assert peak_of(lambda: together._by_neighbours(x, truth)) < 5 * truth.nbytes


MOVES = [(1.0, 1.7e9), (1.0, 1e12), (2.0**-40, 0), (2.0**-170, 0), (2.0**-560, 0), (2.0**90, 0)]


@pytest.mark.parametrize(("scale", "offset"), MOVES)
def test_moved_and_scaled_columns_change_no_learner(sheet_of, scale, offset):
    """Times in seconds and tiny amounts: forest, neighbours, ridge, discriminant and rules."""
    rng = np.random.default_rng(3)
    x = rng.integers(0, 300, (800, 3))
    y = (x[:, 0] > 150) ^ (rng.random(800) < 0.02)
    sheets = [
        sheet_of(pd.DataFrame(own, columns=list("abc")), y.astype(int))
        for own in (x.astype(float), x * scale + offset)
    ]
    plain, moved = map(yardstick.measure, sheets)
    for name in ("together", "linear", "inside"):
        assert np.allclose(getattr(plain, name).votes, getattr(moved, name).votes, atol=0.02), name
    assert (moved.inside.predicted == y[moved.inside.rows]).mean() > 0.9
    told = [discriminant.out_of_fold(sheet, sheet.used).votes for sheet in sheets]
    assert np.allclose(*told, atol=1e-6)
    rules = [find_rules(sheet, sheet.used) for sheet in sheets]
    assert [(own.name, own.accuracy) for own in rules[0]] == [
        (own.name, own.accuracy) for own in rules[1]
    ]


@pytest.mark.parametrize("scale", [1.0, 1e-20, 1e-50, 1e-170])
def test_pairs_are_found_among_tiny_numbers(sheet_of, scale):
    rng = np.random.default_rng(0)
    base, apart = rng.normal(size=600), rng.normal(size=600)
    frame = pd.DataFrame({"p": rng.normal(size=600), "a": base, "b": base + apart}) * scale
    found = pairs.check(sheet_of(frame, (apart > 0.5).astype(int)))
    assert [own.subject for own in found.nominations] == ["a, b"]
