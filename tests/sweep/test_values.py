"""Values that Hydra reads and no sweep can run as they are meant."""

import pytest

from nnexp.config.grammar import parse
from nnexp.errors import UserError
from nnexp.sweep.space import spaces
from nnexp.sweep.values import check_values


@pytest.mark.parametrize(
    ("word", "wrong", "remedy"),
    [
        ("a=range(2),5", "range(...) stands alone", "a=0,1,5"),
        ("a=0,choice(1,2)", "choice(...) stands alone", "a=0,1,2"),
        ("a=0,interval(0,0.5)", "interval(...) stands alone", "'a=interval(0.0,0.5)'"),
        ("a=0,range(100)", "range(...) stands alone", "'a=range(8)'"),
        (
            "a=tag(lg,interval(0.1,1))",
            "tag(lg,...) names no scale",
            "'a=tag(log,interval(0.1,1.0))'",
        ),
        ("a=tag(Log,int(interval(1,9)))", "tag(Log,...)", "'a=tag(log,int(interval(1,9)))'"),
        ("a=tag(b,log,interval(0.1,1))", "tag(b,log,...)", "'a=tag(log,interval(0.1,1.0))'"),
        ("a=tag(log,choice(0.1,1))", "values written out have no scale", "a=0.1,1"),
        ("a=tag(log,range(1,3))", "values written out have no scale", "a=1,2"),
    ],
)
def test_what_is_refused(word, wrong, remedy):
    with pytest.raises(UserError) as refused:
        check_values(parse(word))
    assert wrong in refused.value.wrong
    assert refused.value.remedy == remedy
    with pytest.raises(UserError, match=r"."):
        spaces([word])


@pytest.mark.parametrize(
    "word",
    ["a=1", "a=1,2", "a=[1],[2]", "a=range(3)", "a=interval(0,1)", "a=tag(log,interval(0.1,1))"],
)
def test_what_is_allowed(word):
    check_values(parse(word))


def test_a_file_of_a_sweep_is_checked_as_what_is_typed():
    with pytest.raises(UserError, match="names no scale"):
        spaces([], {"a": "tag(lg,interval(0.1,1))"})
