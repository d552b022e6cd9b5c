import numpy as np
import pandas as pd

from nnexp.diagnosis.audit.rows import find_rows


def test_equal_rows_are_of_one_kind(sheet_of):
    frame = pd.DataFrame(
        {
            "a": [0.0, -0.0, 1.0, np.nan, np.nan, 2.0] * 10,
            "b": list("xxyzzx") * 10,
            "c": [1.0, 1.0, 2.0, 3.0, 3.0, 5.0] * 10,
            "id": np.arange(60),
        }
    )
    rows = find_rows(sheet_of(frame, [0, 1] * 30))
    first = rows.kind[:6]
    assert first[0] == first[1]
    assert first[3] == first[4]
    assert len(set(first.tolist())) == 4
    assert rows.counts.sum() == 60


def test_rows_with_little_in_them_equal_no_other(sheet_of):
    frame = pd.DataFrame({"a": [np.nan, 1.0, 2.0] * 10, "b": [np.nan, 1.0, 3.0] * 10})
    rows = find_rows(sheet_of(frame, [0, 1] * 15))
    assert len(set(rows.kind[::3].tolist())) == 10
    assert len(set(rows.kind[1::3].tolist())) == 1


def test_copies_and_repeats_by_nature(sheet_of, table):
    frame, y = table("digits")
    again = pd.concat([frame, frame[:100]])
    rows = find_rows(sheet_of(again, np.r_[y, y[:100]]))
    assert rows.copied(np.flatnonzero(rows.counts > 1))

    rng = np.random.default_rng(0)
    natural = pd.DataFrame(rng.binomial(8, 0.4, (3000, 5)), columns=list("abcde"))
    rows = find_rows(sheet_of(natural, rng.integers(0, 2, 3000)))
    repeated = np.flatnonzero(rows.counts > 1)
    assert len(repeated) > 300
    assert not rows.copied(repeated)


def test_a_row_that_a_table_is_full_of_is_a_mode(sheet_of):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(1000, 4)), columns=list("abcd"))
    frame.iloc[:300] = 0.0
    rows = find_rows(sheet_of(frame, np.arange(1000) % 2))
    assert rows.kind[0] in rows.modes
    assert not rows.copied(np.flatnonzero(rows.counts > 1))


def test_cells_are_not_copied_where_their_patterns_are_their_own(sheet_of):
    holes = {"b": [0.0, -0.0, 1.5, -0.0] * 10, "c": [np.nan, 2.5] * 20}
    frame = pd.DataFrame({"a": np.arange(40) / 7, **holes})
    sheet = sheet_of(frame, [0, 1] * 20)
    columns = find_rows(sheet).columns
    shared = [name for name, own in columns.items() if np.shares_memory(own, sheet.numbers[name])]
    assert shared == ["a"]
    assert len(set(columns["b"].tolist())) == 2
