import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.audit.split import shift

TABLES = ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "blobs", "classification"]


@pytest.mark.parametrize("by", [1.0, 2.0, -3.0])
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "digits", "classification"])
def test_columns_that_lie_elsewhere_in_test(sheet_of, table, parts_of, causes, name, by):
    frame, y = table(name)
    frame, parts = frame.astype(float), parts_of(len(y))
    for column in frame.columns[[2, 3, 11]]:
        frame.loc[parts == "test", column] += by * frame[column].std()
    found = shift.check(sheet_of(frame, y, parts))
    assert causes(found) == ["distribution_shift"]


@pytest.mark.matrix(8)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", TABLES)
def test_random_splits_are_alike(sheet_of, table, causes, name, seed):
    found = shift.check(sheet_of(*table(name), seed=seed, split_stratify=False))
    assert causes(found) == []
    assert len(found.checked) == 2


@pytest.mark.parametrize("which", ["train", "test"])
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "iris", "digits"])
def test_one_part_scaled_and_the_others_not(sheet_of, table, parts_of, causes, name, which):
    frame, y = table(name)
    frame, parts = frame.astype(float), parts_of(len(y))
    frame = frame.loc[:, frame.std() > 0] * 3 + 10
    inside = frame[parts == "train"]
    scaled = (frame - inside.mean()) / inside.std().replace(0, 1)
    frame[parts == which] = scaled[parts == which]
    found = shift.check(sheet_of(frame, y, parts))
    assert causes(found) == ["preprocessing_mismatch"]
    assert found.nominations[0].certain


@pytest.mark.parametrize(("train", "test"), [(0.05, 0.6), (0.0, 0.3), (0.5, 0.1)])
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "moons", "circles", "classification"])
def test_cells_missing_at_another_rate(sheet_of, table, parts_of, causes, name, train, test):
    frame, y = table(name)
    parts = parts_of(len(y))
    rng = np.random.default_rng(0)
    for column in frame.columns[:2]:
        rate = np.where(parts == "test", test, train)
        frame.loc[rng.random(len(y)) < rate, column] = np.nan
    assert causes(shift.check(sheet_of(frame, y, parts))) == ["missingness_shift"]


def test_equal_rates_are_fine(sheet_of, table, causes):
    frame, y = table("breast_cancer")
    frame = frame.mask(np.random.default_rng(0).random(frame.shape) < 0.3)
    assert causes(shift.check(sheet_of(frame, y))) == []


def test_levels_that_lie_elsewhere(sheet_of, table, parts_of, causes):
    frame, y = table("classification")
    parts, rng = parts_of(len(y)), np.random.default_rng(0)
    frame["site"] = rng.choice(["a", "b"], len(y), p=[0.9, 0.1])
    frame.loc[parts == "test", "site"] = rng.choice(["a", "b"], (parts == "test").sum())
    found = shift.check(sheet_of(frame, y, parts))
    assert causes(found) == ["distribution_shift"]
    assert found.nominations[0].subject == "site"


def test_class_shares_that_differ(sheet_of, table, parts_of, causes):
    frame, y = table("classification", 2000)
    parts = parts_of(len(y))
    keep = (parts == "train") | (y == 0) | (np.arange(len(y)) % 5 == 0)
    found = shift.check(sheet_of(frame[keep], y[keep], parts[keep]))
    assert causes(found) == ["distribution_shift"]


def test_other_subjects_and_later_times_may_differ(sheet_of, causes):
    rng = np.random.default_rng(0)
    time = np.arange(900)
    frame = pd.DataFrame({"time": time, "a": time / 300 + rng.normal(size=900)})
    frame["b"] = rng.normal(size=900)
    y = (frame["b"] > 0).astype(int).to_numpy()
    found = shift.check(sheet_of(frame, y, split_method="time", split_by="time"))
    assert causes(found) == []
    assert "as those of a split by time may" in found.notes[0]


def test_rows_that_repeat_within_their_part_are_no_shift(sheet_of, table, parts_of, causes):
    frame, y = table("breast_cancer")
    parts = parts_of(len(y))
    twice = np.repeat(np.arange(len(y)), 2)
    found = shift.check(sheet_of(frame.iloc[twice], y[twice], parts[twice]))
    assert causes(found) == []


@pytest.mark.parametrize("seed", range(4))
def test_rows_that_repeat_by_nature(sheet_of, causes, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(0, 3, (2000, 3)), columns=list("abc"))
    found = shift.check(sheet_of(frame, rng.integers(0, 2, 2000)))
    assert causes(found) == []
    areas = [float(line.split("curve of ")[1].split()[0]) for line in found.checked]
    assert all(0.4 < area < 0.6 for area in areas)


