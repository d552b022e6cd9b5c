"""The index of keys: words for types and ranges, and values as they are typed."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from nnexp.config.keys import all_keys, literal

BY_PATH = {key.path: key for key in all_keys()}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("seed", "seed is a whole number >= 0"),
        ("reg.grad_clip", "reg.grad_clip is a number > 0, or null"),
        ("data.split.test", "data.split.test is a number >= 0 and < 1"),
        (
            "model.hidden",
            "model.hidden is a list of whole numbers >= 1 and no longer than 1000",
        ),
        ("model.outputs", "model.outputs is auto or a whole number >= 1"),
        ("loss.reduction", "loss.reduction is one of mean, sum"),
        ("model.args", "model.args is a mapping {name:value}"),
        ("data.target", "data.target is text or null"),
        ("trainer.shuffle", "trainer.shuffle is true or false"),
    ],
)
def test_limits_in_words(path, allowed):
    assert BY_PATH[path].allowed == allowed


def test_every_key_has_a_line_of_help():
    assert all(key.help and "\n" not in key.help for key in all_keys())


@pytest.mark.parametrize(
    "value", [None, True, False, 3, 0.5, 1e-8, "a", "a b", "a,b", "x=y", "", [1, 2], ["a b"], []]
)
def test_literals_are_read_back_by_hydra(value):
    override = OverridesParser.create().parse_override(f"key={literal(value)}")
    read = override.value()
    assert read == value
    assert type(read) is type(value) or isinstance(value, str)
