from dataclasses import asdict

import pytest
import yaml

from nnexp.config.schema.config import Config
from nnexp.config.schema.model import CustomModelConfig
from nnexp.config.schema.options import OPTIONS
from nnexp.leaderboard import plain
from nnexp.leaderboard.plain import Configs


def flat(tree, prefix=""):
    found = {}
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def saved(folder, config):
    from nnexp.config.saved import config_text

    folder.mkdir()
    (folder / "config.yaml").write_text(config_text(config), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"seed": 3, "optimizer": OPTIONS["optimizer"]["sgd"](lr=1e-5)},
        {"model": CustomModelConfig(_target_="a.B", args={"width": 3, "deep": {"x": [1, {}]}})},
        {"model": OPTIONS["model"]["mlp"](hidden=[], activation="tanh: x\n- y")},
        {"data": OPTIONS["data"]["csv"](path="a b" * 60 + "\n: x", target="#é\u2028")},
    ],
)
def test_what_is_read_is_what_was_written(tmp_path, change):
    config = Config(**change)
    assert Configs().read(saved(tmp_path / "run", config)) == flat(asdict(config))


def test_equal_sections_are_parsed_once(tmp_path, monkeypatch):
    parsed = []
    real = plain.parse
    monkeypatch.setattr(plain, "parse", lambda text: parsed.append(text) or real(text))
    configs = Configs()
    for seed in range(3):
        assert configs.read(saved(tmp_path / str(seed), Config(seed=seed)))["seed"] == seed
    assert [text for text in parsed if text.startswith("seed:")] == [
        "seed: 0\n",
        "seed: 1\n",
        "seed: 2\n",
    ]
    assert len(parsed) == len(set(parsed))


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  x\nb: 1\n",
        "a: 'x\n\n  y'\nb: 2\n",
        'a: "x\nb: 1"\n',  # the quotes span what looks like a section
        "a: 1\na: 2\n",
        "a:\n- 1\nb: 2\n",
        "{a: 1,\nb: 2}\n",
        "# a comment\na: 1\n",
        "---\na: 1\n",
    ],
)
def test_sections_are_cut_where_they_begin(tmp_path, text):
    """Whatever the layout, the parts together are what the whole is."""
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    assert Configs().read(tmp_path) == yaml.safe_load(text)
