import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.errors import UserError
from nnexp.track.history import COLUMNS, History, HistoryFrame, read_history, read_signals


def row(epoch: int, **more: object) -> dict[str, object]:
    return {
        "epoch": epoch,
        "train_loss": 1 / epoch,
        "train_penalty": 0.0,
        "train_accuracy": 0.5,
        "val_loss": 2 / epoch,
        "val_accuracy": 0.4,
        "lr": 1e-3,
        **more,
    }


def test_file_is_written_row_by_row(tmp_path: Path) -> None:
    history = History(tmp_path)
    assert not history.path.exists()
    history.append(row(1, dead_units=np.int64(3), **{"gradient_norm/hidden.0": np.float32(0.5)}))
    text = (
        "epoch,train_loss,train_penalty,train_accuracy,val_loss,val_accuracy,lr,"
        "dead_units,gradient_norm/hidden.0\n"
        "1,1.0,0.0,0.5,2.0,0.4,0.001,3,0.5\n"
    )
    assert history.path.read_bytes() == text.encode()
    history.append({"lr": 0.1, "epoch": 2, "train_loss": torch.tensor(0.25)})
    assert history.path.read_bytes() == text.encode() + b"2,0.25,,,,,0.1,,\n"


def test_missing_values_and_not_a_number_come_back(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.append(row(1, val_loss=None, val_accuracy=None, train_loss=math.inf))
    history.append(row(2, val_loss=None, val_accuracy=None, train_loss=math.nan))
    frame = history.frame()
    assert list(frame.columns) == list(COLUMNS)
    assert frame["val_loss"].isna().all()
    assert frame["epoch"].tolist() == [1, 2]
    assert frame["train_loss"][0] == math.inf
    assert math.isnan(frame["train_loss"][1])
    assert b"inf" in history.path.read_bytes()


@settings(max_examples=50, deadline=None, database=None)
@given(value=st.floats(allow_nan=False))
def test_floats_read_back_exactly(value: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("run")
    history = History(folder)
    history.append(row(1, train_loss=value, word="a"))
    assert read_history(folder)["word"][0] == "a"
    assert read_history(folder)["train_loss"][0] == value


def test_resumed_history_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = History(tmp_path / "a")
    for epoch in range(1, 6):
        whole.append(row(epoch, extra="x,y"))
    killed = History(tmp_path / "b")
    for epoch in range(1, 5):
        killed.append(row(epoch, extra="x,y"))
    with killed.path.open("ab") as file:
        file.write(b"5,0.2,0.")
    assert read_history(tmp_path / "b")["epoch"].tolist() == [1, 2, 3, 4]
    resumed = History(tmp_path / "b", keep=2)
    for epoch in range(3, 6):
        resumed.append(row(epoch, extra="x,y"))
    assert resumed.path.read_bytes() == whole.path.read_bytes()


def test_resume_starts_over_without_a_whole_row(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_bytes(b"epoch,train_l")
    history = History(tmp_path, keep=3)
    history.append(row(1))
    assert len(history.frame()) == 1


def test_a_new_run_takes_no_other_runs_file(tmp_path: Path) -> None:
    History(tmp_path).append(row(1))
    with pytest.raises(FileExistsError):
        History(tmp_path)


def test_append_refuses_what_no_column_holds(tmp_path: Path) -> None:
    history = History(tmp_path)
    with pytest.raises(ValueError, match="needs its epoch"):
        history.append({"train_loss": 1.0})
    history.append(row(1))
    with pytest.raises(ValueError, match="new_column"):
        history.append(row(2, new_column=1))


def test_read_history_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no history\.csv"):
        read_history(tmp_path)
    (tmp_path / "history.csv").write_bytes(b"")
    assert list(read_history(tmp_path).columns) == list(COLUMNS)
    (tmp_path / "history.csv").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(UserError, match="is not a history"):
        read_history(tmp_path)
    with pytest.raises(UserError, match="is not a history"):
        History(tmp_path, keep=1)
    header = ",".join(COLUMNS)
    wrong = ("x,1,1,1,1,1,1", "1,1", "", "1,1,1,1,1,1,1,1", "-1,1,1,1,1,1,1")
    for line in (*wrong, "1,=cmd(),1,1,1,1,1", f"{'9' * 30},1,1,1,1,1,1"):
        (tmp_path / "history.csv").write_text(f"{header}\n{line}\n")
        with pytest.raises(UserError, match="is not a history"):
            read_history(tmp_path)


def test_whole_numbers_of_any_size_are_numbers(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(f"{','.join(COLUMNS)}\n1,{'9' * 30},1,1,1,1,1\n")
    assert read_history(tmp_path)["train_loss"].tolist() == [1e30]


def test_signals_are_numbers(tmp_path: Path) -> None:
    (tmp_path / "signals.csv").write_text("epoch,dead/0\n1,=cmd()\n")
    with pytest.raises(UserError, match=r"signals\.csv' is not a history"):
        read_signals(tmp_path)


def test_frame_stays_a_history_through_pandas(tmp_path: Path) -> None:
    history = History(tmp_path)
    for epoch in (1, 2, 3):
        history.append(row(epoch))
    frame = history.frame()
    assert isinstance(frame, HistoryFrame)
    assert isinstance(frame[frame["epoch"] > 1], HistoryFrame)
    assert isinstance(frame["lr"], pd.Series)


def test_a_history_of_more_cells_than_memory_should_hold_is_none(tmp_path, monkeypatch):
    history = History(tmp_path)
    for epoch in range(1, 5):
        history.append({"epoch": epoch, "train_loss": 0.5})
    assert len(read_history(tmp_path)) == 4
    monkeypatch.setattr("nnexp.track.history.MOST_CELLS", 30)
    with pytest.raises(UserError, match="is not a history"):
        read_history(tmp_path)
