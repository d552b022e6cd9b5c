"""The command line's flags are Hydra's, each checked before Hydra sees it."""

import pytest
from hydra._internal.utils import get_args_parser

from nnexp.config.flags import FLAGS, overrides_of, parted
from nnexp.errors import UserError


def test_the_flags_are_hydras():
    parser = get_args_parser()
    actions = [a for a in parser._actions if a.option_strings]
    assert {tuple(a.option_strings) for a in actions} == set(FLAGS)
    for action in actions:
        takes = FLAGS[tuple(action.option_strings)]
        assert (takes is None) == (action.nargs == 0)
        assert tuple(action.choices or ()) == (takes or ())


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        ("-m a=1,2 b=3", ["a=1,2", "b=3"]),
        ("a=1 --cfg job --resolve", ["a=1"]),
        ("--cfg=job a=1", ["a=1"]),
        ("-c job -p reg a=1", ["a=1"]),
        ("--info a=1", ["a=1"]),
        ("--info defaults a=1", ["a=1"]),
        ("--config-dir folder a=1", ["a=1"]),
        ("--multi a=1", ["a=1"]),
        ("~a +b=1 ++c=2", ["~a", "+b=1", "++c=2"]),
        ("-sc install=bash", ["install=bash"]),
        ("", []),
    ],
)
def test_overrides_are_told_from_flags(words, overrides):
    assert overrides_of(words.split()) == overrides


def test_a_flag_may_stand_between_overrides():
    words = "a=1 -m b=2 --package reg c=3"
    assert parted(words.split()) == (
        ["a=1", "b=2", "c=3"],
        ["-m", "--package", "reg"],
    )


@pytest.mark.parametrize(
    ("words", "wrong", "remedy"),
    [
        ("--optimizer=adam", "--optimizer", "optimizer=adam"),
        ("--lr 0.1", "--lr", "optimizer.lr=0.1"),
        ("-x", "-x", "nnexp train --help"),
        ("--cfg jobs", "'jobs'", "--cfg job"),
        ("--cfg", "without its value", "--cfg job"),
        ("--package", "without its value", "--package VALUE"),
        ("--info foo", "'foo'", "--info config"),
        ("-m --cfg job", "cannot be combined", "--multirun"),
        ("--resolve", "--resolve", "--cfg job --resolve"),
        ("optimizer adam", "'optimizer' has no '='", "optimizer=adam"),
        ("lr = 0.1", "'lr' has no '='", "optimizer.lr=0.1"),
        ("model.hidden=[64, 64]", "'64]'", "'model.hidden=[64, 64]'"),
        (
            "-m hydra.sweep.dir=outputs/tit anic data=wine",
            "'anic' has no '='",
            "'hydra.sweep.dir=\"outputs/tit anic\"'",
        ),
        ("hydra.run.dir=my runs/a b", "'runs/a'", "'hydra.run.dir=\"my runs/a b\"'"),
        ("data=csv data.path=my data.csv", "'data.csv'", "'data.path=\"my data.csv\"'"),
        ("hydra.run.dir=mine lr 0.1", "'lr' has no '='", "optimizer.lr=0.1"),
        ("hydra.run.dir=mine -m anic", "'anic' has no '='", "nnexp train --help"),
        ("data=iris anic", "'anic' has no '='", "nnexp train --help"),
        (
            "data.path=a.csv b.csv",
            "'b.csv' has no '='",
            "data=csv data.path=b.csv data.target=COLUMN",
        ),
    ],
)
def test_other_words_are_refused(words, wrong, remedy):
    with pytest.raises(UserError) as caught:
        overrides_of(words.split())
    assert wrong in caught.value.wrong
    if words != "--info foo":
        assert caught.value.remedy == remedy
