import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import missingness


def hide(frame, column, chance, seed=0):
    frame[column] = frame[column].astype(float)
    frame.loc[np.random.default_rng(seed).random(len(frame)) < chance, column] = np.nan
    return frame


def zscore(column):
    return (column - column.mean()) / column.std()


@pytest.mark.parametrize("slope", [1.5, 2.0, -2.0])
@pytest.mark.parametrize("name", ["moons", "classification"])
def test_cells_missing_by_their_own_value(sheet_of, table, causes, name, slope):
    frame, y = table(name)
    column = frame.corrwith(pd.Series(y)).abs().idxmax()
    hidden = hide(frame, column, 1 / (1 + np.exp(-slope * zscore(frame[column]))))
    assert causes(missingness.check(sheet_of(hidden, y))) == []  # an indicator keeps it
    found = missingness.check(sheet_of(hidden, y, indicator=False))
    assert causes(found) == ["informative_missingness"]
    nomination = found.nominations[0]
    assert nomination.fix == ("data.indicator=true",)
    assert nomination.subject == column
    assert "cannot prove" in nomination.explanation
    dropped = missingness.check(sheet_of(hidden, y, missing="drop"))
    assert dropped.nominations[0].fix == ("data.missing=mean", "data.indicator=true")


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "moons", "classification"])
def test_cells_missing_at_random_are_silent(sheet_of, table, causes, name, share):
    frame, y = table(name)
    for seed, column in enumerate(frame.columns):
        frame = hide(frame, column, share, seed)
    assert causes(missingness.check(sheet_of(frame, y, indicator=False))) == []


def test_cells_missing_by_another_column_are_silent(sheet_of, causes):
    rng = np.random.default_rng(0)
    age, dose = rng.normal(size=(2, 1500))
    y = (age + 0.5 * rng.normal(size=1500) > 0).astype(int)
    frame = hide(pd.DataFrame({"age": age, "dose": dose}), "dose", 1 / (1 + np.exp(-2 * age)))
    sheet = sheet_of(frame, y, indicator=False)
    p, strength = missingness.association(
        sheet.absent["dose"][sheet.train].astype(int), sheet.y[sheet.train]
    )
    assert p < 1e-10
    assert strength > 0.3  # and yet the age says it all
    assert causes(missingness.check(sheet)) == []


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "digits", "moons", "classification"])
def test_cells_missing_because_of_the_label(sheet_of, table, causes, name):
    frame, y = table(name)
    column = frame.columns[5 % frame.shape[1]]
    found = missingness.check(sheet_of(hide(frame, column, y == 1), y))
    assert causes(found) == ["missingness_leak"]
    assert found.nominations[0].fix[0].startswith("data.drop=[")


@pytest.mark.parametrize(("own", "others"), [(0.96, 0.3), (0.03, 0.7), (0.0, 0.57)])
def test_cells_that_nearly_all_rows_of_a_class_lack(sheet_of, table, causes, own, others):
    frame, y = table("moons")
    hidden = hide(frame, frame.columns[0], np.where(y == 1, own, others))
    found = missingness.check(sheet_of(hidden, y))
    assert causes(found) == []  # data alone do not tell whether the label or an illness does it
    (note,) = found.notes
    assert note.startswith(f"{frame.columns[0]!r} is missing in ")
    assert note.endswith("a leak, if that is because of the label")
    # where the run throws the fact away, it is that
    assert "informative_missingness" in causes(
        missingness.check(sheet_of(hidden, y, indicator=False))
    )


@pytest.mark.parametrize(("own", "others"), [(0.96, 0.65), (0.75, 0.2), (0.12, 0.6)])
def test_cells_that_a_class_lacks_more_often(sheet_of, table, causes, own, others):
    frame, y = table("moons")
    hidden = hide(frame, frame.columns[0], np.where(y == 1, own, others))
    found = missingness.check(sheet_of(hidden, y))
    assert (causes(found), list(found.notes)) == ([], [])


def test_few_missing_cells_tell_no_pattern(sheet_of, table, causes):
    frame, y = table("wine")
    frame.loc[np.flatnonzero(y == 0)[:8], "alcohol"] = np.nan
    found = missingness.check(sheet_of(frame, y, indicator=False))
    assert causes(found) == []
    assert "no column with enough" in found.checked[0]
