import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit

from nnexp.config.schema.split import SplitConfig
from nnexp.data.split import split_rows
from nnexp.errors import UserError

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=60, deadline=None, database=None, derandomize=True)


def one(labels, folds, fold, seed=0, parts=None, column=None, **options):
    labels = np.asarray(labels)
    config = SplitConfig(folds=folds, fold=fold, **options)
    frame = pd.DataFrame({"x": np.arange(len(labels))})
    if column is not None:
        frame["c"] = column
        config.by = "c"
    classes = [f"class {place}" for place in range(labels.max() + 1)]
    return split_rows(labels, classes, config, frame, seed=seed, parts=parts)


def every(labels, folds, seed=0, **options):
    """The split of every fold, with what holds of all of them checked."""
    splits = [one(labels, folds, fold, seed, **options) for fold in range(folds)]
    for fold, split in enumerate(splits):
        parts = (split.train, split.valid, split.test)
        assert all(part.dtype == np.int64 and (np.diff(part) > 0).all() for part in parts)
        together = np.concatenate(parts)
        assert len(set(together)) == len(together)
        assert len(split.train)
        assert len(split.valid)
        assert split.test.tolist() == splits[0].test.tolist()
        again = one(labels, folds, fold, seed, **options)
        assert again.train.tolist() == split.train.tolist()
        assert again.valid.tolist() == split.valid.tolist()
    return splits


def validated(splits):
    return np.sort(np.concatenate([split.valid for split in splits])).tolist()


def rest(labels, split):
    return np.setdiff1d(np.arange(len(labels)), split.test).tolist()


@FEW
@given(
    rows=st.integers(12, 70),
    folds=st.integers(2, 6),
    classes=st.integers(2, 3),
    test=st.sampled_from([0, 0.1, 0.3]),
    stratify=st.booleans(),
    shuffle=st.booleans(),
    seed=SEEDS,
)
def test_random_folds(rows, folds, classes, test, stratify, shuffle, seed):
    labels = np.random.default_rng(rows).integers(classes, size=rows)
    options = {"test": test, "stratify": stratify, "shuffle": shuffle}
    present = np.bincount(labels)[np.unique(labels)]
    n_test = max(1, round(test * rows)) if test else 0
    try:
        splits = every(labels, folds, seed, **options)
    except UserError:
        splits = []
    if not splits:  # a class has too few rows for the folds, or the test for the classes
        few = present.min() * (1 - test) - 1 < folds or 0 < n_test < len(present)
        assert stratify and shuffle and few  # noqa: PT018
        return
    assert len(splits[0].test) == n_test
    assert validated(splits) == rest(labels, splits[0])
    assert len({len(split.train) for split in splits}) == 1
    for split in splits:
        unused = rows - len(split.train) - len(split.valid) - len(split.test)
        assert unused == (len(split.valid) == (rows - len(split.test)) // folds) * (
            (rows - len(split.test)) % folds > 0
        )
    without = split_rows(
        labels,
        list(range(classes)),
        SplitConfig(**options, valid=0),
        pd.DataFrame({"x": labels}),
        seed=seed,
    )
    assert splits[0].test.tolist() == without.test.tolist()
    if stratify and shuffle:
        counts = [np.bincount(labels[split.valid], minlength=classes) for split in splits]
        assert np.ptp(counts, axis=0).max() <= 1
        for split in splits:
            assert np.bincount(labels[split.train], minlength=classes)[np.unique(labels)].min() > 0


@FEW
@given(groups=st.integers(3, 20), folds=st.integers(2, 6), test=st.sampled_from([0, 0.2]))
def test_group_folds(groups, folds, test):
    rng = np.random.default_rng(groups)
    column = np.concatenate([np.arange(groups), rng.integers(groups, size=3 * groups)])
    labels = np.arange(len(column)) % 2
    try:
        splits = every(labels, folds, groups, column=column, method="group", test=test)
    except UserError:
        assert groups - max(1, round(test * groups)) < folds
        return
    assert validated(splits) == rest(labels, splits[0])
    for split in splits:
        sets = [set(column[part]) for part in (split.train, split.valid, split.test)]
        assert sum(map(len, sets)) == groups
        assert set.union(*sets) == set(range(groups))
    sizes = [len(set(column[split.valid])) for split in splits]
    assert max(sizes) - min(sizes) <= 1


