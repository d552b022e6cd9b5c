"""Whatever Hydra raises becomes three lines; what it cannot know is raised again."""

import shlex

import pytest

from nnexp.config.compose import compose
from nnexp.config.translate import translate
from nnexp.errors import UserError
from nnexp.sweep.space import spaces

WRONG = {
    "reg.l2=abc": ("reg.l2=abc is not a number", "reg.l2 is a number >= 0"),
    "reg.l2=null": ("reg.l2=null is not a number", "reg.l2 is a number >= 0"),
    "reg.l2=": ('reg.l2="" is not a number', "reg.l2 is a number >= 0"),
    "reg.l2.x=1": ("there is no key or group 'reg.l2.x'", ""),
    "reg={l3:1}": ("there is no key or group 'reg.l3'", "the keys of reg are l1, l2"),
    "trainer.epochs=2.5": ("trainer.epochs=2.5 is not a whole number", ">= 1"),
    "trainer.shuffle=maybe": ("trainer.shuffle=maybe is not true or false", ""),
    "seed=true": ("seed=true is not a whole number", ""),
    "model.hidden=[a]": ("model.hidden=[a] is not a list of whole numbers", ""),
    "optimizer.betas=[0.9,x]": ("optimizer.betas=[0.9,x] is not a list of numbers", ""),
    "model.hidden=64,64": ("model.hidden=64,64 is no list yet", "in brackets"),
    "reg.l2=0,1": ("several values", "-m"),
    "seed=range(5)": ("several values", "-m"),
    "data.target=y,c": ("several values", "'data.target=\"y,c\"'"),
    "data.split.by=a,b": ("several values", "'data.split.by=\"a,b\"'"),
    "model.hidden=[64": ("cannot read", "key=value"),
    "data.path=a=b": ("cannot read", "in quotes"),
    "seed='a": ("cannot read", "in quotes"),
    "foo": ("'foo' has no '='", "key=value"),
    "=3": ("stands alone", "without blanks"),
    "+foo=1": ("there is no key or group 'foo'", "groups are data, model"),
    "+reg.l3=1": ("there is no key or group 'reg.l3'", "the keys of reg"),
    "+seed=1": ("+seed=1 adds what is already there", ""),
    "~reg.l2": ("reg.l2 cannot be removed", ""),
    "~foo": ("there is no key or group 'foo'", ""),
    "~optimizer": ("nothing is chosen for optimizer", "optimizer is one of adam"),
    "optimizer=null": ("optimizer has no option 'null'", "optimizer is one of adam"),
    "optimizer@x=adam": ("there is no key or group 'optimizer@x'", ""),
    "data=a/b": ("data has no option 'a/b'", "data is one of"),
    "reg.l2=${foo}": ("reg.l2 cannot be resolved", "${...}"),
    "device=${oc.env:NNEXP_UNSET}": ("device cannot be resolved", "${...}"),
    "hydra/launcher=ray": ("hydra/launcher=ray", "hydra/launcher is one of basic"),
    "hydra.rnu=1": ("'hydra.rnu'", "--cfg hydra"),
    "hydra.run.dri=1": ("'hydra.run.dri'", "--cfg hydra"),
}


@pytest.mark.parametrize("typed", WRONG)
def test_hydras_errors_become_three_lines(typed):
    wrong, allowed = WRONG[typed]
    with pytest.raises(UserError) as caught:
        compose([typed])
    assert wrong in caught.value.wrong
    assert allowed in caught.value.allowed
    assert caught.value.remedy
    text = str(caught.value)
    assert len(text.splitlines()) == 3
    assert "schema_" not in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("data.missing_tokens=km=-1", "'data.sentinels=[\"km=-1\"]'"),  # no cell reads so
        ("data.missing_tokens=k=A", "'data.missing_tokens=[\"k=A\"]'"),
    ],
)
def test_a_number_that_stands_for_none_is_told_by_its_column(typed, remedy):
    with pytest.raises(UserError) as caught:
        compose([typed])
    assert caught.value.remedy == remedy


def test_the_wrong_one_of_many_is_named():
    with pytest.raises(UserError, match=r"'reg\.l3'"):
        compose(["optimizer=sgd", "seed=1", "reg.l3=0.1", "optimizer.momentum=0.5"])


def test_a_user_error_stays_and_a_bug_is_raised_again():
    error = UserError("a", "b", "c")
    assert translate(error, []) is error
    with pytest.raises(ZeroDivisionError):
        translate(ZeroDivisionError(), [])


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("data.drop=['it's',b]", "'data.drop=[\"it'\"'\"'s\",b]'"),
        ("data.drop=[a*,b", "'data.drop=[a*,b]'"),
        ("data.drop=[a],[b]", "data.drop=[a,b]"),
        ("data.drop=[a],b", "data.drop=[a,b]"),
        ('data.drop="a b",c', "'data.drop=[\"a b\",c]'"),
        ("data.target=[a", "'data.target=\"[a\"'"),
        ("label=[a", "'data.target=\"[a\"'"),
        ("data.path=x(1.csv", "'data.path=\"x(1.csv\"'"),
        ("reg.l2=[0.1", "reg.l2=0.1"),
        ("optimizer=[sgd", "optimizer=sgd"),
        ("optimizer=glob(adamw*)", "optimizer=adamw"),
    ],
)
def test_a_list_or_a_bracket_is_answered_with_what_a_shell_and_the_key_take(typed, remedy):
    data = ["data=csv", "data.path=t.csv", "data.target=y"]
    with pytest.raises(UserError) as caught:
        compose([*data, typed])
    assert caught.value.remedy == remedy
    compose([*data, *shlex.split(remedy)])


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("optimizer=glob(*)", "-m optimizer=adam,adamw,rmsprop,sgd"),
        ("model=glob(*)", "-m model=linear,mlp"),
        ("optimizer.lr=glob(*)", "nnexp train --help"),
        ("model.hidden=[64],[128]", "-m model.hidden=[64],[128]"),
        ("data.drop=choice([a],[b])", "-m data.drop=[a],[b]"),
        ("model.hidden=[8],16", "-m model.hidden=[8],[16]"),
        ("optimizer=[sgd,adam", "-m optimizer=sgd,adam"),
    ],
)
def test_several_values_are_answered_with_a_sweep_that_takes_them(typed, remedy):
    with pytest.raises(UserError) as caught:
        compose([typed])
    assert caught.value.remedy == remedy
    if remedy.startswith("-m "):
        assert spaces(shlex.split(remedy)[1:])
