import shlex

import pytest

from nnexp.config.compose import compose
from nnexp.report.retyped import retyped


@pytest.mark.parametrize(
    ("typed", "fix", "line"),
    [
        ([], ["reg.l2=0"], "reg.l2=0"),
        (["data=wine", "reg.l2=1"], ["reg.l2=0"], "data=wine reg.l2=0"),
        (["data=wine"], ['data.drop=[id,"a b"]'], "data=wine 'data.drop=[id,\"a b\"]'"),
        (["model=mlp", "model.norm=batch"], ["model=linear"], "model=linear"),
        (["loss=mse", "loss.scale=2"], ["loss=nll"], "loss.scale=2 loss=nll"),
        (["optimizer=sgd", "optimizer.momentum=0.9"], ["optimizer=adam"], "optimizer=adam"),
    ],
)  # fmt: skip
def test_what_was_typed_and_then_the_fix(typed, fix, line):
    assert retyped(typed, fix) == f"python train.py {line}"
    compose(shlex.split(line))


def test_a_stranger_s_words_are_one_word_each():
    words = ["data.target=$(rm -rf ~)", "data.drop=[`x`]", "a b;c"]
    assert shlex.split(retyped(words, ["reg.l2='0'"]))[2:] == [*words, "reg.l2='0'"]
