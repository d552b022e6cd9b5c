"""Lists and spans typed for one value: the sweep that was meant, with all of its values."""

import pytest

import nnexp
from nnexp.config.compose import compose
from nnexp.config.several import several
from nnexp.errors import UserError


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("reg.l2=[0,0.01]", "-m reg.l2=0,0.01"),
        ("seed=[0,1,2]", "-m seed=0,1,2"),
        ("seed=0-4", "-m 'seed=range(0,5)'"),
        ("seed=0..4", "-m 'seed=range(0,5)'"),
        ("seed=rnage(3)", "-m 'seed=range(3)'"),
        ("seed=range(3)", "-m 'seed=range(3)'"),
        ("seed=range(3", "'seed=range(3)'"),
        ("seed=0,,1", "-m seed=0,1"),
        ("data.target=Güte", "'data.target=\"Güte\"'"),
        ("optimizer.lr=0.1;0.2", "-m optimizer.lr=0.1,0.2"),
        ("optimizer.lr=(0.1,0.2)", "-m optimizer.lr=0.1,0.2"),
        ("optimizer=[sgd,adam]", "-m optimizer=sgd,adam"),
        ("reg.l2=[0.1]", "reg.l2=0.0"),
    ],
)
def test_what_is_typed_instead(word, remedy):
    with pytest.raises(UserError) as caught:
        compose([word])
    assert caught.value.remedy == remedy


def test_one_value_is_none():
    assert several("reg.l2", "0.1") is None
    assert several("data.name", "1-2") is None
    assert several("seed", "5-2", whole=True) is None


def test_a_call_has_its_other_words_and_the_values():
    for call in (nnexp.run, nnexp.multirun):
        with pytest.raises(UserError) as caught:
            call(["data=iris", "reg.l2=[0,0.01]"])
        assert caught.value.remedy == "nnexp.multirun(['data=iris', 'reg.l2=0,0.01'])"
