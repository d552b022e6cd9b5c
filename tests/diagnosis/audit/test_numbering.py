import numpy as np
import pytest

from nnexp.diagnosis.audit.numbering import numbered
from nnexp.diagnosis.audit.table import identifiers


def kind(values):
    values = np.asarray(values, dtype=np.float64)
    return numbered(values, len(np.unique(values[np.isfinite(values)])))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(1, 101), "looks like a row number"),
        (np.arange(100, 0, -1), "looks like a row number"),
        (np.random.default_rng(0).permutation(100), "looks like a row number in another order"),
        (np.cumsum(np.random.default_rng(0).integers(1, 99, 100)), "runs with the rows"),
        (1.6e9 + np.arange(100) * 3600, "looks like a time in seconds since 1970"),
        (1.6e12 + np.arange(100) * 3600, "looks like a time in seconds since 1970"),
        (np.random.default_rng(0).integers(0, 50, 100), ""),
        (np.random.default_rng(0).normal(size=100), ""),
        (np.random.default_rng(0).integers(10**5, 10**7, 100), ""),
        (np.arange(5), ""),
    ],
)
def test_what_a_column_numbers(values, expected):
    assert kind(values) == expected


def test_identifiers_are_notes(sheet_of, table, causes):
    frame, y = table("wine")
    frame["id"], frame["same"] = np.arange(len(frame)) * 1.0, 3
    found = identifiers.check(sheet_of(frame, y))
    assert causes(found) == []
    assert found.notes == [
        "'id' looks like a row number: nothing to learn from but which rows stand beside each "
        "other",
        "'same': one value in train, left out",
    ]
