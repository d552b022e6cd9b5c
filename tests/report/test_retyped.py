import shlex

import pytest

from nnexp.config.compose import compose
from nnexp.report.retyped import program_of, retyped


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
    assert retyped(typed, fix, ("python", "train.py")) == f"python train.py {line}"
    compose(shlex.split(line))


def test_a_stranger_s_words_are_one_word_each():
    words = ["data.target=$(rm -rf ~)", "data.drop=[`x`]", "a b;c"]
    assert shlex.split(retyped(words, ["reg.l2='0'"]))[2:] == [*words, "reg.l2='0'"]


@pytest.mark.parametrize(
    ("command", "clone", "program"),
    [
        ("nnexp train data=wine", True, "nnexp train"),
        ("python train.py data=wine", False, "python train.py"),
        ("nnexp.run data=wine", True, "nnexp train"),
        (None, True, "python train.py"),
        (None, False, "nnexp train"),
    ],
)
def test_training_is_called_as_the_run_was_or_as_it_can_be(
    tmp_path, monkeypatch, command, clone, program
):
    monkeypatch.chdir(tmp_path)
    if clone:
        (tmp_path / "train.py").touch()
    assert " ".join(program_of({"command": command})) == program
    assert retyped(["data=wine"], [], program_of({"command": command})).startswith(program)


def test_where_options_are_read_from_is_part_of_the_program():
    command = "nnexp train -m --config-dir 'my conf' data=mine seed=0,1"
    line = retyped(["data=mine", "seed=0"], ["reg.l2=0"], program_of({"command": command}))
    assert line == "nnexp train --config-dir 'my conf' data=mine seed=0 reg.l2=0"
    assert program_of({"command": "nnexp train 'torn"}) == ("nnexp", "train")
