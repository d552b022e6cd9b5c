"""Every YAML composes with every key valid; overrides reach their keys; both directions of YAML."""

import os
from copy import copy
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnexp.config import compose as composing
from nnexp.config.compose import compose
from nnexp.config.groups import groups
from nnexp.config.own import options_of
from nnexp.config.saved import FILE, config_text, read_config
from nnexp.config.schema.config import Config
from nnexp.config.schema.optimizer import SGDConfig
from nnexp.config.schema.options import OPTIONS
from nnexp.config.schema.sources import CsvConfig
from nnexp.config.store import conf_dir
from nnexp.config.tree import compose_tree
from nnexp.errors import UserError

EVERY = [
    (group, option)
    for group, options in groups().items()
    for option in options
    if group != "sweep"  # is about several runs
]


@pytest.mark.parametrize(("group", "option"), EVERY, ids=lambda v: v)
def test_every_file_begins_with_a_command_that_composes(group, option, tmp_path):
    lines = (conf_dir() / group / f"{option}.yaml").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines[:2] if line.startswith("# python train.py ")]
    assert len(commands) == 1
    overrides = commands[0].removeprefix("# python train.py ").split()
    assert f"{group}={option}" in overrides
    config = compose(overrides)
    assert isinstance(config, Config)
    if group in OPTIONS:
        section = getattr(config, group)
        assert type(section) is OPTIONS[group][option]
        assert section.name == option
    (tmp_path / FILE).write_text(config_text(config), encoding="utf-8")
    assert read_config(tmp_path, trust=True) == config


def test_the_text_of_a_configuration_is_that_of_all_its_values_at_once():
    for words in ([], ["data=csv", "data.path='ü b.csv'", "data.target=y", "model.hidden=[]"]):
        config = compose(words)
        whole = yaml.safe_dump(asdict(config), sort_keys=False)
        assert config_text(config) == whole
    config.model.hidden.append(7)  # the text follows
    assert config_text(config) != whole


def test_no_option_has_no_file_and_no_file_no_option():
    for group, options in OPTIONS.items():
        assert sorted(options) == groups()[group]


def test_defaults_of_yaml_and_schema_agree():
    assert compose() == Config()


def test_overrides_reach_their_keys():
    config = compose(
        [
            "optimizer=sgd",
            "optimizer.momentum=0.5",
            "regularizer=dropout",
            "reg.l2=0.01",
            "loss=mse",
        ]
    )
    assert type(config.optimizer) is SGDConfig
    assert config.optimizer.momentum == 0.5
    assert (config.reg.dropout, config.reg.l2, config.loss.name) == (0.3, 0.01, "mse")
    data = compose(["data=csv", "data.path=x.csv", "data.target=y"]).data
    assert type(data) is CsvConfig
    assert (data.path, data.target) == ("x.csv", "y")


@pytest.mark.parametrize("typed", ["model.args.width=64", "model.args={width:64}"])
def test_arguments_of_a_custom_model_need_no_plus(typed):
    config = compose(["model=custom", "model._target_=package.Net", typed])
    assert config.model.args == {"width": 64}


def test_command_line_wins_over_experiment_and_experiment_over_groups():
    assert compose(["experiment=unscaled"]).optimizer.name == "sgd"
    assert compose(["experiment=unscaled"]).optimizer.lr == 0.001
    assert compose(["experiment=unscaled", "optimizer=adam"]).optimizer.name == "adam"
    assert compose(["experiment=unscaled", "optimizer.lr=0.2"]).optimizer.lr == 0.2


def test_compose_can_be_repeated_and_used_inside_hydra():
    assert compose(["seed=3"]) == compose(["seed=3"])
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        outer = GlobalHydra.instance().hydra
        assert compose(["seed=3"]).seed == 3
        with pytest.raises(UserError):
            compose(["sead=3"])
        assert GlobalHydra.instance().hydra is outer
        assert hydra_compose("config").seed == 0
    assert not GlobalHydra.instance().is_initialized()


def test_compose_does_not_share_lists_between_configurations():
    first = compose()
    first.model.hidden.append(7)
    first.reg.l2 = 5.0
    assert compose() == Config()


