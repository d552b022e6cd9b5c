"""The audit's trees: those of scikit-learn's own forests, to the bit."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine, make_classification
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.tree import DecisionTreeClassifier

from nnexp.diagnosis.audit.learners import trees


def _tables():
    wine, digits = load_wine(return_X_y=True), load_digits(return_X_y=True)
    made = make_classification(300, 6, n_informative=4, random_state=0)
    few = wine[0][:, :1], wine[1]
    holed = digits[0][:400], np.where(digits[1][:400] == 3, 9, digits[1][:400])
    return {"wine": wine, "made": made, "one column": few, "a class without rows": holed}


TABLES = {name: (x.astype(np.float32), y) for name, (x, y) in _tables().items()}


@pytest.fixture(params=["built", "estimated"])
def how(request, monkeypatch):
    """By scikit-learn's builder, and as with a version that keeps it elsewhere."""
    if request.param == "estimated":

        def elsewhere(*arguments):
            raise ImportError

        monkeypatch.setattr(trees, "_built", elsewhere)
    trees._has_builder.cache_clear()
    yield
    trees._has_builder.cache_clear()


@pytest.mark.parametrize("leaf", [1, 5])
@pytest.mark.parametrize("name", TABLES)
def test_out_of_bag_votes_are_those_of_a_forest(how, name, leaf):
    x, y = TABLES[name]
    forest = ExtraTreesClassifier(
        40, bootstrap=True, oob_score=True, random_state=0, min_samples_leaf=leaf
    ).fit(x, y)

    votes = trees.out_of_bag_votes(x, y, 11, 40, leaf)

    np.testing.assert_array_equal(votes[:, forest.classes_], forest.oob_decision_function_)
    assert not np.delete(votes, forest.classes_, axis=1).any()


@pytest.mark.parametrize("name", TABLES)
def test_votes_for_other_rows_are_those_of_a_forest(how, name):
    x, y = TABLES[name]
    forest = ExtraTreesClassifier(30, random_state=0).fit(x[::2], y[::2])

    votes = trees.votes_for(x[::2], y[::2], 11, 30, x[1::2])

    np.testing.assert_array_equal(votes[:, forest.classes_], forest.predict_proba(x[1::2]))


@pytest.mark.parametrize("leaves", [2, 12])
@pytest.mark.parametrize("name", TABLES)
def test_choices_are_those_of_a_tree_with_the_best_splits(how, name, leaves):
    x, y = TABLES[name]
    tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0).fit(x[::2], y[::2])

    told = trees.choices_for(x[::2], y[::2], leaves, x[1::2])

    np.testing.assert_array_equal(told, tree.predict(x[1::2]))


def test_the_builder_is_where_it_is_looked_for():
    x, y = TABLES["wine"]

    assert trees._has_builder()
    assert trees._built(x, y, 3, None, 1, np.random.RandomState(0)).node_count > 1


def test_what_goes_wrong_in_the_builder_is_not_hidden(monkeypatch):
    assert trees._has_builder()

    def broken(*arguments):
        raise ValueError("shapes")

    monkeypatch.setattr(trees, "_built", broken)
    with pytest.raises(ValueError, match="shapes"):
        trees.out_of_bag_votes(*TABLES["wine"], 3, 2)


def test_two_rows_may_be_drawn_by_every_tree():
    votes = trees.out_of_bag_votes(np.zeros((2, 1), np.float32), np.array([0, 1]), 2, 60)

    np.testing.assert_array_equal(votes, [[0, 1], [1, 0]])


def test_rows_that_every_tree_drew_have_no_votes():
    x, y = TABLES["wine"]

    votes = trees.out_of_bag_votes(x, y, 3, 1)

    assert set(np.unique(votes.sum(1))) == {0.0, 1.0}
