"""What is composed quickly is what is composed."""

import io

import pytest
import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf, _utils

from nnexp.config.quick import quick_composition
from nnexp.config.store import conf_dir, register

TEXTS = [
    "a: 1\nb: [1, 2.5, x, null]\nc: {d: true, e: off}",
    "a: 1e-3\nb: 1_000\nc: 0x10\nd: .inf\ne: 2020-01-01\nf: '1'",
    "a: ${b}\nb: 'x: y'\nc: |\n  two\n  lines\nd: ???",
    "- 1\n- a: 2",
    "",
    "# nothing\n",
    "é: ü",
]
MISTAKES = ["a: [1", "a: 1\na: 2", "a: b: c", "\tb: 1", "a: !!python/object:os.system x", "a: *x"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_file_is_read_as_ever(text):
    usual = OmegaConf.load(io.StringIO(text))
    with quick_composition():
        assert OmegaConf.load(io.StringIO(text)) == usual


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_in_a_file_is_worded_as_ever(text):
    def said():
        with pytest.raises(yaml.YAMLError) as caught:
            OmegaConf.load(io.StringIO(text))
        return str(caught.value)

    usual = said()
    with quick_composition():
        assert said() == usual


def test_the_whole_configuration_is_the_same_and_the_store_is_not_changed():
    register()
    words = ["optimizer=sgd", "data=wine", "reg.l2=0.1", "model=custom", "model._target_=a.B"]
    with initialize_config_dir(str(conf_dir()), job_name="train", version_base="1.3"):
        usual = hydra_compose(config_name="config", overrides=words)
        before = repr(ConfigStore.instance().repo)
        with quick_composition():
            found = hydra_compose(config_name="config", overrides=words)
    assert found == usual
    assert repr(ConfigStore.instance().repo) == before


def test_all_is_put_back():
    loader = _utils.get_yaml_loader
    with quick_composition(), quick_composition():
        assert _utils.get_yaml_loader is not loader
    assert _utils.get_yaml_loader is loader
    assert "__deepcopy__" not in vars(ConfigStore)