@FEW
@given(rows=st.integers(9, 60), folds=st.integers(2, 6), test=st.sampled_from([0, 0.2]), seed=SEEDS)
def test_time_folds_are_those_of_scikit_learn(rows, folds, test, seed):
    times = np.random.default_rng(seed).permutation(rows)
    labels = np.arange(rows) % 2
    splits = every(labels, folds, column=times, method="time", test=test)
    order = np.argsort(times)[: rows - len(splits[0].test)]
    for split, (train, valid) in zip(splits, TimeSeriesSplit(folds).split(order), strict=True):
        assert split.train.tolist() == np.sort(order[train]).tolist()
        assert split.valid.tolist() == np.sort(order[valid]).tolist()
        assert times[split.train].max() < times[split.valid].min()


@pytest.mark.parametrize(
    ("options", "splitter"),
    [
        ({}, StratifiedKFold(5, shuffle=True, random_state=8)),
        ({"stratify": False}, KFold(5, shuffle=True, random_state=8)),
        ({"shuffle": False}, KFold(5)),
    ],
)
def test_random_folds_are_those_of_scikit_learn(options, splitter):
    labels = np.arange(103) % 3
    splits = every(labels, 5, seed=7, test=0, **options)
    for split, (train, valid) in zip(
        splits, splitter.split(np.zeros((103, 1)), labels), strict=True
    ):
        assert split.valid.tolist() == valid.tolist()
        assert set(split.train) <= set(train)
        assert len(split.train) == 82


def test_the_row_that_sits_out_is_of_the_largest_class():
    labels = [0] * 40 + [1] * 5 + [2] * 6
    for split in every(labels, 5, test=0):
        if len(split.valid) == 10:
            (out,) = np.setdiff1d(np.arange(51), np.concatenate([split.train, split.valid]))
            assert out < 40


def test_seeds_decide():
    labels = np.arange(60) % 3
    for options in ({}, {"method": "group", "column": np.arange(60) % 20}):
        first, same, other = (one(labels, 4, 1, seed, **options) for seed in (3, 3, 4))
        assert first.valid.tolist() == same.valid.tolist()
        assert first.valid.tolist() != other.valid.tolist()


@pytest.mark.parametrize("method", ["random", "group", "time", "column"])
def test_official_test_rows_stay(method):
    parts = np.array(["train"] * 80 + ["test"] * 20)
    column = {"random": None, "column": ["train"] * 100}.get(method, np.arange(100) % 20)
    splits = every(np.arange(100) % 2, 4, parts=parts, column=column, method=method)
    assert splits[0].test.tolist() == list(range(80, 100))
    if method != "time":
        assert validated(splits) == list(range(80))


def test_a_column_that_names_the_test():
    names = np.array(["train", "train", "test", "train"] * 25)
    splits = every(np.arange(100) // 4 % 2, 5, column=names, method="column")
    assert (names[splits[0].test] == "test").all()
    assert validated(splits) == np.flatnonzero(names == "train").tolist()


def test_validation_rows_that_are_named_already():
    names = np.array(["train", "train", "valid", "test"] * 25)
    with pytest.raises(UserError, match="25 rows are named as validation rows already") as caught:
        one(np.arange(100) % 2, 5, 0, column=names, method="column")
    assert caught.value.remedy == "data.split.folds=null data.split.fold=null"
    parts = np.array(["valid"] + ["train"] * 99)
    with pytest.raises(UserError, match="1 row is named"):
        one(np.arange(100) % 2, 5, 0, parts=parts)


def test_classes_with_few_rows():
    labels = [0] * 96 + [1] * 4
    with pytest.raises(UserError, match="'class 1' has 3 rows besides the test, too few for 5"):
        one(labels, 5, 0)
    assert len(one(labels, 5, 0, stratify=False).valid) == 16
    assert len(one(labels, 3, 2).valid) in (26, 27)


@pytest.mark.parametrize(
    ("options", "folds", "fold", "wrong", "remedy"),
    [
        ({"stratify": False}, 9, 8, "9 with 8 rows", "data.split.folds=8 data.split.fold=7"),
        ({"stratify": False}, 9, 1, "9 with 8 rows", "data.split.folds=8"),
        ({"method": "time", "column": np.arange(10)}, 8, 1, "7 rows to", "data.split.folds=7"),
        ({"method": "group", "column": np.arange(10) % 5}, 6, 5, "4 groups", "data.split.folds=4 "),
        ({"method": "group", "column": np.arange(10) // 5}, 2, 0, "1 group b", "data.split.method"),
    ],
)
def test_too_many_folds(options, folds, fold, wrong, remedy):
    with pytest.raises(UserError, match=wrong) as caught:
        one(np.arange(10) % 2, folds, fold, **options)
    assert caught.value.remedy.startswith(remedy)


@pytest.mark.parametrize("fold", [None, 5, -1])
def test_a_fold_that_is_none_of_the_folds(fold):
    with pytest.raises(UserError, match=r"data\.split\.fold is 0 to 4"):
        one(np.arange(40) % 2, 5, fold)
