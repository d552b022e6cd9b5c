import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.labels import spellings
from nnexp.diagnosis.audit.learners.yardstick import measure


def look(sheet):
    return spellings.check(sheet, measure(sheet))


def labels(y, spelt):
    return np.array([spelt[value] for value in y], dtype=object)


@pytest.mark.matrix(6)
@pytest.mark.parametrize("share", [0.03, 0.1, 0.5])
@pytest.mark.parametrize("other", ["Maligna", "MALIGNA"])
@pytest.mark.parametrize("name", ["breast_cancer", "moons", "classification"])
def test_one_label_in_two_spellings_is_told(sheet_of, table, causes, name, other, share):
    frame, y = table(name)
    texts = labels(y, {value: f"kind {value}" for value in np.unique(y)} | {0: "maligna"})
    rows = np.flatnonzero(y == 0)
    chosen = np.random.default_rng(0).choice(rows, int(share * len(rows)), replace=False)
    texts[chosen] = other
    found = look(sheet_of(frame, texts))
    assert causes(found) == ["conflicting_labels"]
    (told,) = found.nominations
    assert told.fix == ("data.labels=merge",)
    assert told.certain
    assert str(told.evidence[1].value).startswith(f"{min(len(chosen), len(rows) - len(chosen))} (")


def test_blanks_around_a_label_are_no_part_of_it(sheet_of, table, causes):
    frame, y = table("breast_cancer")
    texts = labels(y, {0: "maligna", 1: "benigna"})
    texts[::7] += " "
    assert causes(look(sheet_of(frame, texts))) == []


@pytest.mark.parametrize("spelt", [("AA", "Aa", "aa"), ("Polish", "polish", "other")])
def test_classes_that_the_columns_tell_apart_are_meant(sheet_of, causes, spelt):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 400)
    frame = pd.DataFrame({"a": rng.normal(size=400) + 3 * y, "b": rng.normal(size=400)})
    found = look(sheet_of(frame, labels(y, dict(enumerate(spelt)))))
    assert causes(found) == []
    if spelt[2] == "other":
        assert "tell them apart" in found.notes[0]


@pytest.mark.parametrize(
    "spelt",
    [
        {0: "a", 1: "A"},
        {0: "one", 1: "two"},
        {0: "hod", 1: "hOd"},
        {0: "no", 1: "No"},
        {0: 1, 1: 2},
    ],
)
def test_labels_that_differ_otherwise_or_are_all_there_is_are_not(sheet_of, table, causes, spelt):
    frame, y = table("breast_cancer")
    found = look(sheet_of(frame, labels(y, spelt)))
    assert causes(found) == []
    assert found.checked


@pytest.mark.parametrize("name", ["breast_cancer", "moons", "classification"])
def test_first_letters_beside_their_words_are_told_and_merged(sheet_of, table, causes, name):
    frame, y = table(name)
    short = np.random.default_rng(0).random(len(y)) < 0.4
    texts = np.where(short, labels(y, {0: "N", 1: "Y"}), labels(y, {0: "no", 1: "yes"}))
    found = look(sheet_of(frame, texts))
    assert causes(found) == ["conflicting_labels"]
    assert found.nominations[0].subject == "'N' = 'no', 'Y' = 'yes'"
    assert sheet_of(frame, texts, labels="merge").classes == ["no", "yes"]


def test_letters_that_the_columns_tell_from_the_words_are_meant(sheet_of, causes):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 400)
    frame = pd.DataFrame({"a": rng.normal(size=400) + 3 * y, "b": rng.normal(size=400)})
    found = look(sheet_of(frame, labels(y, {0: "N", 1: "no", 2: "yes"})))
    assert causes(found) == []
    assert "tell them apart" in found.notes[0]
