"""Words of a sweep for a single run, and the other way round, are not passed over."""

import pytest

import nnexp
from nnexp.cli import train
from nnexp.config.misplaced import check_folder_key, check_single
from nnexp.errors import UserError


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("sweep.n=3", "-m sweep.n=3"),
        ("sweep=lr", "-m sweep=lr"),
        ("sweep.resume=outputs/a", "nnexp resume outputs/a"),
        ("hydra.sweep.dir=a b", "'hydra.run.dir=a b'"),
    ],
)
def test_words_of_a_sweep(word, remedy):
    with pytest.raises(UserError) as caught:
        check_single(["seed=1", word])
    assert caught.value.remedy == remedy


def test_each_kind_has_its_folder():
    check_folder_key(["hydra.run.dir=a"], sweep=False)
    check_folder_key(["hydra.sweep.dir=a"], sweep=True)
    with pytest.raises(UserError, match="folder of a single run, and this is a sweep"):
        check_folder_key(["seed=0,1", "hydra.run.dir=a"], sweep=True)


@pytest.mark.parametrize(
    "words", [["-m", "data=iris", "seed=0,1", "hydra.run.dir=mine"], ["hydra.sweep.dir=mine"]]
)
def test_the_commands_refuse_the_others_folder(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert train(words, ("nnexp", "train")) == 2
    assert "=mine is the folder of a s" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_call_refuses_the_folder_of_a_sweep(tmp_path):
    with pytest.raises(UserError, match="folder of a sweep"):
        nnexp.run(["data=iris", "hydra.sweep.dir=mine"], root=tmp_path)
