import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.leaks import flags
from nnexp.diagnosis.audit.learners import yardstick

ROWS = 1200


def look(sheet):
    return flags.check(sheet, yardstick.measure(sheet))


def noisy(classes=3, apart=0.5, seed=0):
    """Classes that overlap, and columns that tell some of them."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, ROWS)
    x = rng.normal(size=(ROWS, 5)) + apart * y[:, None]
    return pd.DataFrame(x, columns=list("abcde")), y, rng


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("kind", ["numbers", "texts"])
def test_a_mark_that_rows_of_one_class_get(sheet_of, causes, classes, kind):
    frame, y, rng = noisy(classes)
    mark = (y == 1) & (rng.random(ROWS) < 0.6)
    frame["mark"] = np.where(mark, "yes", "no") if kind == "texts" else mark * 1.0
    found = look(sheet_of(frame, y))
    assert causes(found) == ["target_leak"]
    assert found.nominations[0].fix == ("data.drop=[mark]",)
    value = "yes" if kind == "texts" else "1"
    assert found.nominations[0].evidence[0].signal == f"rows with 'mark' = {value} that are 1"


def test_a_class_told_from_the_others_by_a_copy(sheet_of, causes):
    frame, y, rng = noisy(3, 0.3)
    # one class is told well by others, too, but not in every row
    frame["f"] = rng.normal(size=ROWS) + 2.5 * (y == 1)
    frame["mark"] = (y == 1) * 1.0
    found = look(sheet_of(frame, y))
    assert causes(found) == ["target_leak"]
    assert "and no other row is" in str(found.nominations[0].evidence[0].value)
    assert causes(look(sheet_of(frame.drop(columns="mark"), y))) == []


@pytest.mark.parametrize("wrong", [1, 10])
def test_a_mark_that_other_rows_have_too(sheet_of, causes, wrong):
    frame, y, rng = noisy()
    mark = (y == 1) & (rng.random(ROWS) < 0.6)
    mark[np.flatnonzero(y != 1)[:wrong]] = True
    assert causes(look(sheet_of(frame.assign(mark=mark * 1.0), y))) == []


def test_what_the_other_columns_tell_as_well(sheet_of, causes):
    frame, y, rng = noisy()
    frame["f"] = rng.normal(size=ROWS) + 30.0 * (y == 1)
    assert causes(look(sheet_of(frame.assign(mark=(y == 1) * 1.0), y))) == []


def test_a_table_that_is_plain_by_nature(sheet_of, causes):
    frame, y, _ = noisy(apart=6.0)
    assert causes(look(sheet_of(frame.assign(mark=(y == 1) * 1.0), y))) == []


def test_grades_settle_a_label_by_degrees(sheet_of, causes):
    frame, y, rng = noisy(2)
    grade = np.clip(y + rng.integers(0, 5, ROWS), 0, 5)
    assert causes(look(sheet_of(frame.assign(grade=grade), y))) == []
    frame["rank"] = np.array(list("abcd"))[np.clip(2 * y + (rng.random(ROWS) < 0.9), 0, 3)]
    frame.loc[(frame["rank"] == "c") & (rng.random(ROWS) < 0.1), "rank"] = "b"
    assert causes(look(sheet_of(frame, y))) == []


@pytest.mark.parametrize("name", ["car", "mushroom", "titanic", "adult", "soybean"])
def test_real_tables(real_sheet, causes, name):
    assert causes(look(real_sheet(name))) == []
