import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.split import groups


def made(count, size, name, text=False, seed=0, shuffled=True):
    """Rows of subjects that look alike and have one label; the label itself is hard to tell."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(count), size)
    label = rng.integers(0, 2, count)
    x = rng.normal(size=(count, 8))[subject] + 0.3 * rng.normal(size=(count * size, 8))
    x[:, 0] += 0.4 * label[subject]
    frame = pd.DataFrame(x, columns=[f"m{place}" for place in range(8)])
    frame[name] = [f"P{7 * own}" for own in subject] if text else subject
    order = rng.permutation(len(frame)) if shuffled else np.arange(len(frame))
    return frame.iloc[order], label[subject][order]


@pytest.mark.parametrize(
    ("count", "size", "name", "text"),
    [
        (50, 20, "patient", False),
        (30, 10, "subject_id", True),
        (100, 8, "household", False),
        (200, 5, "userId", True),
        (15, 60, "Speaker Number", False),
    ],
)
def test_subjects_on_both_sides(sheet_of, causes, count, size, name, text):
    frame, y = made(count, size, name, text)
    found = groups.check(sheet_of(frame, y))
    assert causes(found) == ["group_leak"]
    assert found.nominations[0].subject == name
    assert found.nominations[0].fix[0] == "data.split.method=group"
    if not text:  # as a loop has them
        scaled = frame.assign(**{name: (frame[name] - 31.7) / 9.3})
        assert causes(groups.check(sheet_of(scaled, y))) == ["group_leak"]
    dropped = groups.check(sheet_of(frame, y, drop=[name]))
    assert causes(dropped) == ["group_leak"]  # the rows are torn apart all the same


def test_blocks_of_the_file_need_no_name(sheet_of, causes):
    frame, y = made(40, 15, "k", shuffled=False)
    assert causes(groups.check(sheet_of(frame, y))) == ["group_leak"]


@pytest.mark.parametrize("text", [True, False])
def test_names_that_say_nothing_of_themselves(sheet_of, causes, text):
    frame, y = made(60, 15, "k", text)
    found = groups.check(sheet_of(frame, y))
    assert causes(found) == ["group_leak"]
    assert found.nominations[0].subject == "k"
    # a level that many rows of either label have names no thing
    mixed = np.random.default_rng(0).random(len(y)) < 0.1
    assert groups.check(sheet_of(frame, np.where(mixed, 1 - y, y))) == groups.Audit()


def test_numbers_that_tell_the_label_by_their_size_name_nothing(sheet_of):
    frame, y = made(60, 15, "k")
    frame["k"] = np.random.default_rng(0).integers(0, 30, len(y)) + 30 * y
    assert groups.check(sheet_of(frame, y)) == groups.Audit()
    assert groups.check(sheet_of(frame, y, drop=["k"])) == groups.Audit()
    frame["k"] = (frame["k"] / 7).round(2)
    assert groups.check(sheet_of(frame, y, drop=["k"])) == groups.Audit()


def test_whole_groups_on_one_side_are_fine(sheet_of, causes):
    frame, y = made(50, 20, "patient")
    sheet = sheet_of(frame, y, split_method="group", split_by="patient")
    assert causes(groups.check(sheet)) == []
    given = np.where(frame["patient"] % 5 == 0, "test", "train").astype(object)
    assert causes(groups.check(sheet_of(frame, y, given, split_valid=0.0))) == []


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "digits", "moons", "classification"])
def test_names_that_tell_nothing(sheet_of, table, causes, name):
    frame, y = table(name)
    frame["patient_id"] = np.random.default_rng(0).integers(0, len(y) // 12, len(y))
    assert causes(groups.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("PatientID", True),
        ("customer id", True),
        ("SUBJECT", True),
        ("household_no", True),
        ("id", True),
        ("video", True),
        ("idle", False),
        ("width", False),
        ("humidity", False),
        ("personality", False),
    ],
)
def test_names(name, expected):
    assert groups.hinted(name) is expected


def test_train_rows_that_were_measured_several_times_are_no_group(sheet_of, parts_of, causes):
    # what a row shares with its copies says nothing of the other rows of its machine
    rng = np.random.default_rng(0)
    size = 600
    once, y, machine = rng.normal(size=(size, 8)), rng.integers(0, 2, size), np.arange(size) % 30
    parts = parts_of(size)
    rows = np.concatenate((np.arange(size), *[np.flatnonzero(parts == "train")] * 2))
    frame = pd.DataFrame(once[rows] + rng.normal(0, 0.01, (len(rows), 8)), columns=list("abcdefgh"))
    frame["machine"] = machine[rows]
    assert causes(groups.check(sheet_of(frame, y[rows], parts[rows]))) == []


def test_few_categories_are_no_groups(sheet_of, causes):
    """Wards that differ, and are told by the other columns."""
    rng = np.random.default_rng(0)
    ward = rng.integers(0, 8, 1600)
    centre, share = rng.normal(size=(8, 5)), np.tile([0.05, 0.95], 4)
    frame = pd.DataFrame(centre[ward] * 2 + rng.normal(size=(1600, 5)), columns=list("abcde"))
    y = (rng.random(1600) < share[ward]).astype(int)
    assert causes(groups.check(sheet_of(frame.assign(ward=ward + 1), y))) == []


@pytest.mark.parametrize("seed", range(4))
def test_products_of_one_class_each_that_nothing_else_tells_are_no_leak(sheet_of, causes, seed):
    """Of classes that whole groups take out of train, less than chance is told of their rows."""
    rng = np.random.default_rng(seed)
    kind, product = rng.integers(0, 3, 40), rng.integers(0, 40, 3000)
    frame = pd.DataFrame(rng.normal(size=(3000, 3)), columns=list("abc"))
    frame["product"] = [f"p{own:02d}" for own in product]
    assert causes(groups.check(sheet_of(frame, kind[product]))) == []


@pytest.mark.parametrize(
    ("mixed", "apart", "majority", "expected"),
    [
        (0.9, 0.8, 0.5, True),
        (0.9, 0.86, 0.5, False),
        (0.35, 0.27, 0.36, False),
        (0.6, 0.4, 0.5, True),
        (0.6, 0.4, 0.58, False),
    ],
)
def test_what_known_groups_are_worth_is_beyond_the_majority(mixed, apart, majority, expected):
    assert groups.GroupedAccuracy(mixed, apart, majority, 9.0).overstates is expected


def test_of_large_groups_a_part_is_looked_at(sheet_of, monkeypatch):
    """Near copies are told apart among those rows alone: of equal rows all pairs are listed."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(4 * groups.ROWS, 5)), columns=list("abcde"))
    device, y = rng.integers(0, 10, len(frame)), rng.integers(0, 2, len(frame))
    frame[rng.random(len(frame)) < 0.3] = 0.0
    sheet, asked = sheet_of(frame, y), []
    monkeypatch.setattr(
        groups, "without_near_copies", lambda _, rows: asked.append(len(rows)) or rows[:300]
    )
    found = groups.grouped_accuracy(sheet, (), device, sheet.used)
    assert 0 < sum(asked) <= groups.ROWS
    assert 0.4 < found.mixed < 0.7
