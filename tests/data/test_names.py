"""What a message proposes can be typed: a shell and Hydra give back the very names."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from nnexp.data.names import counted, require, typed
from nnexp.errors import UserError

ODD = [
    "true",
    "None",
    "nan",
    "inf",
    "7",
    "007",
    "1.0",
    "1e3",
    "-3",
    "",
    " a ",
    "a b",
    "größe",
    "a,b",
]
ODD += ["k[0]", "x = 1", "p.q", "it's", '"', "\\", "a\\", ";", "|", "#", "a:b", "{}", "()", "~x"]


def value_of(override):
    (word,) = shlex.split(override)
    value = OverridesParser.create().parse_override(word).value()
    return [str(item) for item in value] if isinstance(value, list) else str(value)


@pytest.mark.parametrize("name", ODD)
def test_odd_names_come_back(name):
    assert value_of(typed("data.target", name)).strip('"') == name.strip('"')
    assert len(value_of(typed("data.drop", [name, "b"]))) == 2


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_any_name_is_one_word_that_hydra_reads(name):
    (word,) = shlex.split(typed("data.target", name))
    OverridesParser.create().parse_override(word)


def test_a_list_keeps_its_other_names():
    with pytest.raises(UserError) as caught:
        require("Bee", ["a", "bee"], "data.drop", given=["a", "Bee"])
    assert caught.value.remedy == "'data.drop=[a,bee]'"
    with pytest.raises(UserError) as caught:
        require("zzzz", ["a", "bee"], "data.drop", given=["a", "zzzz"])
    assert caught.value.remedy == "'data.drop=[a]'"
    with pytest.raises(UserError) as caught:
        require("Bee", ["a", "bee"], "data.sentinels", ["a=0", "Bee=0", "Bee=1"], "Bee=1")
    assert caught.value.remedy == """'data.sentinels=["a=0","Bee=0","bee=1"]'"""
    with pytest.raises(UserError) as caught:
        require("zzzz", ["a", "bee"], "data.sentinels", ["a=0", "zzzz=0"], "zzzz=0")
    assert caught.value.remedy == """'data.sentinels=["a=0"]'"""


def test_counted():
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (["cust", "age"], "'data.drop=[customer_number,age]'"),
        (["0"], "'data.drop=[age]'"),
        (["number"], "'data.drop=[customer_number]'"),
        (["xyz", "age"], "'data.drop=[age]'"),
    ],
)
def test_a_list_keeps_what_was_asked_for(given, remedy):
    names = ["age", "customer_number", "sex"]
    with pytest.raises(UserError) as caught:
        require(given[0], names, "data.drop", given=given)
    assert caught.value.remedy == remedy


@pytest.mark.parametrize(
    ("name", "names", "meant"),
    [
        ("-1", ["x1", "x2", "x3"], "x3"),
        ("2", ["x1", "x2", "x3"], "x2"),
        ("0", ["x1", "x2", "x3"], "x1"),
        ("-1", ["1", "2", "3"], "3"),
        ("-2", ["age", "sex", "y"], "sex"),
        ("-9", ["age", "sex", "y"], "y"),
    ],
)
def test_a_number_counts_columns_from_either_end(name, names, meant):
    with pytest.raises(UserError) as caught:
        require(name, names, "data.target")
    assert caught.value.remedy == typed("data.target", meant)
    with pytest.raises(UserError) as caught:
        require(name, names, "data.drop", given=[name, "other"])
    assert name == "-9" or meant in value_of(caught.value.remedy)
