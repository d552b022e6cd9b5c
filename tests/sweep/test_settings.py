"""How to sweep, and the sweeps kept as files."""

import shlex

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from omegaconf import OmegaConf

from nnexp.config.compose import compose
from nnexp.config.schema.sweep import SWEEPS, SweepConfig
from nnexp.config.store import conf_dir, register
from nnexp.errors import UserError
from nnexp.sweep.draw import jobs_of
from nnexp.sweep.settings import RUNNING, is_about_sweep, settings_of
from nnexp.sweep.space import spaces


@pytest.fixture
def settings():
    register()
    with initialize_config_dir(str(conf_dir()), job_name="train", version_base="1.3"):
        yield lambda *words: settings_of(hydra_compose(config_name="config", overrides=[*words]))


@pytest.mark.parametrize("name", SWEEPS)
def test_every_file_begins_with_a_command_whose_jobs_compose(settings, name):
    first = (conf_dir() / "sweep" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    words = shlex.split(first.removeprefix("# python train.py -m "))
    assert words[0] == f"sweep={name}" or name == "grid"
    own = settings(*filter(is_about_sweep, words))
    assert own.name == name
    rest = [word for word in words if not is_about_sweep(word)]
    if own.method == "optuna":
        own.method = "random"
    jobs = jobs_of(spaces(rest, own.params, own.zip), own)
    assert len(jobs) > 4
    for job in jobs[:: max(1, len(jobs) // 5)]:
        compose(job)


def test_the_defaults_of_yaml_and_schema_agree(settings):
    assert settings() == SweepConfig()


def test_what_can_change_in_a_resume_are_keys():
    assert set(RUNNING) <= set(vars(SweepConfig()))


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["sweep.n=0"], "sweep.n=0"),
        (["sweep.memory=0"], "sweep.memory=0"),
        (["sweep.processes=many"], "sweep.processes=many"),
        (["sweep.method=best"], "sweep.method"),
        (["sweep.zip=a"], "sweep.zip=a"),
        (["sweep.params=3"], "sweep.params=3"),
        (["sweep.method=random"], "without a number"),
    ],
)
def test_values_that_are_not_allowed(settings, words, wrong):
    with pytest.raises(UserError) as error:
        settings(*words)
    assert wrong in error.value.wrong


def test_a_key_for_a_list_of_keys_is_answered_with_the_list(settings):
    with pytest.raises(UserError) as error:
        settings("sweep.zip=reg.l2")
    assert error.value.remedy == "sweep.zip=[reg.l2]"


def test_a_file_without_a_schema(settings):
    with pytest.raises(UserError, match="no schema"):
        settings_of(OmegaConf.create({"sweep": {"params": None}}))


@pytest.mark.parametrize("word", ["sweep.memory=1e300", "sweep.memory=2000000", "sweep.memory=0"])
def test_memory_is_a_number_of_gib_that_there_may_be(settings, word):
    with pytest.raises(UserError, match=r"sweep\.memory=.* is out of range"):
        settings(word)
