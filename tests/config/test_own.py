"""Options of the user's own: help and messages know them, and mistakes are told of their file."""

import shlex

import pytest

from nnexp.cli import main, train
from nnexp.config.groups import groups
from nnexp.config.own import options_of, own_file
from nnexp.config.unknown import unknown_option

FILES = {
    "data/mine.yaml": "defaults: [schema_iris, _self_]\n",
    "data/typo.yaml": "defaults: [schema_csv, _self_]\npathh: a.csv\n",
    "data/range.yaml": "defaults: [schema_iris, _self_]\nsplit: {test: 3}\n",
    "data/text.yaml": "defaults: [schema_iris, _self_]\nsplit: {test: abc}\n",
    "optimizer/bare.yaml": "lr: 0.3\n",
    "optimizer/step.yaml": "lr: 0.3\nmomentum: 0.5\n",
    "experiment/bare.yaml": "reg:\n  l2: 0.1\n",
    "sweep/typo.yaml": "defaults: [schema_grid, _self_]\nparams:\n  optimizer.lrr: 0.1,0.2\n",
    "sweep/section.yaml": "defaults: [schema_grid, _self_]\nparamss:\n  optimizer.lr: 0.1,0.2\n",
}


@pytest.fixture(autouse=True)
def mine(tmp_path, monkeypatch):
    """Options of the user's own in `a b/`, beside a working directory with nothing else."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        path = tmp_path / "a b" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def refused(capsys, *words):
    assert train(["--config-dir", "a b", *words], ("nnexp", "train")) == 2
    said = [line.partition(": ")[2] for line in capsys.readouterr().err.splitlines()]
    assert len(said) == 3
    return said


@pytest.mark.parametrize(
    ("words", "file", "remedy"),
    [
        (["data=typo"], "data/typo.yaml", "grep -n pathh 'a b/data/typo.yaml'"),
        (["data=range"], "data/range.yaml", "data.split.test=0.2"),
        (["data=text"], "data/text.yaml", "data.split.test=0.2"),
        (["-m", "sweep=typo"], "sweep/typo.yaml", "grep -n lrr 'a b/sweep/typo.yaml'"),
        (["-m", "sweep=section"], "sweep/section.yaml", "grep -n paramss 'a b/sweep/section.yaml'"),
    ],
)
def test_a_mistake_in_a_file_names_the_file(capsys, words, file, remedy):
    wrong, _, found = refused(capsys, *words)
    assert wrong.startswith(f"a b/{file}: ")
    assert found == remedy


def test_what_is_typed_is_told_as_typed(capsys):
    wrong, _, _ = refused(capsys, "data=range", "data.split.test=4")
    assert wrong == "data.split.test=4.0 is out of range"


@pytest.mark.parametrize(("option", "schema"), [("bare", "schema_adam"), ("step", "schema_sgd")])
def test_an_option_without_a_schema_says_how_to_begin_it(capsys, option, schema):
    wrong, allowed, remedy = refused(capsys, f"optimizer={option}")
    assert wrong == f"optimizer={option} has no schema"
    assert f"defaults: [{schema}, _self_]" in allowed
    file = f"a b/optimizer/{option}.yaml"
    assert shlex.split(remedy) == ["sed", "-i", f"1i defaults: [{schema}, _self_]", file]


def test_a_file_without_its_package_says_how_to_begin_it(capsys):
    _, _, remedy = refused(capsys, "experiment=bare")
    assert remedy == "sed -i '1i # @package _global_' 'a b/experiment/bare.yaml'"


def test_help_and_suggestions_know_them(capsys):
    assert train(["--config-dir", "a b", "--help"], ("nnexp", "train")) == 0
    assert " mine," in capsys.readouterr().out
    assert refused(capsys, "data=min")[2] == "data=mine"
    assert "mine" not in groups()["data"]  # of that command alone
    with options_of(["-cd=a b"]):
        assert str(own_file("data", "mine")) == "a b/data/mine.yaml"
        assert own_file("data", "iris") is None
    with options_of(["hydra.searchpath=['file://a b']"]):
        assert "mine" in groups()["data"]


def test_the_flag_that_is_missing_is_named(capsys):
    assert unknown_option("data", "mine").remedy == "--config-dir 'a b' data=mine"
    assert train(["--config-dir", "nosuch", "data=mine"], ("nnexp", "train")) == 2
    said = capsys.readouterr().err
    assert "--config-dir nosuch: there is no such folder" in said
    assert said.endswith("try: --config-dir 'a b'\n")


def test_the_range_test_takes_them(capsys):
    words = ["data=mine", "--rates", "3", "--seeds", "1", "--epochs", "1"]
    assert main(["lr-find", "--config-dir", "a b", *words]) == 0
    assert "nnexp train --config-dir 'a b' data=mine optimizer.lr=" in capsys.readouterr().out


@pytest.mark.parametrize("program", [["nnexp", "train"], ["/home/me/train.py"]])
def test_help_is_called_as_training_was(capsys, program):
    assert train(["qqqq=1"], program) == 2
    called = "nnexp train" if program[0] == "nnexp" else "python train.py"
    assert capsys.readouterr().err.endswith(f"try: {called} --help\n")


def test_a_package_is_no_folder_of_options(capsys, tmp_path):
    (tmp_path / "a" / "data").mkdir(parents=True)
    (tmp_path / "a" / "__init__.py").touch()
    assert train(["--config-dir", "nosuch"], ("nnexp", "train")) == 2
    assert "--config-dir 'a b'" in capsys.readouterr().err
