import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.leaderboard.words import number, one_line, setting, short_names, short_settings
from nnexp.lines import cut_apart, shorten


@pytest.mark.parametrize(
    ("texts", "width", "expected"),
    [
        (["abcdefgh", "xyz"], 5, ["abcd…", "xyz"]),
        (["data/x/first.csv", "data/x/second.csv"], 8, ["…first.…", "…second…"]),
        (["[64,64,32]", "[64,64,16]"], 6, ["…4,32]", "…4,16]"]),
        (["aaaaaa1", "aaaaaa2", "bbbbbb1"], 4, ["…aa1", "…aa2", "…bb1"]),
        (["", "abcdefgh"], 5, ["", "abcd…"]),
        (["abc", "abd"], 5, ["abc", "abd"]),
        ([], 5, []),
    ],
)
def test_texts_are_cut_where_they_stay_apart(texts, width, expected):
    assert cut_apart(texts, width) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "0.2500"),
        (0.0, "0.0000"),
        (-12.5, "-12.5000"),
        (1e-5, "1e-05"),
        (12345.6, "1.23e+04"),
        (math.nan, "-"),
        (None, "-"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.001, "0.001"),
        (1e-5, "1e-5"),
        (1e-8, "1e-8"),
        (1e7, "1e7"),
        (1500.0, "1500"),
        (None, "null"),
        (True, "true"),
        ([64, 0.5], "[64,0.5]"),
        ("a b", '"a b"'),
        ("\x1b[31mred", '"\\u001b[31mred"'),
    ],
)
def test_settings(value, text):
    assert setting(value) == text


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_setting_reads_back_as_the_same_number(value):
    assert float(setting(value)) == value
    assert len(setting(value)) <= len(repr(value))


def test_drawn_numbers_are_short_where_they_stay_apart():
    assert list(short_settings([0.0123456789, 0.07400000000000001, 3, "a"])) == [
        "0.01235",
        "0.074",
        "3",
        "a",
    ]
    close = [0.123456, 0.123457]
    assert list(short_settings(close)) == ["0.123456", "0.123457"]


def test_short_names_tell_keys_apart():
    keys = ["optimizer.name", "optimizer.lr", "data.seed", "seed", "reg.weight_decay",
            "optimizer.weight_decay"]  # fmt: skip
    assert list(short_names(keys).values()) == [
        "optimizer", "lr", "data.seed", "seed", "reg.weight_decay", "optimizer.weight_decay",
    ]  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "a.b", "c.b", "x.a.b", "b.name", "c.name", "b"]), unique=True)
)
def test_short_names_are_unique(keys):
    assert len(set(short_names(keys).values())) == len(keys)


def test_texts_of_strangers():
    assert one_line("a\n\x1b[2J b\tc") == "a [2J b c"
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abc", 3) == "abc"