def test_columns_that_go_together_in_train_alone(sheet_of, parts_of, causes):
    # each column has the same shares everywhere, and few distinct rows
    rng = np.random.default_rng(0)
    parts = parts_of(3000)
    a = rng.integers(0, 2, 3000)
    same = rng.random(3000) < np.where(parts == "test", 0.05, 0.95)
    frame = pd.DataFrame({"a": a, "b": np.where(same, a, 1 - a)})
    found = shift.check(sheet_of(frame, rng.integers(0, 2, 3000), parts))
    assert causes(found) == ["distribution_shift"]


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "moons"])
def test_train_rows_alone_were_standardised(sheet_of, table, parts_of, causes, name):
    # the columns are near that size anyway, so that no held-out column is far off
    frame, y = table(name)
    frame, parts = frame.astype(float), parts_of(len(y))
    frame = (frame - frame.mean()) / frame.std() * 1.8 + 0.6
    inside = frame[parts == "train"]
    frame[parts == "train"] = (inside - inside.mean()) / inside.std(ddof=0)
    assert causes(shift.check(sheet_of(frame, y, parts))) == ["preprocessing_mismatch"]


@pytest.mark.parametrize(
    ("far", "cause"), [(2, "preprocessing_mismatch"), (1, "distribution_shift")]
)
def test_most_columns_were_near_that_size_and_two_are_not(sheet_of, parts_of, causes, far, cause):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(900, 6)), columns=list("abcdef"))
    parts, y = parts_of(900), rng.integers(0, 2, 900)
    frame.iloc[:, :far] = frame.iloc[:, :far] * 15 + 200
    inside = frame[parts == "train"]
    frame[parts == "train"] = (inside - inside.mean()) / inside.std(ddof=0)
    assert causes(shift.check(sheet_of(frame, y, parts))) == [cause]


def test_train_rows_that_were_measured_several_times(sheet_of, parts_of, causes):
    rng = np.random.default_rng(0)
    once, y = rng.normal(size=(400, 8)), rng.integers(0, 2, 400)
    parts = parts_of(400)
    rows = np.concatenate((np.arange(400), *[np.flatnonzero(parts == "train")] * 2))
    measured = once[rows]
    measured[400:] += rng.normal(0, 0.01, (len(rows) - 400, 8))
    frame = pd.DataFrame(measured, columns=list("abcdefgh"))
    assert causes(shift.check(sheet_of(frame, y[rows], parts[rows]))) == []
    # and elsewhere they are told as before
    frame.loc[parts[rows] == "test", ["a", "b"]] += [2.0, -2.0]
    assert causes(shift.check(sheet_of(frame, y[rows], parts[rows]))) == ["distribution_shift"]


@pytest.mark.parametrize("method", ["random", "time"])
@pytest.mark.parametrize("value", [0.0, -40.0])
def test_a_sensor_that_stands_still_in_held_out_rows(sheet_of, causes, method, value):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(30, 5, (600, 3)), columns=["a", "b", "c"])
    frame["when"] = np.arange(600)
    y = (frame["a"] > 30).astype(int).to_numpy()
    parts = np.array(["train"] * 400 + ["valid"] * 100 + ["test"] * 100, dtype=object)
    frame.loc[400:, "a"] = value
    by = {"split_method": "time", "split_by": "when"} if method == "time" else {}
    sheet = sheet_of(frame, y, **by) if by else sheet_of(frame, y, parts)
    found = shift.check(sheet)
    assert causes(found) == ["distribution_shift"]
    assert found.nominations[0].fix == ("data.drop=[a]",)
    told = audit_sheet(sheet).nominations
    assert "sentinel_values" not in [own.cause for own in told]
    # other columns are looked at all the same
    frame.loc[400:, "b"] += 100
    sheet = sheet_of(frame, y, **by) if by else sheet_of(frame, y, parts)
    if method == "random":
        assert "'b'" in str(shift.check(sheet).nominations)
    # a number that train rows have as often is none of the held-out rows alone
    frame.loc[:380, "a"] = value
    sheet = sheet_of(frame, y, **by) if by else sheet_of(frame, y, parts)
    assert ("data.drop=[a]",) not in [own.fix for own in shift.check(sheet).nominations]


def test_a_year_and_whoever_is_held_out_stand_still_by_design(sheet_of, causes):
    rng = np.random.default_rng(0)
    day = np.arange(1825)
    frame = pd.DataFrame({"date": day, "year": 2018 + day // 365, "x": rng.normal(size=1825)})
    frame["rate"] = rng.normal(2, 1, 20)[day // 100].round(2)
    y = (frame["x"] > 0).astype(int).to_numpy()
    assert causes(shift.check(sheet_of(frame, y, split_method="time", split_by="date"))) == []
    who = np.repeat(np.arange(6), 100)
    frame = pd.DataFrame({"who": who, "x": rng.normal(size=600)})
    frame["age"] = rng.integers(20, 70, 6)[who]
    y = (frame["x"] > 0).astype(int).to_numpy()
    assert causes(shift.check(sheet_of(frame, y, split_method="group", split_by="who"))) == []


def test_a_mark_that_is_more_frequent_later_is_told_as_one(sheet_of):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(30, 5, (1000, 3)), columns=["a", "b", "c"])
    parts = np.array(["train"] * 600 + ["valid"] * 200 + ["test"] * 200, dtype=object)
    often = np.where(parts == "train", 0.05, 0.45)
    frame.loc[rng.random(1000) < often, "a"] = -999
    y = (frame["b"] > 30).astype(int).to_numpy()
    told = [own.cause for own in audit_sheet(sheet_of(frame, y, parts)).nominations]
    assert "sentinel_values" in told
