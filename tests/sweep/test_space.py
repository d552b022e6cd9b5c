"""What a sweep varies, read from overrides and from sweep.params."""

import numpy as np
import pytest

from nnexp.errors import UserError
from nnexp.sweep.space import Interval, spaces, with_folds


def grid(words, params=None, zipped=()):
    return [job for space in spaces(words, params, zipped) for job in space.grid()]


def test_the_grid_is_every_combination_and_the_last_key_runs_fastest():
    assert grid(["a=1,2", "b=x", "c=range(3)"]) == [
        [f"a={a}", "b=x", f"c={c}"] for a in (1, 2) for c in range(3)
    ]


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("a=1e-4,0.01", ["0.0001", "0.01"]),
        ("a=range(1,2,0.5)", ["1.0", "1.5"]),
        ("a=[64],[128,128]", ["[64]", "[128,128]"]),
        ("a=choice(x,y)", ["x", "y"]),
        ("a=null,true", ["null", "True"]),
        ("a=1,1,2", ["1", "2"]),
    ],
)
def test_values(word, values):
    assert grid([word]) == [[f"a={value}"] for value in values]


def test_keys_of_which_values_repeat_are_known():
    (space,) = spaces(["a=1,1,2", "b=1,2", "c=x,x", "d=8,8"], zipped=["c", "d"])
    assert space.repeated == ("a", "c", "d")
    (space,) = spaces(["a=1,1,2", "b=x,y,z"], zipped=["a", "b"])
    assert space.repeated == ()


def test_without_anything_varied_there_is_one_job():
    assert grid([]) == [[]]
    assert grid(["a=1", "~b"]) == [["a=1", "~b"]]
    assert grid(["a=1"], params=[]) == [["a=1"]]


def test_the_last_of_two_words_for_one_key_counts():
    assert grid(["a=1,2", "a=3"]) == [["a=3"]]


def test_blocks_of_params_follow_each_other_and_cross_with_what_is_typed():
    params = [{"optimizer": "sgd", "optimizer.lr": [0.1, 0.2]}, {"optimizer": "adam,rmsprop"}]
    assert grid(["seed=0,1"], params) == [
        ["seed=0", "optimizer=sgd", "optimizer.lr=0.1"],
        ["seed=0", "optimizer=sgd", "optimizer.lr=0.2"],
        ["seed=1", "optimizer=sgd", "optimizer.lr=0.1"],
        ["seed=1", "optimizer=sgd", "optimizer.lr=0.2"],
        ["seed=0", "optimizer=adam"],
        ["seed=0", "optimizer=rmsprop"],
        ["seed=1", "optimizer=adam"],
        ["seed=1", "optimizer=rmsprop"],
    ]


def test_what_is_typed_takes_the_place_of_a_param():
    assert grid(["lr=5"], {"lr": "1,2", "l2": [[1, 2], None, True]}) == [
        ["lr=5", "l2=[1,2]"],
        ["lr=5", "l2=null"],
        ["lr=5", "l2=True"],
    ]


def test_zipped_values_go_together():
    assert grid(["a=1,2", "b=x,y", "c=8,9"], zipped=["a", "b"]) == [
        ["a=1", "b=x", "c=8"],
        ["a=1", "b=x", "c=9"],
        ["a=2", "b=y", "c=8"],
        ["a=2", "b=y", "c=9"],
    ]
    assert grid(["a=1,1,2", "b=x,y,z"], zipped=["a", "b"]) == [
        ["a=1", "b=x"],
        ["a=1", "b=y"],
        ["a=2", "b=z"],
    ]
    assert grid(["a=1,2", "b=x,y", "c=8,9", "d=5,6"], zipped=[["a", "d"], ["b", "c"]]) == [
        ["a=1", "b=x", "c=8", "d=5"],
        ["a=1", "b=y", "c=9", "d=5"],
        ["a=2", "b=x", "c=8", "d=6"],
        ["a=2", "b=y", "c=9", "d=6"],
    ]


