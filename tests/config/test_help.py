"""The help is whole and true: all groups and options, and defaults as the schema has them."""

from nnexp.config.groups import groups
from nnexp.config.help import _MOST_USED, help_text
from nnexp.config.keys import all_keys, option_keys


def test_every_group_and_option_is_there_with_its_default():
    text = help_text()
    for group, options in groups().items():
        assert f"  {group}" in text
        assert all(option in text for option in options)
    for default in ("digits", "mlp", "none", "adam", "constant", "cross_entropy", "default"):
        assert f"[{default}]" in text
    assert "optimizer.lr=0.001" in text


def test_every_most_used_key_exists():
    paths = {key.path for key in all_keys()}
    assert set(_MOST_USED) <= paths


def test_a_chosen_option_shows_all_its_keys():
    text = help_text(["optimizer=sgd"], "nnexp train")
    assert "[sgd]" in text
    assert "usage: nnexp train" in text
    for key in option_keys("optimizer", "sgd"):
        assert f"{key.path}=" in text
    assert "optimizer.lr=0.05" in text
    assert "optimizer.nesterov=" not in help_text()


def test_unknown_words_beside_help_do_no_harm():
    assert help_text(["optimizer=adm", "x=1", "optimizer="]).startswith("nnexp")
