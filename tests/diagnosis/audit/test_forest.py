import numpy as np

from nnexp.diagnosis.audit.learners.forest import ROWS, held_out, out_of_bag, sample


def test_rows_are_judged_by_trees_that_did_not_see_them(table):
    frame, y = table("moons")
    x = frame.to_numpy(np.float32)
    noise = np.random.default_rng(0).permutation(y)
    judged = out_of_bag(x, noise, 2, np.arange(600))
    assert 0.4 < (judged.predicted == noise).mean() < 0.6  # memorised in the bag, not out of it
    assert (out_of_bag(x, y, 2, np.arange(600)).predicted == y).mean() > 0.9
    told = held_out(x, y, 2, np.arange(400), np.arange(400, 600))
    assert (told.predicted == y[400:]).mean() > 0.9
    assert told.votes.shape == (200, 2)


def test_a_class_without_train_rows_gets_no_votes():
    x = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    y = np.repeat([0, 2], 30)
    assert out_of_bag(x, y, 4, np.arange(60)).votes[:, [1, 3]].sum() == 0


def test_without_columns_the_shares_of_the_classes_are_all_there_is():
    y = np.repeat([0, 1], [40, 20])
    empty = np.zeros((60, 0), np.float32)
    assert (out_of_bag(empty, y, 2, np.arange(60)).predicted == 0).all()
    assert (held_out(empty, y, 2, np.arange(60), np.arange(5)).predicted == 0).all()


def test_long_tables_are_sampled_alike_each_time():
    rows = np.arange(3 * ROWS)
    assert len(sample(rows)) == ROWS
    assert sample(rows).tolist() == sample(rows).tolist()
    assert sample(rows[:5]).tolist() == [0, 1, 2, 3, 4]
