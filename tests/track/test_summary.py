import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from nnexp.track.progress import make_progress
from nnexp.track.summary import (
    format_summary,
    print_messages,
    print_summary,
    print_text,
    tensorboard_command,
)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def metrics() -> dict[str, Any]:
    scores = {
        "loss": 0.12341,
        "loss_stderr": 0.02,
        "accuracy": 0.97,
        "accuracy_stderr": 0.009,
        "balanced_accuracy": 0.968,
        "balanced_accuracy_stderr": 0.01,
        "auc": 0.99,
        "auc_stderr": 0.002,
        "n": 360,
    }
    return {"best_epoch": 12, "val": scores, "test": {**scores, "auc": None, "n": 361}}


RUN = "outputs/2030-01-02/03-04-05-000006-00ff"


def test_plain_text(metrics: dict[str, Any]) -> None:
    assert format_summary(metrics, RUN, epochs=50) == (
        "best epoch 12 of 50\n"
        "                   validation (360 rows)  test (361 rows)\n"
        "loss               0.1234 ± 0.0200        0.1234 ± 0.0200\n"
        "accuracy           0.9700 ± 0.0090        0.9700 ± 0.0090\n"
        "balanced accuracy  0.9680 ± 0.0100        0.9680 ± 0.0100\n"
        "AUC                0.9900 ± 0.0020        -\n"
        f"run folder: {RUN}\n"
        "TensorBoard: tensorboard --logdir outputs/2030-01-02\n"
    )


def test_parts_and_scores_that_are_not_there(metrics: dict[str, Any]) -> None:
    metrics["test"] = None
    metrics["val"] = {"loss": 1234567.0, "n": 3}
    text = format_summary(metrics, RUN, tensorboard=False)
    assert text == (
        f"best epoch 12\n      validation (3 rows)\nloss  1.235e+06\nrun folder: {RUN}\n"
    )
    assert format_summary({"best_epoch": None, "val": None, "test": None}, RUN, epochs=3) == (
        f"3 epochs, none scored\nrun folder: {RUN}\n"
        "TensorBoard: tensorboard --logdir outputs/2030-01-02\n"
    )


def test_terminal_shows_the_same_within_its_width(metrics: dict[str, Any]) -> None:
    stream = Terminal()
    print_summary(metrics, RUN, epochs=50, stream=stream)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert "\x1b[" in stream.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    plain = format_summary(metrics, RUN, epochs=50)
    words = [re.findall(r"[\w.@/-]*\w[\w.@/-]*", text) for text in (shown, plain)]
    assert words[0] == words[1]


def test_long_paths_stay_in_one_piece(metrics: dict[str, Any]) -> None:
    stream = Terminal()
    folder = "/" + "x" * 100 + "/2030-01-02/03-04-05-000006-00ff"
    print_summary(metrics, folder, stream=stream)
    assert folder in stream.getvalue()


def test_standard_output_is_used_and_what_it_cannot_hold_is_replaced(
    metrics: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    print_summary(metrics, RUN)
    assert "0.9700 ± 0.0090" in capsys.readouterr().out
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_summary(metrics, RUN, stream=stream)
    stream.flush()
    assert b"0.9700 +- 0.0090" in raw.getvalue()


@pytest.mark.parametrize(
    ("folder", "logdir"),
    [
        (RUN, "outputs/2030-01-02"),
        ("outputs/sweeps/2030-01-02/03-04-05-00ff/7", "outputs/sweeps/2030-01-02/03-04-05-00ff"),
        ("my run", "my run"),
        ("/elsewhere/baseline", "/elsewhere/baseline"),
    ],
)
def test_tensorboard_opens_the_run_and_its_neighbours(folder: str, logdir: str) -> None:
    assert shlex.split(tensorboard_command(folder)) == ["tensorboard", "--logdir", logdir]
    assert shlex.split(tensorboard_command(Path(folder).absolute()))[-1] == logdir


def test_messages_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    print_messages(["1797 rows, 64 numbers", "dropped \x1b[31mred\n"], ["target [bold] is\nrare"])
    out, err = capsys.readouterr()
    assert out == ""
    assert err == ("1797 rows, 64 numbers\ndropped [31mred\nwarning: target [bold] is rare\n")
    print_messages([])
    assert capsys.readouterr() == ("", "")


def test_lines_keep_their_blanks_and_nothing_that_steers() -> None:
    stream = io.StringIO()
    print_text("one\n  two\t3 \x1b[2J\u202e\r4\n", stream)
    assert stream.getvalue() == "one\n  two\t3  [2J  4\n"


def test_messages_on_a_terminal_keep_brackets_and_colour_warnings() -> None:
    stream = Terminal()
    print_messages(["column [red] dropped"], ["rare"], stream)
    assert "column [red] dropped" in stream.getvalue()
    assert "\x1b[33mwarning: rare" in stream.getvalue()


def test_a_closed_pipe_ends_the_output_and_not_the_run():
    import os

    read, write = os.pipe()
    os.close(read)
    with open(write, "w", closefd=False) as stream:
        print_messages(["a note"], stream=stream)
        progress = make_progress("plain", 2, stream=stream)
        progress.epoch({"epoch": 1, "train_loss": 1.0, "train_accuracy": 0.5})
        progress.close()
        os.dup2(os.open(os.devnull, os.O_WRONLY), write)  # so that closing can flush
    os.close(write)
