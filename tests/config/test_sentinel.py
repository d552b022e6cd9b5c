"""`column=number` is read at its last `=`, and whatever else is answered with what was meant."""

import shlex

import pytest

from nnexp.config.compose import compose
from nnexp.config.sentinel import Sentinel, read_sentinels
from nnexp.errors import UserError


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ("glucose=0", "glucose", 0),
        ("blood pressure=-9.5", "blood pressure", -9.5),
        ("a=b=1e3", "a=b", 1000),
        ("=a=0", "=a", 0),
        ("a = 7 ", "a ", 7),
        ("größe=+1", "größe", 1),
    ],
)
def test_the_name_ends_at_the_last_sign(text, name, number):
    assert read_sentinels([text]) == (Sentinel(name, number),)


def test_a_command_line_gives_them_in_order():
    (word,) = shlex.split("""'data.sentinels=["blood sugar=0","a=b=-1"]'""")
    assert compose([word]).data.sentinels == ["blood sugar=0", "a=b=-1"]
    assert read_sentinels([]) == ()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("glucose", "glucose=0"),
        ("glucose=", "glucose=0"),
        ("glucose=zero", "glucose=0"),
        ("glucose=0,5", "glucose=0"),
        ("glucose=1_000", "glucose=0"),
        ("glucose=nan", "glucose=0"),
        ("glucose=-inf", "glucose=0"),
        ("glucose=true", "glucose=0"),
        ("it's", "it's=0"),
        ("-9", "column=-9"),
        ("=5", "column=5"),
        ("=", "column=0"),
        ("", "column=0"),
    ],
)
def test_the_remedy_keeps_the_others_and_can_be_typed(text, meant):
    with pytest.raises(UserError) as caught:
        read_sentinels(["bmi=0", text])
    assert repr(text) in caught.value.wrong
    assert "column=number" in caught.value.allowed
    (word,) = shlex.split(caught.value.remedy)
    assert compose([word]).data.sentinels == ["bmi=0", meant]


def test_a_colon_is_taken_for_the_sign():
    with pytest.raises(UserError) as caught:
        read_sentinels(["rate:-999"])
    assert shlex.split(caught.value.remedy) == ['data.sentinels=["rate=-999"]']