@pytest.mark.parametrize(
    ("words", "zipped", "wrong"),
    [
        (["a=1,2", "b=1,2,3"], ["a", "b"], "a 2, b 3"),
        (["a=1,2"], ["a", "z"], "sweep.zip names z"),
        (["a=1,2", "b=interval(0,1)"], ["a", "b"], "b has an interval, which is no list"),
        (["a=interval(0,1)"], [], "of which a grid has no values"),
        (["a=interval(1,0)"], [], "from 1.0 to 0.0"),
        (["a=tag(log,interval(0,1))"], [], "on a logarithmic scale"),
        (["a=range(3,3)"], [], "has no value"),
        (["a=[1"], [], "[1"),
        (["seed=interval(0,3)"], [], "seed has an interval"),
        (["+seeds.split=int(interval(0,3))"], [], "seeds.split has an interval"),
    ],
)
def test_mistakes(words, zipped, wrong):
    with pytest.raises(UserError) as error:
        grid(words, zipped=zipped)
    assert wrong in error.value.wrong


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a=interval(0,1)", Interval(0.0, 1.0)),
        ("a=int(interval(2,8))", Interval(2, 8, whole=True)),
        ("a=tag(log,interval(1,100))", Interval(1.0, 100.0, log=True)),
        ("a=tag(log,int(interval(1,100)))", Interval(1, 100, log=True, whole=True)),
    ],
)
def test_intervals(word, expected):
    ((axis,),) = (space.axes for space in spaces([word]))
    assert axis.interval == expected


def test_numbers_of_an_interval():
    assert [Interval(0, 2).at(s) for s in (0, 0.25, 1)] == [0, 0.5, 2]
    assert Interval(1e-4, 1e-1, log=True).at(1 / 3) == 1e-3
    assert Interval(0, 0.12346).at(1) == 0.12346  # rounding does not leave the interval
    whole = [Interval(1, 3, whole=True).at(s) for s in np.linspace(0, 1, 3001)]
    assert {kind: whole.count(kind) for kind in (1, 2, 3)} == {1: 1000, 2: 1000, 3: 1001}
    assert all(isinstance(value, int) for value in whole)


def test_seeds_and_folds_are_repetitions():
    (space,) = spaces(["seed=0,1", "seeds.split=0,1", "data.split.fold=0,1", "reg.l2=0,1"])
    assert [axis.repeats for axis in space.axes] == [True, True, True, False]


def test_every_fold_is_a_job_where_none_is_chosen():
    assert with_folds([["data.split.folds=3", "seed=1"], ["data.split.folds=2", "seed=0"]]) == [
        *(["data.split.folds=3", "seed=1", f"data.split.fold={k}"] for k in range(3)),
        *(["data.split.folds=2", "seed=0", f"data.split.fold={k}"] for k in range(2)),
    ]
    for job in (["seed=1"], ["data.split.folds=3", "data.split.fold=1"], ["data.split.folds=1"]):
        assert with_folds([job]) == [job]


@pytest.mark.parametrize(
    ("words", "zipped", "remedy"),
    [
        (["seed=range(0)"], (), "'seed=range(3)'"),
        (["seed=int(interval(2,5))"], (), "'seed=range(2,6)'"),
        (["data.split.fold=interval(0,1e6)"], (), "'data.split.fold=range(0,10)'"),
        (["seed=range(0,4,0)"], (), "'seed=range(8)'"),
        (["seed=0,1", "reg.l2=0,1"], ["seed", "reg.l2", "reg.l1"], "sweep.zip=[seed,reg.l2]"),
        (["seed=0,1"], ["seed", "reg.l1"], "sweep.zip=[]"),
        (
            ["reg.l2=0,1", "reg.dropout=0,1"],
            ["reg.l2", "reg.drpout"],
            "sweep.zip=[reg.l2,reg.dropout]",
        ),
    ],
)
def test_remedies_are_for_a_shell(words, zipped, remedy):
    with pytest.raises(UserError) as caught:
        spaces(words, zipped=zipped)
    assert caught.value.remedy == remedy


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("model=glob(*)", "model=linear,mlp"),
        ("optimizer=glob(adam*)", "optimizer=adam,adamw"),
        ("optimizer.lr=glob(*)", "nnexp train --help"),
    ],
)
def test_values_by_a_pattern_are_to_be_written_out(word, remedy):
    with pytest.raises(UserError, match="values by a pattern") as caught:
        spaces(["data=iris", word])
    assert caught.value.remedy == remedy
