"""Of what is typed on how to sweep nothing goes unheard."""

import pytest

from nnexp.config.schema.sweep import SweepConfig
from nnexp.errors import UserError
from nnexp.sweep.words import check_used, check_words


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("sweep=lr,lambda", "sweep=lr"),
        ("sweep.dry_run=true,false", "sweep.dry_run=true"),
        ("sweep.n=2,3", "sweep.n=2"),
        ("+sweep.n=range(2,4)", "sweep.n=2"),
        ("sweep.zip=reg.l2,reg.dropout", "sweep.zip=[reg.l2,reg.dropout]"),
        ("sweep.zip=[a,b],[c,d]", "sweep.zip=[[a,b],[c,d]]"),
        ("sweep.params.reg.l2=0,0.1", "reg.l2=0,0.1"),
        ("sweep.params.seed=range(3)", "'seed=range(3)'"),
    ],
)
def test_several_values_of_what_a_sweep_has_one_of(word, remedy):
    with pytest.raises(UserError) as caught:
        check_words(["seed=0,1", word])
    assert caught.value.remedy == remedy
    assert word in caught.value.wrong


@pytest.mark.parametrize(
    "word",
    [
        "sweep.params={optimizer: glob(adam*)}",
        "+sweep.params=[{seed: [1]}, {optimizer: glob(adam*)}]",
        "sweep.params={optimizer: [glob(adam*)]}",
        "sweep.params.optimizer=glob(adam*)",
    ],
)
def test_a_pattern_in_a_block_is_answered_as_one_that_is_typed(word):
    with pytest.raises(UserError) as caught:
        check_words([word])
    assert caught.value.wrong.startswith("optimizer=glob(adam*): values by a pattern")
    assert caught.value.remedy == "optimizer=adam,adamw"


def test_a_key_that_a_sweep_has_not_is_answered_with_the_one_that_was_meant():
    with pytest.raises(UserError, match=r"no key or group 'sweep\.l2'") as caught:
        check_words(["sweep.l2=0,1"])
    assert caught.value.remedy == "reg.l2=0"


def test_a_range_among_values_is_answered_before_its_values_are_asked_for():
    with pytest.raises(UserError, match="stands alone"):
        check_words(["sweep.n=3", "model.hidden=[3],range(3)"])


def test_one_value_is_taken():
    check_words(["seed=0,1", "sweep.n=3", "sweep.zip=[seed,reg.l2]", "sweep=lr", "sweep.n=null"])


@pytest.mark.parametrize(
    ("word", "method", "remedy"),
    [
        ("sweep.n=5", "grid", "sweep.method=random sweep.n=5"),
        ("sweep.seed=1", "grid", "sweep.method=random sweep.seed=1 sweep.n=20"),
        ("sweep.batch=4", "random", "sweep.method=optuna sweep.batch=4 sweep.n=20"),
        ("sweep.factor=2", "grid", "sweep.method=halving sweep.factor=2"),
    ],
)
def test_a_key_of_another_method(word, method, remedy):
    key, _, value = word.removeprefix("sweep.").partition("=")
    settings = SweepConfig(method=method, **{key: int(value)})
    with pytest.raises(UserError) as caught:
        check_used(settings, ["seed=0,1", word])
    assert caught.value.remedy == remedy
    check_used(settings, ["seed=0,1", "sweep.processes=1"])


def test_the_command_says_so(command):
    swept = command("reg.l2=0,0.1", "reg.dropout=0,0.5", "sweep.zip=reg.l2,reg.dropout")
    assert swept.status == 2
    assert "try: sweep.zip=[reg.l2,reg.dropout]" in swept.err
    assert "says nothing to sweep.method=grid" in command("seed=0,1", "sweep.n=1").err
    assert not swept.folder.exists()
