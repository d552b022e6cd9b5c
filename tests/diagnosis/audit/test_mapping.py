import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.labels import mapping
from nnexp.diagnosis.audit.learners import yardstick

TABLES = ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "blobs", "classification"]


def look(sheet):
    return mapping.check(sheet, yardstick.measure(sheet))


@pytest.mark.parametrize(
    "spell",
    [str.upper, lambda t: t + ".", lambda t: f"'{t}'", lambda t: t.replace(" ", "_"), str.title],
)
@pytest.mark.parametrize("name", ["wine", "moons"])
def test_labels_spelt_otherwise(sheet_of, table, parts_of, causes, name, spell):
    frame, y = table(name)
    parts = parts_of(len(y))
    labels = np.array([f"kind {own}" for own in y], dtype=object)
    held = parts != "train"
    labels[held] = [spell(text) for text in labels[held]]
    found = look(sheet_of(frame, labels, parts))
    assert causes(found) == ["label_mapping_mismatch"]
    assert found.nominations[0].certain


def test_two_spellings_that_mean_two_things(sheet_of, table, parts_of, causes):
    frame, y = table("wine")
    parts, labels = parts_of(len(y)), np.array(["hid", "hId", "had"], dtype=object)[y]
    keep = (parts != "train") | (labels != "hId")
    assert causes(look(sheet_of(frame[keep], labels[keep], parts[keep]))) == []


@pytest.mark.matrix(8)
@pytest.mark.parametrize("where", ["train", "test"])
@pytest.mark.parametrize("name", TABLES)
def test_labels_exchanged(sheet_of, table, parts_of, causes, name, where):
    frame, y = table(name)
    parts = parts_of(len(y))
    turned = y.copy()
    turned[(y == 0) & (parts == where)] = 1
    turned[(y == 1) & (parts == where)] = 0
    assert causes(look(sheet_of(frame, turned, parts))) == ["label_mapping_mismatch"]


def test_labels_counted_from_one_in_held_out_rows(sheet_of, table, parts_of, causes):
    frame, y = table("wine")
    parts = parts_of(len(y))
    shifted = np.where(parts == "train", y, y + 1)
    assert causes(look(sheet_of(frame, shifted, parts))) == ["label_mapping_mismatch"]


def grades(seed, rows=1500):
    """Six grades that can hardly be told: the next one is nearly as likely."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    score = x.sum(1) / 2 + rng.normal(0, 0.5, rows)
    return pd.DataFrame(x, columns=list("abcd")), np.clip(
        np.round(score * 1.1 + 0.5) + 5, 3, 8
    ).astype(int)


@pytest.mark.matrix(3)
@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("seed", range(3))
def test_grades_that_are_off_by_one_in_held_out_rows(sheet_of, parts_of, causes, seed, step):
    frame, y = grades(seed)
    parts = parts_of(len(y))
    shifted = np.where(parts == "train", y, np.clip(y + step, 3, 8))
    found = look(sheet_of(frame, shifted, parts))
    assert causes(found) == ["label_mapping_mismatch"]
    assert causes(look(sheet_of(frame, y, parts))) == []


@pytest.mark.parametrize("seed", range(3))
def test_two_grades_that_go_by_each_others_name_in_held_out_rows(sheet_of, parts_of, causes, seed):
    frame, y = grades(seed, 3000)
    parts = parts_of(len(y))
    other = np.select([y == 5, y == 7], [7, 5], y)
    found = look(sheet_of(frame, np.where(parts == "train", y, other), parts))
    assert causes(found) == ["label_mapping_mismatch"]
    assert causes(look(sheet_of(frame, y, parts))) == []


@pytest.mark.parametrize("seed", range(3))
def test_grades_that_are_given_more_kindly_later_are_coded_alike(sheet_of, parts_of, causes, seed):
    """Rows of higher grades, and half of a grade more for the same row."""
    frame, y = grades(seed)
    parts = parts_of(len(y))
    kind = (parts != "train") & (np.random.default_rng(seed).random(len(y)) < 0.5)
    assert causes(look(sheet_of(frame, np.clip(y + kind, 3, 8), parts))) == []


@pytest.mark.matrix(8)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", TABLES)
def test_labels_as_they_are(sheet_of, table, causes, name, seed):
    assert causes(look(sheet_of(*table(name), seed=seed))) == []


def test_a_weak_signal_is_no_exchange(sheet_of, causes):
    import pandas as pd

    rng = np.random.default_rng(0)
    for seed in range(5):
        x = rng.normal(size=(300, 3))
        y = (x[:, 0] + 3 * rng.normal(size=300) > 0).astype(int)
        frame = pd.DataFrame(x, columns=list("abc"))
        assert causes(look(sheet_of(frame, y, seed=seed))) == []


def test_train_rows_of_one_class_say_nothing_of_labels(sheet_of, parts_of):
    rng = np.random.default_rng(0)
    parts = parts_of(600)
    y = np.where(parts == "train", 1, 0)
    frame = pd.DataFrame(rng.normal(size=(600, 4)) + y[:, None], columns=list("abcd"))
    sheet = sheet_of(frame, y, parts)
    assert not look(sheet).nominations
