import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from nnexp.config.schema.split import SplitConfig
from nnexp.data.split import split_rows
from nnexp.errors import UserError


def split(config, labels=None, seed=0, parts=None, **columns):
    size = len(next(iter(columns.values()))) if columns else 100
    labels = np.arange(size) % 2 if labels is None else np.asarray(labels)
    frame = pd.DataFrame({"x": np.arange(size), **columns})
    classes = [f"class {place}" for place in range(labels.max() + 1)]
    result = split_rows(labels, classes, config, frame, seed=seed, parts=parts)
    everything = np.concatenate([result.train, result.valid, result.test])
    assert np.sort(everything).tolist() == list(range(size))
    for part in (result.train, result.valid, result.test):
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()
    return result


def sizes(result):
    return len(result.train), len(result.valid), len(result.test)


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize(("valid", "test"), [(0.2, 0.2), (0, 0.2), (0.2, 0), (0, 0), (0.13, 0.07)])
def test_random_sizes(stratify, valid, test):
    result = split(SplitConfig(valid=valid, test=test, stratify=stratify))
    assert sizes(result) == (
        100 - round(100 * valid) - round(100 * test),
        *(round(100 * valid), round(100 * test)),
    )


def test_random_is_stratified():
    labels = np.repeat([0, 1, 2], [700, 200, 100])
    result = split(SplitConfig(), labels, x2=labels)
    for part in (result.train, result.valid, result.test):
        assert np.bincount(labels[part]) / len(part) == pytest.approx([0.7, 0.2, 0.1])


def test_seed_decides_and_nothing_else():
    one = split(SplitConfig(), seed=3)
    np.random.seed(7)
    np.random.random(5)
    two = split(SplitConfig(), seed=3)
    other = split(SplitConfig(), seed=4)
    assert one.test.tolist() == two.test.tolist()
    assert one.valid.tolist() == two.valid.tolist()
    assert one.test.tolist() != other.test.tolist()


def test_file_order():
    result = split(SplitConfig(shuffle=False), labels=[0] * 50 + [1] * 50)
    assert result.train.tolist() == list(range(60))
    assert result.test.tolist() == list(range(80, 100))


def test_small_classes():
    labels = [0] * 98 + [1] * 2
    with pytest.raises(UserError, match="'class 1' has 2 rows, too few"):
        split(SplitConfig(), labels)
    assert sizes(split(SplitConfig(stratify=False), labels)) == (60, 20, 20)
    assert sizes(split(SplitConfig(valid=0), labels)) == (80, 0, 20)
    labels = [0] * 97 + [1] * 3
    assert 1 in np.asarray(labels)[split(SplitConfig(test=0.5, valid=0.3), labels).train]
    with pytest.raises(UserError, match="4 rows cannot hold a row of each of 5"):
        split(SplitConfig(), np.arange(20) % 5, x2=np.arange(20))


@pytest.mark.parametrize("method", ["random", "time"])
def test_shares_that_leave_nothing(method):
    config = SplitConfig(method=method, by="x" if method == "time" else None, valid=0.5, test=0.5)
    with pytest.raises(UserError, match="leave none of 100 rows to train on"):
        split(config)


def test_groups_stay_whole():
    groups = np.arange(300) % 15
    result = split(SplitConfig(method="group", by="g"), g=groups)
    parts = [set(groups[part]) for part in (result.train, result.valid, result.test)]
    assert [len(part) for part in parts] == [9, 3, 3]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


def test_few_groups():
    result = split(SplitConfig(method="group", by="g"), g=np.arange(30) % 3)
    assert sizes(result) == (10, 10, 10)
    with pytest.raises(UserError, match="2 groups for 3 parts"):
        split(SplitConfig(method="group", by="g"), g=np.arange(30) % 2)
    with pytest.raises(UserError, match="no group"):
        split(SplitConfig(method="group", by="g"), g=["a", "b", None, "c"] * 5)
    assert sizes(split(SplitConfig(method="group", by="g", test=0, valid=0), g=["a"] * 9))[0] == 9


@pytest.mark.parametrize("kind", ["numbers", "unpadded", "datetimes"])
def test_time_runs_forward(kind):
    days = np.random.default_rng(0).permutation(100)
    dates = pd.to_datetime("2007-09-25") + pd.to_timedelta(days, unit="D")
    column = {
        "numbers": days,
        "unpadded": [f"{date.year}-{date.month}-{date.day}" for date in dates],
        "datetimes": dates,
    }[kind]
    result = split(SplitConfig(method="time", by="t"), t=column)
    assert sizes(result) == (60, 20, 20)
    assert days[result.train].max() < days[result.valid].min()
    assert days[result.valid].max() < days[result.test].min()


def test_time_needs_a_time_in_every_row():
    with pytest.raises(UserError, match="'soon'"):
        split(SplitConfig(method="time", by="t"), t=["2020-1-1", "soon"] * 10)
    with pytest.raises(UserError, match="10 rows with no time"):
        split(SplitConfig(method="time", by="t"), t=["2020-1-1", None] * 10)


