import io
import math
import re
import sys

import pytest

from nnexp.track.progress import MODES, make_progress


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def row(epoch: int, **more: object) -> dict[str, object]:
    return {
        "epoch": epoch,
        "train_loss": 1.5 / epoch,
        "train_accuracy": 0.9,
        "val_loss": 2.0 / epoch,
        "val_accuracy": 0.85,
        **more,
    }


def lines(epochs: int, last: int | None = None, **more: object) -> list[str]:
    stream = io.StringIO()
    progress = make_progress("plain", epochs, stream=stream, clock=Clock())
    for epoch in range(1, (last or epochs) + 1):
        progress.epoch(row(epoch, **more))
    progress.close()
    progress.close()
    return stream.getvalue().splitlines()


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("CI", raising=False)


def test_plain_lines_say_what_matters() -> None:
    assert lines(2)[1] == (
        "epoch 2/2  train 0.7500 90.0%  val 1.0000 85.0%  best 1.0000 @2  0.0s elapsed"
    )


@pytest.mark.parametrize("epochs", [1, 2, 7, 20, 21, 50, 99, 100, 101, 500, 1000, 12345])
def test_plain_lines_are_few_and_hold_first_and_last(epochs: int) -> None:
    shown = [int(re.split("[ /]+", line)[1]) for line in lines(epochs)]
    assert shown[0] == 1
    assert shown[-1] == epochs
    assert len(shown) == len(set(shown))
    assert len(shown) == epochs if epochs <= 20 else 9 <= len(shown) <= 22


def test_early_stop_shows_the_last_epoch() -> None:
    assert lines(100, last=37)[-1].startswith("epoch  37/100 ")
    assert lines(100, last=40)[-1].startswith("epoch  40/100 ")
    assert len(lines(100, last=40)) == len(set(lines(100, last=40)))


def test_without_validation_rows_and_without_accuracy() -> None:
    assert lines(1, val_loss=None, val_accuracy=None) == [
        "epoch 1/1  train 1.5000 90.0%  0.0s elapsed"
    ]
    assert "train 1.5000  val" in lines(1, train_accuracy=None)[0]


@pytest.mark.parametrize(
    ("monitor", "values", "best"),
    [
        ("val_loss", [3.0, 1.0, 2.0, math.nan], "best 1.0000 @2"),
        ("val_accuracy", [0.5, 0.7, 0.7, 0.1], "best 70.0% @2"),
        ("val_loss", [math.nan, math.nan, 2.0, 5.0], "best 2.0000 @3"),
    ],
)
def test_best_follows_the_monitor(monitor: str, values: list[float], best: str) -> None:
    stream = io.StringIO()
    progress = make_progress("plain", 4, monitor=monitor, stream=stream)
    for epoch, value in enumerate(values, start=1):
        progress.epoch(row(epoch, **{monitor: value}))
    assert best in stream.getvalue().splitlines()[-1]


def test_auto_is_a_bar_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(stream: io.StringIO) -> str:
        progress = make_progress("auto", 3, stream=stream)
        progress.epoch(row(1))
        progress.close()
        return stream.getvalue()

    assert "\x1b[" in drawn(Terminal())
    assert "\x1b[" not in drawn(io.StringIO())
    monkeypatch.setenv("CI", "true")
    assert "\x1b[" not in drawn(Terminal())
    monkeypatch.delenv("CI")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[" not in drawn(Terminal())


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 200])
def test_bar_is_one_line_that_is_drawn_in_place(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    stream, clock = Terminal(), Clock()
    progress = make_progress("bar", 1500, stream=stream, clock=clock)
    for epoch in range(1, 1001):
        clock.now += 1.0
        progress.epoch(row(epoch, train_loss=123.456, val_loss=234.567))
    progress.close()
    progress.close()
    assert stream.getvalue().count("\n") == 1
    frames = [re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", f) for f in stream.getvalue().split("\r")]
    assert all(len(frame.rstrip("\n")) <= columns for frame in frames)
    if columns >= 60:
        assert "1000/1500" in frames[-1]
        assert any("8m20s left" in frame for frame in frames)
        assert "234.5670 85.0%" in frames[-1]
    assert ("best 234.5670 @1" in frames[-1]) == (columns >= 100)


def test_bar_is_drawn_ten_times_a_second_at_most() -> None:
    stream, clock = Terminal(), Clock()
    progress = make_progress("bar", 1000, stream=stream, clock=clock)
    for epoch in range(1, 1001):
        clock.now += 0.002
        progress.epoch(row(epoch))
    progress.close()
    frames = stream.getvalue().count("\r")  # two seconds of epochs, the start and the end
    assert 20 <= frames <= 26
    assert "1000/1000" in stream.getvalue()


def test_bar_of_a_resumed_run_counts_its_own_epochs_only() -> None:
    stream, clock = Terminal(), Clock()
    progress = make_progress("bar", 100, stream=stream, clock=clock)
    clock.now += 1.0
    progress.epoch(row(91))
    assert "9.0s left" in stream.getvalue()
    progress.close()


def test_bar_leaves_a_redirected_standard_output_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    piped = io.StringIO()
    monkeypatch.setattr(sys, "stdout", piped)
    progress = make_progress("bar", 3, stream=Terminal())
    print("a result")
    progress.close()
    assert piped.getvalue() == "a result\n"


def test_bar_without_an_epoch_closes() -> None:
    make_progress("bar", 3, stream=Terminal()).close()
    make_progress("plain", 3, stream=io.StringIO()).close()


def test_none_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = make_progress("none", 3)
    progress.epoch(row(1))
    progress.close()
    assert capsys.readouterr() == ("", "")


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    make_progress("plain", 1).epoch(row(1))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("epoch 1/1")


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="'fancy'"):
        make_progress("fancy", 3)
    assert MODES == ("auto", "bar", "plain", "none")
