"""The remedy of a mistake in a sweep keeps all of the values that were typed."""

import pytest

from nnexp.cli import train
from nnexp.config.compose import compose
from nnexp.config.swept import for_all_values
from nnexp.errors import UserError
from nnexp.runs.jobs import TakenError

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
    assert "hydra.sweep.dir names the sweep's folder" in (told := capsys.readouterr().err)
    assert "try: hydra.sweep.dir=mine\n" in told
    assert list(tmp_path.iterdir()) == []


def test_values_of_another_key_are_no_part_of_the_remedy():
    words = ["optimizer=adam,sgd", "optimizer.momentum=0.9"]
    with pytest.raises(UserError) as caught:
        compose(["optimizer=adam", words[1]])
    assert for_all_values(caught.value, words).remedy == "optimizer=sgd optimizer.momentum=0.9"
    words = ["model.norm=batch,layer", "trainer.batch_size=1"]
    with pytest.raises(UserError) as caught:
        compose(["model.norm=batch", words[1]])
    assert for_all_values(caught.value, words).remedy == "trainer.batch_size=32"


def test_of_many_values_none_is_left_out():
    values = ",".join(str(n / 100) for n in range(1, 24))
    with pytest.raises(UserError) as caught:
        compose(["lr=0.01"])
    assert for_all_values(caught.value, [f"lr={values}"]).remedy == "optimizer.lr=0.01"


def test_a_word_in_a_path_is_no_key():
    error = TakenError("'runs/seed' holds a run already", "another", "hydra.sweep.dir=x")
    assert for_all_values(error, ["seed=range(2)"]) is error
    other = UserError("'runs/seed' holds a run already", "another", "hydra.sweep.dir=x")
    assert for_all_values(other, ["seed=range(2)"]).remedy == "hydra.sweep.dir=x"


def test_a_mistake_while_another_is_handled_is_told():
    try:
        compose(["lr=0.1"])
    except UserError:
        with pytest.raises(UserError, match="bach"):
            compose(["bach=3"])


def test_a_remedy_of_another_word_stays():
    error = UserError("data.path='a.csv': no such file", "a file", "data.path=t.csv")
    words = ["data=csv", "data.target=y"]
    assert str(for_all_values(error, [*words, "seed=1,2"])) == str(error)
    # of what composes all is kept, and then nothing is mended
    assert str(for_all_values(error, [*words, "data.path=a.csv,b.csv"])) == str(error)


def test_a_range_among_values_leaves_the_remedy():
    error = UserError("reg.l2=0,range(1,3): range(...) stands alone", "values", "reg.l2=0,1,2")
    assert str(for_all_values(error, ["reg.l2=0,range(1,3)"])) == str(error)
