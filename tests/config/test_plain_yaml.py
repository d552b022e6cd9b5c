"""Plain YAML, read by PyYAML's own parser and by libyaml: alike, and within the same bounds."""

import pytest
import yaml

from nnexp.config import plain_yaml
from nnexp.config.compose import compose
from nnexp.config.saved import config_text

LOADERS = [plain_yaml._InPython, plain_yaml._Loader]


@pytest.fixture(params=LOADERS, ids=lambda own: own.__name__)
def parse(request, monkeypatch):
    monkeypatch.setattr(plain_yaml, "_Loader", request.param)
    return plain_yaml.parse


FLOW = "a: [1, -2.5, .inf, true, null, 'x: y', \"\\u00e4\\n\", 0x10, 1:30, 1e3, yes, ~]"
READ = [1, -2.5, float("inf"), True, None, "x: y", "ä\n", "0x10", "1:30", "1e3", "yes", "~"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (FLOW, {"a": READ}),
        (
            "a:\n  b: {}\n  c: []\nd: |\n  two\n  lines\n",
            {"a": {"b": {}, "c": []}, "d": "two\nlines\n"},
        ),
        ("- 'it''s'\n- \"#\"\n- ä # a remark\n", ["it's", "#", "ä"]),
        ("", None),
    ],
)
def test_values_are_the_same(parse, text, value):
    assert parse(text) == value


def test_a_configuration_is_what_it_was(parse):
    text = config_text(compose(["data=wine", "optimizer.betas=[0.5,0.9]", "reg.dropout=0.1"]))
    assert parse(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    "text",
    ["a: &x 1\nb: *x", "a: !!python/object:os.system 1", "[" * 5000, "a: '" + "x" * 10**7 + "'",
     "a: " + "9" * 5000, "a: [1", "a: 1\n---\nb: 2", "a: \x01"],
    ids=["alias", "tag", "deep", "long", "digits", "open", "two", "control"],
)  # fmt: skip
def test_what_is_not_plain_is_refused(parse, text):
    with pytest.raises((yaml.YAMLError, RecursionError)):
        parse(text)