floats = st.floats(0, 0.99, allow_subnormal=False)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(
    l2=st.floats(0, 1e30),
    dropout=st.one_of(floats, st.lists(floats, min_size=2, max_size=2)),
    hidden=st.lists(st.integers(1, 4096), min_size=2, max_size=2),
    seed=st.integers(0, 2**63 - 1),
    target=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])),
    clip=st.one_of(st.none(), st.floats(1e-300, 1e300)),
)
def test_composed_configurations_survive_yaml(l2, dropout, hidden, seed, target, clip):
    config = compose(
        [
            f"reg.l2={l2!r}",
            f"reg.dropout={dropout!r}".replace(" ", ""),
            f"model.hidden={hidden!r}".replace(" ", ""),
            f"seed={seed}",
            f"reg.grad_clip={'null' if clip is None else repr(clip)}",
        ]
    )
    config.data.target = target
    assert (config.reg.l2, config.reg.dropout, config.model.hidden) == (l2, dropout, hidden)
    assert (config.seed, config.reg.grad_clip) == (seed, clip)
    with TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_text(config_text(config), encoding="utf-8")
        assert read_config(folder) == config


@pytest.fixture
def read(monkeypatch):
    """How often a configuration was composed from its files."""
    compose()  # the first of a process finds Hydra's plugins, which add to its store
    times = []

    def composed(overrides):
        times.append(overrides)
        return compose_tree(overrides)

    monkeypatch.setattr(composing, "compose_tree", composed)
    monkeypatch.setattr(composing, "_known", [])
    return times


def test_the_same_options_are_read_once(read):
    first = compose(["data=iris", "optimizer=sgd", "optimizer.lr=0.1"])
    other = compose(["data=iris", "optimizer=sgd", "optimizer.lr=0.2", "reg.l2=0.1"])
    assert len(read) == 1
    assert (first.optimizer.lr, first.reg.l2) == (0.1, 0.0)
    assert (other.optimizer.lr, other.reg.l2) == (0.2, 0.1)
    first.model.hidden.append(3)
    assert compose(["data=iris", "optimizer=sgd", "optimizer.lr=0.1"]).model.hidden != (
        first.model.hidden
    )
    compose(["data=wine"])
    assert len(read) == 2


def test_options_of_the_users_own_are_read_each_time(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder, l2 in (("a", 0.5), ("b", 0.25)):
        own = tmp_path / folder / "regularizer" / "heavy.yaml"
        own.parent.mkdir(parents=True)
        own.write_text(f"# @package reg\nl2: {l2}\n", encoding="utf-8")
    found = []
    for words in (["--config-dir", "a", "-cd", "b"], ["-cd", "b", "-cd", "a"]):
        with options_of(words):
            found.append(compose(["regularizer=heavy"]).reg.l2)
    assert found == [0.5, 0.25]
    with pytest.raises(UserError):
        compose(["regularizer=heavy"])


@pytest.mark.filterwarnings("ignore:provider=:UserWarning")
def test_a_folder_that_is_not_there_is_hydras_to_tell(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with options_of(["hydra.searchpath=[file://nowhere]"]):
        assert compose(["data=iris"]).data.name == "iris"


def test_files_of_options_that_change_are_seen(tmp_path):
    own = tmp_path / "optimizer" / "adam.yaml"
    own.parent.mkdir()
    own.write_text("lr: 0.50\n", encoding="utf-8")
    (own.parent / ".#adam.yaml").symlink_to("nobody@nowhere")
    (own.parent / "notes.txt").write_text("x", encoding="utf-8")
    before = dict(composing._files(str(tmp_path)))
    assert list(before) == [str(own)]
    own.write_text("lr: 0.25\n", encoding="utf-8")
    os.utime(own, ns=(0, before[str(own)][1] + 1))
    assert dict(composing._files(str(tmp_path))) != before


def test_the_environment_is_part_of_a_composition(read, monkeypatch):
    for name in ("sgd", "adam"):
        monkeypatch.setenv("OF_A_TEST", name)
        assert compose(["optimizer=${oc.env:OF_A_TEST}"]).optimizer.name == name


def test_a_schema_that_is_stored_anew_is_read_again(read):
    repo = ConfigStore.instance().repo
    compose(["data=iris"])
    place = next(name for name, own in repo.items() if not isinstance(own, dict))
    kept = repo[place]
    try:
        repo[place] = copy(kept)
        compose(["data=iris"])
    finally:
        repo[place] = kept
    assert len(read) == 2
