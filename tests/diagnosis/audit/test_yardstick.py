import numpy as np

from nnexp.diagnosis.audit.learners import together, yardstick


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
