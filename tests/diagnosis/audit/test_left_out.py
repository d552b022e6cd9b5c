"""Columns that are left out as dates or texts, and what they would tell."""

import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.audit.table import left_out

ROWS = 600
RNG = np.random.default_rng(0)
NOISE = pd.DataFrame({"a": RNG.normal(size=ROWS), "b": RNG.normal(size=ROWS)})
LABEL = RNG.integers(0, 2, ROWS)
WRONG = RNG.random(ROWS) < 0.15
DAYS = pd.Timestamp("2019-01-01") + pd.to_timedelta(RNG.integers(0, 720, ROWS), unit="D")
TIMES = pd.to_timedelta(RNG.integers(0, 24 * 60, ROWS), unit="min") + pd.Timestamp("2020-01-01")


def censored(values, low, high):
    return [f"<{low}" if v < low else f">{high}" if v > high else f"{v:.3f}" for v in values]


LEVELS = RNG.lognormal(0, 1, ROWS)
TABLES = {
    "numbers": (censored(LEVELS, 0.3, 4), LEVELS > 1, "its numbers", ("data.numeric=[own]",)),
    "month": (DAYS.strftime("%d.%m.%Y"), DAYS.month > 6, "its month", ()),
    "weekday": (DAYS, DAYS.day_of_week > 3, "its weekday", ()),
    "hour": (TIMES.strftime("%H:%M"), np.abs(TIMES.hour - 12) > 5, "its hour", ()),
    "time": (DAYS.strftime("%Y-%m-%d"), pd.Timestamp("2019-12-20") < DAYS, "its time", ()),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_column_that_tells_is_named_where_the_others_tell_nothing(sheet_of, causes, kind):
    cells, label, part, fix = TABLES[kind]
    found = audit_sheet(sheet_of(NOISE.assign(own=cells), (np.asarray(label) ^ WRONG).astype(int)))
    assert causes(found)[:1] == ["uninformative_inputs"], causes(found)
    assert "label_permuted" not in causes(found)
    own = found.nominations[0]
    assert (own.subject, own.fix, own.certain) == ("own", fix, True)
    assert part in own.title
    assert part in own.evidence[0].signal


@pytest.mark.parametrize("kind", TABLES)
def test_by_chance_it_tells_nothing(sheet_of, causes, kind):
    sheet = sheet_of(NOISE.assign(own=TABLES[kind][0]), LABEL)
    for nothing in (False, True):
        found = left_out.check(sheet, nothing)
        assert (causes(found), found.notes) == ([], [])
    assert "label_permuted" in causes(audit_sheet(sheet))


@pytest.mark.parametrize("kind", TABLES)
def test_beside_columns_that_tell_it_is_a_note_or_has_a_fix(sheet_of, causes, kind):
    cells, label, part, fix = TABLES[kind]
    found = left_out.check(sheet_of(NOISE.assign(own=cells), np.asarray(label).astype(int)), False)
    assert [own.fix for own in found.nominations] == [fix] * bool(fix)
    assert not any(own.certain for own in found.nominations)
    said = f"'own' is left out as a date, and {part} tells of the label"
    noted = [n for n in found.notes if said in n]
    assert len(noted) == len(found.notes) == (not fix)


def test_numbers_that_may_be_codes_are_a_note(sheet_of, causes):
    cells = [f"PC {v:.3f}" if v < 0.5 else f"{v:.3f}" for v in LEVELS]
    sheet = sheet_of(NOISE.assign(own=cells), (LEVELS > 1).astype(int))
    found = left_out.check(sheet, False)
    assert (causes(found), len(found.notes)) == ([], 1)
    assert "and its numbers tell of the label" in found.notes[0]
    assert causes(left_out.check(sheet, True)) == ["uninformative_inputs"]


def test_texts_are_no_numbers(sheet_of, causes):
    cells = [f"note {v:.3f}" if v < 1.5 else f"{v:.3f}" for v in LEVELS]
    found = left_out.check(sheet_of(NOISE.assign(own=cells), (LEVELS > 1).astype(int)), True)
    assert (causes(found), found.notes) == ([], [])
