"""Trees, extremely randomised ones (Geurts, Ernst & Wehenkel 2006) and such of the best splits.

An audit grows hundreds of small ones, and estimators spend more on each than its growing takes:
they read their parameters by signature, and judge and code the labels anew. Here the labels are
coded once, and scikit-learn's builders get what they need. The trees are those that
`sklearn.ensemble.ExtraTreesClassifier(random_state=0)` and
`sklearn.tree.DecisionTreeClassifier(random_state=0)` grow, to the bit. Where another version of
scikit-learn keeps its builders elsewhere, its estimators grow them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

_DRAWS = np.iinfo(np.int32).max  # of which a forest draws its trees' seeds


def out_of_bag_votes(
    x: np.ndarray, y: np.ndarray, classes: int, trees: int, leaf: int = 1
) -> np.ndarray:
    """Shares of votes (n, classes) for each row by the trees that did not draw it.

    Arguments:
        x: (n, d) float32, finite, d at least 1.
        y: class indices (n,); those that do not occur get no vote.
        classes: C.
        trees: how many, each on n rows drawn with replacement.
        leaf: drawn rows that a leaf has at least.

    Rows that every tree drew have no votes: zeros.
    """
    x = np.ascontiguousarray(x, dtype=np.float32)
    present, coded = np.unique(y, return_inverse=True)
    told, judges = np.zeros((len(y), len(present))), np.zeros(len(y), dtype=np.int64)
    draws = np.random.RandomState(0)
    for seed in _seeds(trees):
        draws.seed(seed)  # as a new one of that seed, for a fraction of the time
        times = np.bincount(draws.randint(0, len(y), len(y)), minlength=len(y))
        left = np.flatnonzero(times == 0)
        if not len(left):
            continue
        tree = _grown(x, coded, len(present), times, leaf, seed, draws)
        told[left] += _shares(tree, x[left])
        judges[left] += 1
    return _of_all(told / np.maximum(judges, 1)[:, None], present, classes)


def votes_for(
    x: np.ndarray, y: np.ndarray, classes: int, trees: int, others: np.ndarray
) -> np.ndarray:
    """Shares of votes (m, classes) for `others` (m, d) by trees grown on all rows of `x` and `y`.

    Arguments as for `out_of_bag_votes`.
    """
    x = np.ascontiguousarray(x, dtype=np.float32)
    present, coded = np.unique(y, return_inverse=True)
    told = np.zeros((len(others), len(present)))
    draws = np.random.RandomState(0)
    for seed in _seeds(trees):
        told += _shares(_grown(x, coded, len(present), None, 1, seed, draws), others)
    return _of_all(told / trees, present, classes)


def choices_for(x: np.ndarray, y: np.ndarray, leaves: int, others: np.ndarray) -> np.ndarray:
    """Class indices (m,) of `others` (m, d) by the tree of so many leaves with the best splits.

    Arguments:
        x: (n, d), exact in float32, d at least 1.
        y: class indices (n,).
        leaves: at most, >= 2.
        others: rows to tell.
    """
    x = np.ascontiguousarray(x, dtype=np.float32)
    present, coded = np.unique(y, return_inverse=True)
    tree = _grown(x, coded, len(present), None, 1, 0, np.random.RandomState(0), leaves)
    return np.asarray(present[_shares(tree, others).argmax(1)])


def _seeds(trees: int) -> list[int]:
    draws = np.random.RandomState(0)
    return [int(draws.randint(_DRAWS)) for _ in range(trees)]


def _of_all(votes: np.ndarray, present: np.ndarray, classes: int) -> np.ndarray:
    own = np.zeros((len(votes), classes))
    own[:, present] = votes
    return own


def _shares(tree: Any, x: np.ndarray) -> np.ndarray:
    rows = np.ascontiguousarray(x, dtype=np.float32)
    return np.asarray(tree.predict(rows)).reshape(len(x), -1)


def _grown(
    x: np.ndarray,
    y: np.ndarray,
    classes: int,
    times: np.ndarray | None,
    leaf: int,
    seed: int,
    draws: np.random.RandomState,
    leaves: int | None = None,
) -> Any:
    """A tree of `sklearn.tree`, on rows that count `times` each (all once where None).

    With a number of leaves it has the best splits, without one random ones.
    """
    if not _has_builder():
        return _estimated(x, y, times, leaf, seed, leaves)
    draws.seed(seed)
    return _built(x, y, classes, times, leaf, draws, leaves)


@cache
def _has_builder() -> bool:
    """Whether this version of scikit-learn keeps the builder where, and as, it is looked for."""
    x = np.zeros((2, 1), dtype=np.float32)
    try:
        for leaves in (None, 2):
            _built(x, np.arange(2), 2, None, 1, np.random.RandomState(0), leaves)
    except (ImportError, TypeError, ValueError, AttributeError):
        return False
    return True


def _built(
    x: np.ndarray,
    y: np.ndarray,
    classes: int,
    times: np.ndarray | None,
    leaf: int,
    draws: np.random.RandomState,
    leaves: int | None = None,
) -> Any:
    from sklearn.tree._criterion import Gini
    from sklearn.tree._splitter import BestSplitter, RandomSplitter
    from sklearn.tree._tree import BestFirstTreeBuilder, DepthFirstTreeBuilder, Tree

    kinds, columns = np.array([classes], dtype=np.intp), x.shape[1]
    tree, deep = Tree(columns, kinds, 1), np.iinfo(np.int32).max
    weights = None if times is None else times.astype(float)
    if leaves is None:
        most = max(1, int(np.sqrt(columns)))
        splitter = RandomSplitter(Gini(1, kinds), most, leaf, 0.0, draws, None)
        builder = DepthFirstTreeBuilder(splitter, max(2, 2 * leaf), leaf, 0.0, deep, 0.0)
    else:
        splitter = BestSplitter(Gini(1, kinds), columns, leaf, 0.0, draws, None)
        builder = BestFirstTreeBuilder(splitter, max(2, 2 * leaf), leaf, 0.0, deep, leaves, 0.0)
    builder.build(tree, x, np.ascontiguousarray(y[:, None], dtype=float), weights, None)
    return tree


def _estimated(
    x: np.ndarray,
    y: np.ndarray,
    times: np.ndarray | None,
    leaf: int,
    seed: int,
    leaves: int | None = None,
) -> Any:
    import warnings

    from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

    with warnings.catch_warnings():
        # said where most rows have a class of their own
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        kind = ExtraTreeClassifier if leaves is None else DecisionTreeClassifier
        estimator = kind(min_samples_leaf=leaf, random_state=seed, max_leaf_nodes=leaves)
        return estimator.fit(x, y, sample_weight=times).tree_
