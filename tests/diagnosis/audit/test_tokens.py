import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import tokens

Y = np.arange(300) % 2


def column(token, share=0.1, seed=0):
    rng = np.random.default_rng(seed)
    cells = rng.normal(50, 9, 300).round(1).astype(object)
    cells[rng.random(300) < share] = token
    return cells


@pytest.mark.parametrize("token", ["missing", "Unknown", "-", ".", "none", "n.d.", "broken"])
def test_a_text_among_numbers(sheet_of, causes, token):
    frame = pd.DataFrame({"a": column(token), "b": np.random.default_rng(1).normal(size=300)})
    found = tokens.check(sheet_of(frame, Y))
    assert causes(found) == ["sentinel_values"]
    assert found.nominations[0].fix[0].startswith("data.missing_tokens=[")
    assert found.nominations[0].certain
    told = sheet_of(frame, Y, missing_tokens=[token])
    assert causes(tokens.check(told)) == []


def test_several_marks_among_numbers(sheet_of, causes):
    rng = np.random.default_rng(0)
    cells = rng.integers(18, 90, 300).astype(object)
    gone = rng.random(300) < 0.2
    cells[gone] = rng.choice(["na", "nil", ".", "missing", "NONE"], gone.sum())
    found = tokens.check(sheet_of(pd.DataFrame({"age": cells}), Y))
    assert causes(found) == ["sentinel_values"]
    marks = found.nominations[0].fix[0].removeprefix("data.missing_tokens=[").rstrip("]").split(",")
    assert sorted(marks) == sorted({"na", "nil", ".", "missing", "NONE"})
    cells[gone] = rng.choice(["north", "south"], gone.sum())
    assert causes(tokens.check(sheet_of(pd.DataFrame({"age": cells}), Y))) == []


def test_marks_among_numbers_with_a_decimal_comma(sheet_of, causes):
    cells = np.array([f"{n},5" for n in range(300)], dtype=object)
    cells[::9] = "k.A."
    frame = pd.DataFrame({"income": cells, "b": np.random.default_rng(1).normal(size=300)})
    assert causes(tokens.check(sheet_of(frame, Y, decimal="comma"))) == ["sentinel_values"]


@pytest.mark.parametrize(
    "levels",
    [
        ["2", "3", "4", "5more"],
        ["low", "high", "none"],
        ["1", "2", "3", "4", "many"],
        ["a1", "b2", "c3"],
    ],
)
def test_levels_are_levels(sheet_of, causes, levels):
    frame = pd.DataFrame({"a": np.random.default_rng(0).choice(levels, 300).astype(object)})
    assert causes(tokens.check(sheet_of(frame, Y))) == []


def test_an_unknown_level_is_a_note(sheet_of, causes):
    frame = pd.DataFrame({"job": np.random.default_rng(0).choice(["a", "b", "unknown"], 300)})
    found = tokens.check(sheet_of(frame, Y))
    assert causes(found) == []
    assert "'unknown'" in found.notes[0]
