import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.learners import discriminant, yardstick


@pytest.mark.parametrize("name", ["wine", "iris", "breast_cancer"])
def test_it_is_scikit_learns(sheet_of, table, name):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    sheet = sheet_of(*table(name))
    judged = discriminant.held_out(sheet, sheet.train, sheet.valid)
    x = sheet.matrix.astype(float)
    inside = x[sheet.train]
    x = ((x - inside.mean(0)) / inside.std(0)).clip(-5, 5)
    own = LinearDiscriminantAnalysis(solver="lsqr").fit(x[sheet.train], sheet.y[sheet.train])
    assert (judged.predicted == own.predict(x[sheet.valid])).mean() > 0.97
    assert judged.votes.sum(1) == pytest.approx(np.ones(len(sheet.valid)))


def made(rows=1500):
    """Weak columns and categories of many levels, each of which tells a little."""
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 40, (rows, 2))
    x = rng.normal(size=(rows, 8))
    worth = rng.normal(size=(2, 40))
    y = x.sum(1) / 2 + worth[0, levels[:, 0]] + worth[1, levels[:, 1]] > 0
    frame = pd.DataFrame(x, columns=[f"x{k}" for k in range(8)])
    for place in range(2):
        frame[f"kind{place}"] = [f"level {k}" for k in levels[:, place]]
    return frame, y.astype(int)


def test_runs_are_held_against_the_better_learner(sheet_of, table):
    sheet = sheet_of(*made())
    measured = yardstick.measure(sheet)
    assert measured.is_linear
    for judged, rows in (
        (measured.of_train(sheet, sheet.train), sheet.train),
        (measured.of_held_out(sheet, sheet.train, sheet.valid), sheet.valid),
    ):
        assert judged.rows.tolist() == rows.tolist()
        linear = yardstick.right(judged, sheet.y).mean()
        trees = yardstick.right(measured.inside, sheet.y).mean()
        assert linear > trees + 0.03
    assert not yardstick.measure(sheet_of(*table("moons"))).is_linear
    assert not yardstick.measure(sheet_of(*table("wine"))).is_linear  # as good, and no better


def test_a_class_that_one_fold_lacks_and_columns_that_do_not_move(sheet_of):
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(60, int), np.ones(60, int), 2]
    frame = pd.DataFrame({"a": y + rng.normal(size=121), "b": 3.0, "c": np.r_[np.nan, y[1:]]})
    sheet = sheet_of(frame, y, split_stratify=False)
    judged = discriminant.out_of_fold(sheet, np.arange(121))
    assert np.isfinite(judged.votes).all()
    assert (judged.predicted == y).mean() > 0.9


def test_too_many_inputs_are_left_to_trees(sheet_of):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(80, discriminant.WIDEST + 1))).add_prefix("x")
    sheet = sheet_of(frame, np.arange(80) % 2)
    assert not discriminant.is_fit(sheet)
    assert not yardstick.measure(sheet).is_linear
