"""A value is typed so that the command line reads the same value."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from nnexp.config.keys import literal

TEXTS = (
    "", "a", "a b", "null", "NULL", "true", "False", "1", "01", "1.10", "1e3", "1_000", "NaN",
    "inf", "<na>", "<", "&", "!x", "~x", "^", "`", "a\tb", "\\", "a\\", 'a"b', 'a\\"b',
    "a\\\\", "$x", "${y}", "-1", "- 1", "x=y", "a:b", "100%", "@x", "a|b", "a,b", "it's", "[a]",
    "{a}", "(a)", "#c", "a;b", "\u00e9", "\u00a0", ".5", "+1", "data/x.csv",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_read_back(text):
    parse = OverridesParser.create().parse_override
    for value in (text, [text], [text, "b"]):
        read = parse(f"data.drop={literal(value)}").value()
        assert read == value
        assert type(read) is type(value)


@pytest.mark.parametrize("value", [None, True, False, 3, 0.1, 1e-5, [1, 2], [0.5, "x"], -2.5])
def test_other_values_are_read_back(value):
    parse = OverridesParser.create().parse_override
    assert parse(f"data.drop={literal(value)}").value() == value


def test_plain_words_stay_as_they_are():
    assert literal(["id", "data/x.csv", "a-b", "100%"]) == "[id,data/x.csv,a-b,100%]"


def test_control_characters_are_shown_as_signs():
    assert literal("\x1b[31mred\n") == r'"\u001b[31mred\n"'
