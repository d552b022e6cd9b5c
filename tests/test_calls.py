"""What is no folder, no list of overrides, no model: told in three lines, whatever the call."""

import ast

import pandas as pd
import pytest
import torch

import nnexp
from nnexp import UserError
from nnexp.cli import train
from nnexp.config.compose import compose


@pytest.mark.parametrize("call", [nnexp.load, nnexp.diagnose, nnexp.compare])
@pytest.mark.parametrize("given", [3, None, 1.5, object()])
def test_what_is_no_folder_is_refused(call, given):
    with pytest.raises(UserError, match="which is no folder"):
        call(given)


def test_a_folder_may_be_what_another_call_gave(tmp_path):
    class Given:
        folder = tmp_path / "nowhere"

    for call in (nnexp.load, nnexp.diagnose, nnexp.compare):
        with pytest.raises(UserError, match="nowhere"):
            call(Given())


@pytest.mark.parametrize("call", [nnexp.run, nnexp.multirun])
@pytest.mark.parametrize("given", [3, None, "optimizer=adam seed=1"])
def test_what_are_no_overrides_is_refused(call, given):
    with pytest.raises(UserError) as caught:
        call(given)
    assert caught.value.remedy.startswith(f"nnexp.{call.__name__}([")


def test_a_watch_names_the_argument_that_is_another():
    model = torch.nn.Linear(2, 2)
    optimizer, loss = torch.optim.SGD(model.parameters(), 0.1), torch.nn.CrossEntropyLoss()
    table = torch.zeros(4, 2), torch.tensor([0, 1, 0, 1])
    for arguments, name in (
        ((optimizer, model, loss), "model is of type SGD"),
        ((model, loss, optimizer), "optimizer is of type CrossEntropyLoss"),
        ((model, optimizer, "mse"), "loss_fn is of type str"),
    ):
        with pytest.raises(UserError, match=name):
            nnexp.watch(*arguments, train=table)


def test_the_columns_of_a_frame_may_be_numbered():
    frame = pd.DataFrame({0: range(60), 1: [0, 1] * 30})
    assert "60 rows" in nnexp.audit(frame, target=1).title


@pytest.mark.parametrize(
    ("train", "wrong"),
    [
        (torch.zeros(4, 2), "train= is of type Tensor, and no pair"),
        ((torch.zeros(4, 2),), "no pair"),
        ((pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), [0, 1]), "no numbers"),
    ],
    ids=str,
)
def test_a_watch_names_what_is_no_table(train, wrong):
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(UserError, match=wrong):
        nnexp.watch(model, optimizer, torch.nn.CrossEntropyLoss(), train=train)


def test_several_values_from_python_are_for_multirun():
    with pytest.raises(UserError) as caught:
        nnexp.run(["seed=0,1"])
    assert caught.value.remedy == "nnexp.multirun(['seed=0,1'])"


def test_what_is_no_root_or_a_mapping_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for root in (5, None, tmp_path / "file"):
        with pytest.raises(UserError, match="is no folder"):
            nnexp.run(["data=wine"], root=root)
        with pytest.raises(UserError, match="is no folder"):
            nnexp.multirun(["data=wine"], root=root)
    with pytest.raises(UserError) as caught:
        nnexp.run({"data": "wine", "reg.l2": 0.1})
    assert caught.value.remedy == "nnexp.run(['data=wine', 'reg.l2=0.1'])"


def test_names_can_be_completed():
    assert {"run", "audit", "watch", "load"} <= set(dir(nnexp))


def test_words_with_bytes_that_are_no_text_are_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "caf\udce9 1.csv").write_text("a,y\n")
    with pytest.raises(UserError) as caught:
        nnexp.run(["data=csv", "data.path=caf\udce9 1.csv"])
    assert caught.value.remedy == "mv -n caf**1.csv 'caf_ 1.csv'"
    assert train(["data.target=gr\udcf6sse"], ("nnexp", "train")) == 2
    assert capsys.readouterr().err.splitlines()[2] == "try: 'data.target=grösse'"


@pytest.mark.parametrize("call", [nnexp.run, nnexp.multirun, nnexp.find_rate])
def test_a_table_is_no_list(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"a": range(60), "b c": [0, 1] * 30})
    with pytest.raises(UserError, match="was given a table") as caught:
        call(frame)
    save, _, again = caught.value.remedy.partition("; ")
    exec(save, {"frame": frame})
    name, _, listed = again.removesuffix(")").partition("(")
    assert name.removeprefix("nnexp.") == call.__name__
    words = ast.literal_eval(listed)
    config = compose(words)
    assert (config.data.path, config.data.target) == ("table.csv", "b c")
    assert len(pd.read_csv("table.csv")) == 60


def test_a_table_is_no_folder():
    with pytest.raises(UserError, match=r"nnexp\.compare was given a table") as caught:
        nnexp.compare(pd.DataFrame({"a": [0, 1]}))
    assert caught.value.remedy == "nnexp.compare('outputs')"


def test_what_is_typed_beside_a_table_is_kept():
    with pytest.raises(UserError) as caught:
        nnexp.run(pd.DataFrame({"y": [0, 1], "a": [0, 1]}), ["data.target=y", "seed=1"])
    assert caught.value.remedy.endswith(
        "nnexp.run(['data=csv', 'data.path=table.csv', 'data.target=y', 'seed=1'])"
    )


@pytest.mark.parametrize("word", ["data.target=y,c", "data.path=a,b.csv", "data.test_path=a,b.csv"])
def test_a_text_with_a_comma_is_several_values(word):
    with pytest.raises(UserError, match="has several values for one run") as caught:
        nnexp.run(["data=csv", "data.path=t.csv", "data.target=y", word])
    key, _, value = word.partition("=")
    assert f"'{key}=\"{value}\"'" in caught.value.allowed
