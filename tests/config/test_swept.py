"""The remedy of a mistake in a sweep keeps all of the values that were typed."""

import pytest

from nnexp.cli import train
from nnexp.config.compose import compose
from nnexp.config.swept import for_all_values
from nnexp.errors import UserError

MEANT = {
    "lr=0.1,0.01": "optimizer.lr=0.1,0.01",
    "optimizer=Adam,SGD": "optimizer=adam,sgd",
    "data.scaling=StandardScaler,MinMaxScaler": "data.scaling=standard,minmax",
    "momentum=0.5,0.9": "optimizer=sgd optimizer.momentum=0.5,0.9",
    "epochs=range(1,4)": "'trainer.epochs=range(1,4)'",
    "seeds=1,2": "seed=1,2",
    "trainer.batch_size=big,64": "trainer.batch_size=32,64",
    "qqq=1,2": "nnexp train --help",
}


@pytest.mark.parametrize("typed", MEANT)
def test_all_values_are_in_the_remedy(typed, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = typed.partition(",")[0].replace("range(1", "1")
    with pytest.raises(UserError) as caught:
        compose([first])
    assert for_all_values(caught.value, ["data=iris", typed]).remedy == MEANT[typed]


def test_on_the_command_line(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train(["-m", "data=iris", "lr=0.1,0.2", "seed=0,1"]) == 2
    assert "try: optimizer.lr=0.1,0.2\n" in capsys.readouterr().err
    assert train(["-m", "data=iris", "output_dir=mine", "seed=0,1"]) == 2
    assert "hydra.sweep.dir names the" in (told := capsys.readouterr().err)
    assert "try: hydra.sweep.dir=mine\n" in told
    assert list(tmp_path.iterdir()) == []


def test_a_remedy_of_another_word_stays(tmp_path):
    error = UserError("data.path='a.csv': no such file", "a file", "data.path=t.csv")
    assert for_all_values(error, ["data=csv", "data.target=y", "seed=1,2"]) is error
    # of what composes all is kept, and then nothing is mended
    assert for_all_values(error, ["data=csv", "data.target=y", "data.path=a.csv,b.csv"]) is error
