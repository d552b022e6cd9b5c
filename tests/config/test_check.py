"""Ranges, choices and types: whatever is outside is refused by its exact key."""

import gzip
import math
import shlex
import subprocess
from pathlib import Path

import pytest

from nnexp.config.check import KINDS, check_settings
from nnexp.config.compose import compose
from nnexp.config.keys import all_keys, keys_of
from nnexp.config.schema.config import CommandConfig, Config
from nnexp.config.schema.model import MLPConfig
from nnexp.config.schema.optimizer import AdamConfig
from nnexp.config.schema.options import OPTIONS
from nnexp.config.schema.regularizer import RegConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.config.schema.trainer import TrainerConfig
from nnexp.errors import UserError


def owner_config(key):
    """A configuration that has the key, with its section."""
    config = CommandConfig()
    if key.owner:
        setattr(config, key.owner[0], OPTIONS[key.owner[0]][key.owner[1]]())
    section = config
    for part in key.path.split(".")[:-1]:
        section = getattr(section, part)
    return config, section


NUMBERS = [k for k in all_keys() if {"ge", "gt", "le", "lt"} & set(k.limits)]
FLOATS = [k for k in all_keys() if isinstance(k.default, float)]
CHOICES = [k for k in all_keys() if "choices" in k.limits]


def outside(key):
    if "ge" in key.limits:
        yield key.limits["ge"] - 1
    if "gt" in key.limits:
        yield key.limits["gt"]
    if "le" in key.limits:
        yield key.limits["le"] + 1
    if "lt" in key.limits:
        yield key.limits["lt"]


def test_every_number_below_or_above_its_range_is_refused():
    tried = 0
    for key in NUMBERS:
        for value in outside(key):
            config, section = owner_config(key)
            many = key.is_list or key.path == "loss.class_weight"
            setattr(section, key.leaf, [value] if many else value)
            with pytest.raises(UserError) as caught:
                check_settings(config)
            assert caught.value.wrong.startswith(f"{key.path}=")
            assert "out of range" in caught.value.wrong
            assert caught.value.remedy.startswith(f"{key.path}=")
            tried += 1
    assert tried > 50


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused_everywhere(value):
    for key in FLOATS:
        config, section = owner_config(key)
        setattr(section, key.leaf, value)
        with pytest.raises(UserError, match="out of range"):
            check_settings(config)
    for config in (
        Config(reg=RegConfig(dropout=[0.1, value])),
        Config(optimizer=AdamConfig(betas=[0.9, value])),
    ):
        with pytest.raises(UserError, match="out of range"):
            check_settings(config)


def test_unknown_choices_are_refused_with_the_nearest():
    for key in CHOICES:
        config, section = owner_config(key)
        choice = key.limits["choices"][0]
        setattr(section, key.leaf, choice[:-1] + "_")
        with pytest.raises(UserError) as caught:
            check_settings(config)
        assert key.path in caught.value.wrong
        assert ", ".join(key.limits["choices"]) in caught.value.allowed


def test_types_are_refused_without_hydra():
    for config in (
        Config(seed="a"),
        Config(seed=True),
        Config(seed=1.0),
        Config(reg=RegConfig(l2="0.1")),
        Config(trainer=TrainerConfig(shuffle=1)),
        Config(model=MLPConfig(hidden=64)),
        Config(model=MLPConfig(hidden=[64.0])),
        Config(threads="many"),
        Config(threads=True),
        Config(reg=RegConfig(dropout=[])),
        Config(reg=RegConfig(dropout=None)),
    ):
        with pytest.raises(UserError, match="is not "):
            check_settings(config)


def test_whole_numbers_pass_for_floats():
    check_settings(Config(reg=RegConfig(l2=1)))


def test_edges_pass():
    config = Config(reg=RegConfig(l1=0.0, input_dropout=0.0, patience=1))
    config.data.split = SplitConfig(test=0.0)
    check_settings(config)


