import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.rows import find_rows
from nnexp.diagnosis.audit.split import duplicates

TABLES = ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "classification"]


def look(sheet):
    return duplicates.check(sheet, find_rows(sheet))


def copy_rows(frame, y, parts, share, seed=0):
    rng = np.random.default_rng(seed)
    train, valid = np.flatnonzero(parts == "train"), np.flatnonzero(parts == "valid")
    count = int(share * len(valid))
    source, target = rng.choice(train, count, False), rng.choice(valid, count, False)
    frame.iloc[target] = frame.iloc[source].to_numpy()
    y[target] = y[source]
    return frame, y


@pytest.mark.parametrize("share", [0.15, 0.4, 0.9])
@pytest.mark.parametrize("name", TABLES)
def test_validation_rows_copied_from_train(sheet_of, table, parts_of, causes, name, share):
    frame, y = table(name)
    parts = parts_of(len(y))
    frame, y = copy_rows(frame, y, parts, share)
    found = look(sheet_of(frame, y, parts))
    assert causes(found) == ["duplicate_leak"]
    assert found.nominations[0].fix == ("data.duplicates=drop",)
    assert found.nominations[0].certain


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("name", TABLES)
def test_rows_doubled_before_the_split(sheet_of, table, causes, name, share):
    frame, y = table(name)
    rng = np.random.default_rng(0)
    again = rng.choice(len(y), int(share * len(y)), False)
    order = rng.permutation(len(y) + len(again))
    frame = pd.concat([frame, frame.iloc[again]]).iloc[order]
    y = np.r_[y, y[again]][order]
    assert causes(look(sheet_of(frame, y))) == ["duplicate_leak"]
    assert causes(look(sheet_of(frame, y, duplicates="drop"))) == []


def test_a_class_repeated_to_balance_it(sheet_of, table, causes):
    frame, y = table("classification")
    keep = np.r_[np.flatnonzero(y == 0), np.repeat(np.flatnonzero(y == 1)[:40], 8)]
    keep = np.random.default_rng(0).permutation(keep)
    assert causes(look(sheet_of(frame.iloc[keep], y[keep]))) == ["duplicate_leak"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", [*TABLES, "blobs"])
def test_tables_as_they_are(sheet_of, table, causes, name, seed):
    found = look(sheet_of(*table(name), seed=seed))
    assert causes(found) == []
    assert not any("another label" in note for note in found.notes)


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_few_values_repeat_by_nature(sheet_of, causes, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.binomial(6, 0.4, (1500, 4)), columns=list("abcd"))
    y = (rng.random(1500) < frame["a"] / 6).astype(int)
    found = look(sheet_of(frame, y, seed=seed))
    assert causes(found) == []
    assert "by nature" in found.notes[0]


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "digits"])
def test_copies_that_mostly_have_another_label(sheet_of, table, causes, name):
    """Rows that two people labelled: what is learnt of a copy by heart is mostly wrong."""
    frame, y = table(name)
    rng, size = np.random.default_rng(0), len(y)
    other = np.where(rng.random(size) < 0.95, (y + 1) % (y.max() + 1), y)
    order = rng.permutation(2 * size)
    both = pd.concat([frame, frame]).iloc[order]
    found = look(sheet_of(both, np.r_[y, other][order]))
    assert causes(found) == []
    assert "have another label" in found.notes[0]


def test_copies_that_have_their_label_more_often_than_can_be_known(sheet_of, causes):
    """Of ten classes a copy that is right in four of ten cases says more than all columns do."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(900, 6)), rng.integers(0, 10, 900)
    again = np.where(rng.random(900) < 0.4, y, rng.integers(0, 10, 900))
    order = rng.permutation(1800)
    frame = pd.DataFrame(np.r_[x, x][order], columns=list("abcdef"))
    assert causes(look(sheet_of(frame, np.r_[y, again][order]))) == ["duplicate_leak"]


def _copied(table, rng):
    """A table of which a third is there twice, in any order."""
    frame, y = table("breast_cancer")
    again = rng.choice(len(y), len(y) // 3, False)
    order = rng.permutation(len(y) + len(again))
    return pd.concat([frame, frame.iloc[again]]).iloc[order], np.r_[y, y[again]][order]


@pytest.mark.parametrize("kind", ["number", "text", "date", "list", "array"])
def test_copies_with_an_id_of_their_own_are_dropped_without_it(sheet_of, table, causes, kind):
    rng = np.random.default_rng(0)
    frame, y = _copied(table, rng)
    names = rng.permutation(len(y))
    if kind == "text":
        names = np.array([f"P{name:06d}" for name in names], dtype=object)
    elif kind == "date":
        names = (np.datetime64("2020-01-01") + names).astype(str).astype(object)
    elif kind == "list":
        names = pd.Series([[int(name), 1] for name in names], index=frame.index)
    elif kind == "array":
        names = pd.Series([np.array([name, 1]) for name in names], index=frame.index)
    frame["id"] = names
    (told,) = look(sheet_of(frame, y)).nominations
    assert told.fix == ("data.drop=[id]", "data.duplicates=drop")
    assert "differ in column 'id'" in told.explanation
    # as it is, the setting leaves out no row: the finding stays, and so does what it lacks
    (same,) = look(sheet_of(frame, y, duplicates="drop")).nominations
    assert same.fix == told.fix
    mended = sheet_of(frame, y, drop=["id"], duplicates="drop")
    assert len(mended.y) == len(table("breast_cancer")[1])
    assert causes(look(mended)) == []


def test_a_name_that_copies_share_is_left_in(sheet_of, table):
    rng = np.random.default_rng(0)
    frame, y = _copied(table, rng)
    names = pd.factorize(pd.util.hash_pandas_object(frame, index=False))[0]
    frame["id"] = [f"P{name:06d}" for name in names]
    frame["day"] = "2020-01-01"
    (told,) = look(sheet_of(frame, y, drop=["mean radius"])).nominations
    assert told.fix == ("data.duplicates=drop",)
