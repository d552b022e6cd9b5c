"""What is composed quickly is what is composed."""

import io

import pytest
import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra._internal import defaults_list
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Key
from hydra.errors import ConfigCompositionException, OverrideParseException
from omegaconf import OmegaConf, _utils, base

from nnexp.config.quick import quick_composition, quick_yaml
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


ODD = [
    "a: 'true'\nb: '1'\nc: é x\nd: 'null'\ne: [a, [b, {c: ''}]]",
    "a: '1e-3'\nb: \"a\\U0001F600b\"\n'': 1",
    f"a: {'long words ' * 30}\nb: |\n  {'x ' * 60}\n\n  y",
]


@pytest.mark.parametrize("text", [*TEXTS[:3], *ODD])
def test_what_is_written_quickly_is_the_same(text):
    content = OmegaConf.load(io.StringIO(text))
    again = OmegaConf.load(io.StringIO(quick_yaml(content)))
    assert again == content == OmegaConf.load(io.StringIO(OmegaConf.to_yaml(content)))


def test_a_stray_byte_is_written():
    content = OmegaConf.create({"path": "a\udcffb"})
    assert quick_yaml(content) == OmegaConf.to_yaml(content)


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
    assert quick_yaml(usual) == OmegaConf.to_yaml(usual)
    assert repr(ConfigStore.instance().repo) == before


def test_defaults_that_name_the_choice_of_another_group(tmp_path):
    (tmp_path / "size").mkdir()
    (tmp_path / "size_of").mkdir()
    for name in ("small", "large"):
        (tmp_path / "size" / f"{name}.yaml").write_text(f"n: {len(name)}")
        (tmp_path / "size_of" / f"{name}.yaml").write_text(f"is: {name}")
    (tmp_path / "top.yaml").write_text(
        "defaults: [size: small, size_of: '${size}', _self_]\nm: ${size.n}"
    )
    with initialize_config_dir(str(tmp_path), job_name="x", version_base="1.3"):
        for words in ([], ["size=large"], ["size=large", "m='${size_of.is}'"]):
            usual = hydra_compose(config_name="top", overrides=words)
            with quick_composition():
                for _ in range(2):
                    assert hydra_compose(config_name="top", overrides=words) == usual
            assert usual.size_of == {"is": "large" if words else "small"}
        with pytest.raises(ConfigCompositionException) as usual:
            hydra_compose(config_name="top", overrides=["size_of='${sise}'"])
        with quick_composition(), pytest.raises(ConfigCompositionException) as found:
            hydra_compose(config_name="top", overrides=["size_of='${sise}'"])
        assert str(found.value) == str(usual.value)


@pytest.mark.parametrize(
    "word",
    ["a=1", "+a=[1,2]", "~a", "a=range(3)", "a=shuffle(1,2,3)", "a={b: 1}", 'a="x y"', "a=glob(*)"],
)
def test_a_word_is_parsed_as_ever_and_is_the_callers_own(word):
    usual = OverridesParser.create().parse_override(word)
    with quick_composition():
        found = OverridesParser.create().parse_override(word)
        assert found == usual
        found.key_or_group = "other"
        assert OverridesParser.create().parse_override(word) == usual
        assert OverridesParser.create().parse_rule("a.b", "key") == Key("a.b")


@pytest.mark.parametrize("word", ["a=[1", "a b", "a=}", "a=choice("])
def test_a_word_that_is_none_is_refused_as_ever(word):
    def said():
        with pytest.raises(OverrideParseException) as caught:
            OverridesParser.create().parse_overrides([word])
        return str(caught.value)

    usual = said()
    with quick_composition():
        assert said() == said() == usual


def test_all_is_put_back_whoever_leaves_first():
    before = _utils.parse, OverridesParser.parse_rule
    one, other = quick_composition(), quick_composition()
    for enter in (one, other):
        enter.__enter__()
    one.__exit__(None, None, None)
    assert _utils.parse is not before[0]
    other.__exit__(None, None, None)
    assert (_utils.parse, OverridesParser.parse_rule) == before
    assert "__deepcopy__" not in vars(ConfigStore)


def test_all_is_put_back():
    before = _utils.parse, base.parse, OverridesParser.parse_rule
    choices = defaults_list._create_interpolation_map
    loader = _utils.get_yaml_loader
    with quick_composition(), quick_composition():
        assert _utils.get_yaml_loader is not loader
        assert _utils.parse is not before[0]
    assert _utils.get_yaml_loader is loader
    assert (_utils.parse, base.parse, OverridesParser.parse_rule) == before
    assert defaults_list._create_interpolation_map is choices
    assert "__deepcopy__" not in vars(ConfigStore)