def test_every_word_of_accepts_is_known():
    for key in all_keys():
        for kind in key.limits.get("accepts", "auto").split(" or "):
            assert kind in KINDS


def test_every_default_is_allowed_by_its_own_limits():
    for group, options in OPTIONS.items():
        for schema in options.values():
            for key in keys_of(schema, group):
                value = key.default
                if value is not None and "choices" in key.limits:
                    assert value in key.limits["choices"]


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("trainer.epochs=1e3", "trainer.epochs=1000"),
        ("model.hidden=64", "model.hidden=[64]"),
        ("data.drop=name", "data.drop=[name]"),
        ('data.sentinels="a=0"', "'data.sentinels=[\"a=0\"]'"),
        ("data.scaling=standart", "data.scaling=standard"),
        ("data.decimal=,", "data.decimal=comma"),
        ('data.decimal=","', "data.decimal=comma"),
        ("data.decimal=.", "data.decimal=point"),
        ("data.encoding=utf8", "data.encoding=onehot"),
        ("trainer.batch_size=0", "trainer.batch_size=32"),
        ("reg.grad_clip=0", "reg.grad_clip=null"),
    ],
)
def test_the_remedy_is_what_was_meant_and_works(typed, remedy):
    with pytest.raises(UserError) as caught:
        compose([typed])
    assert caught.value.remedy == remedy
    compose(shlex.split(remedy))


@pytest.mark.parametrize(
    ("typed", "known"),
    [("latin-1", "latin1"), ("cp1252", "cp1252"), ("mac_roman", "macintosh")],
)
def test_a_character_set_is_answered_with_what_recodes_the_file(
    tmp_path, monkeypatch, typed, known
):
    monkeypatch.chdir(tmp_path)
    Path("a table.csv").write_bytes("größe,y\n1,a\n".encode(typed))
    words = ["data=csv", 'data.path="a table.csv"', "data.target=y"]
    for to in ("utf8.csv", "2-utf8.csv"):
        with pytest.raises(UserError, match="files are read as UTF-8") as caught:
            compose([*words, f"data.encoding={typed}"])
        command = caught.value.remedy.partition("  # then ")
        assert command[0] == f"iconv -f {known} -t utf-8 'a table.csv' > {to}"
        subprocess.run(command[0], shell=True, check=True)
        assert Path(to).read_text(encoding="utf-8").startswith("größe")
        assert compose([*words, *shlex.split(command[2])]).data.path == to


@pytest.mark.parametrize("typed", ["latin1", "mac_turkish"])
def test_what_is_compressed_is_recoded_unpacked(tmp_path, monkeypatch, typed):
    monkeypatch.chdir(tmp_path)
    content = "größe\ty\n1\ta\n"
    Path("a t.tsv.gz").write_bytes(gzip.compress(content.encode(typed)))
    Path("plain.tsv").write_bytes(content.encode(typed))
    for path, to in (("a t.tsv.gz", "utf8.tsv"), ("plain.tsv", "2-utf8.tsv")):
        with pytest.raises(UserError) as caught:
            compose(["data=csv", f'data.path="{path}"', "data.target=y", f"data.encoding={typed}"])
        command, _, word = caught.value.remedy.partition("  # then ")
        subprocess.run(command, shell=True, check=True)
        assert word == f"data.path={to}"
        assert Path(to).read_text(encoding="utf-8") == content


@pytest.mark.parametrize("typed", ["hex", "rot13", "zip", "idna", "unicode_escape"])
def test_a_codec_of_no_text_is_no_character_set(typed):
    with pytest.raises(UserError) as caught:
        compose(["data=csv", "data.path=t.csv", "data.target=y", f"data.encoding={typed}"])
    assert "character set" not in caught.value.wrong
    assert caught.value.remedy.startswith("data.encoding=o")


def test_a_binary_table_has_no_character_set_to_change():
    with pytest.raises(UserError) as caught:
        compose(["data=csv", "data.path=t.parquet", "data.target=y", "data.encoding=latin1"])
    assert caught.value.remedy == "data.encoding=onehot"