def test_column():
    names = np.array([" Train", "TRAIN ", "valid", "val", "Validation", "test"] * 10)
    result = split(SplitConfig(method="column", by="part"), part=names)
    assert sizes(result) == (20, 30, 10)
    assert (names[result.test] == "test").all()


def test_column_without_valid_rows_takes_them_from_train():
    names = np.array(["train", "train", "test", "train"] * 25)
    result = split(SplitConfig(method="column", by="part"), part=names)
    assert sizes(result) == (60, 15, 25)
    assert (names[result.valid] == "train").all()
    assert sizes(split(SplitConfig(method="column", by="part", valid=0), part=names)) == (75, 0, 25)
    with pytest.raises(UserError, match="leaves none of 75"):
        split(SplitConfig(method="column", by="part", valid=0.999), part=names)


@pytest.mark.parametrize(
    ("names", "words"),
    [(["train", "dev"], "'dev'"), (["train", None], "empty cells"), (["test", "test"], "no row")],
)
def test_column_with_other_words(names, words):
    with pytest.raises(UserError, match=words):
        split(SplitConfig(method="column", by="part"), part=names * 10)


@pytest.mark.parametrize("method", ["group", "time", "column"])
def test_methods_that_need_a_column(method):
    with pytest.raises(UserError, match=r"needs data\.split\.by"):
        split(SplitConfig(method=method))
    with pytest.raises(UserError, match="'prat'") as caught:
        split(SplitConfig(method=method, by="prat"), part=np.arange(10))
    assert caught.value.remedy == "data.split.by=part"


@pytest.mark.parametrize("method", ["random", "group", "time", "column"])
def test_an_official_test_stays_the_test(method):
    parts = np.array(["train"] * 80 + ["test"] * 20)
    column = ["train"] * 100 if method == "column" else np.arange(100) % 20
    by = None if method == "random" else "c"
    result = split(SplitConfig(method=method, by=by), parts=parts, c=column)
    assert result.test.tolist() == list(range(80, 100))
    assert 0 < len(result.valid) <= 20
    parts[:10] = "valid"
    result = split(SplitConfig(), parts=parts)
    assert result.valid.tolist() == list(range(10))


def test_the_validation_share_is_one_of_the_rows_that_do_not_test():
    parts = np.array(["train"] * 40 + ["test"] * 60)
    assert sizes(split(SplitConfig(valid=0.2), parts=parts)) == (32, 8, 60)
    with pytest.raises(UserError, match=r"valid=0\.99 leaves none of 40 rows") as caught:
        split(SplitConfig(valid=0.99), parts=parts)
    assert caught.value.remedy == "data.split.valid=0.2"


def test_a_share_above_0_is_a_row_at_least():
    assert sizes(split(SplitConfig(valid=0.001, test=0.001, stratify=False))) == (
        len(split(SplitConfig(valid=0, test=0)).train) - 2,
        1,
        1,
    )
    with pytest.raises(UserError, match="leave none of 2 rows"):
        split(SplitConfig(), labels=np.array([0, 1]))


@pytest.mark.parametrize("method", ["group", "time", "column"])
def test_what_is_proposed_goes_together(method):
    with pytest.raises(UserError) as caught:
        split(SplitConfig(method=method, by="g"), g=["soon"] * 30)
    assert caught.value.remedy == "data.split.method=random data.split.by=null"


@pytest.mark.parametrize(
    "config",
    [
        SplitConfig(),
        SplitConfig(stratify=False),
        SplitConfig(method="group", by="who"),
        SplitConfig(folds=4, fold=1),
    ],
    ids=["stratified", "plain", "group", "fold"],
)
def test_the_validation_rows_can_be_drawn_anew(config):
    """The rows that test stay, and without a seed of their own the others are as they were."""
    labels = np.arange(200) % 2
    frame = pd.DataFrame({"x": np.arange(200.0), "who": [f"p{n % 40}" for n in range(200)]})

    def drawn(valid_seed):
        return split_rows(labels, [0, 1], config, frame, seed=3, valid_seed=valid_seed)

    plain, same, other = drawn(None), drawn(3), drawn(4)
    for part in ("train", "valid", "test"):
        assert np.array_equal(getattr(plain, part), getattr(same, part))
    assert np.array_equal(plain.test, other.test)
    assert not np.array_equal(plain.valid, other.valid)
    assert not set(other.test) & {*other.valid, *other.train}


@pytest.mark.parametrize("stratify", [True, False])
def test_rows_are_drawn_as_scikit_learn_draws_them(stratify):
    labels = np.arange(90) % 3
    config = SplitConfig(test=0.2, valid=0.2, stratify=stratify)
    parts = split(config, labels, seed=5, other=np.zeros(90))
    by = {"stratify": labels} if stratify else {}
    rest, test = train_test_split(np.arange(90), test_size=18, random_state=5, **by)
    by = {"stratify": labels[rest]} if stratify else {}
    train, valid = train_test_split(rest, test_size=18, random_state=6, **by)
    for part, expected in (parts.train, train), (parts.valid, valid), (parts.test, test):
        assert np.array_equal(part, np.sort(expected))
