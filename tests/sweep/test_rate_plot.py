"""The picture of a range test."""

import sys

import numpy as np
import pandas as pd
import pytest

from nnexp.sweep.rate_plot import plot_rates


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "rate": [1e-3, 1e-2, 1e-1, 1.0, 10.0],
            "train_loss": [0.8, 0.1, 0.05, 300.0, np.nan],
            "val_loss": [0.9, 0.3, 0.2, 500.0, np.nan],
            "val_stderr": [0.1, 0.05, np.nan, 90.0, np.nan],
            "diverged": [0, 0, 0, 0, 2],
        }
    )


def labels(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_what_is_drawn(frame, tmp_path):
    figure = plot_rates(frame, 1.0, 0.01, 0.001)
    (axis,) = figure.axes
    train, valid, untrained, *marks = axis.lines
    assert list(train.get_ydata())[:3] == [0.8, 0.1, 0.05]
    assert list(valid.get_xdata()) == list(frame["rate"])
    assert list(untrained.get_ydata()) == [1.0, 1.0]
    assert [list(mark.get_xdata()) for mark in marks] == [[0.01, 0.01], [0.001, 0.001]]
    assert labels(figure) == [
        "train", "validation", "untrained", "diverged", "suggested: 0.01", "configured: 0.001",
    ]  # fmt: skip
    assert axis.get_xscale() == "log"
    low, high = axis.get_ylim()
    assert low < 0.05 < 1.0 < high < 1.5  # the useful rates fill the picture
    figure.savefig(tmp_path / "lr_find.png")
    assert (tmp_path / "lr_find.png").read_bytes()[:4] == b"\x89PNG"


def test_it_leaves_out_what_there_is_not(frame):
    bare = frame.drop(columns=["val_loss", "val_stderr"]).iloc[:3]
    assert labels(plot_rates(bare, 1.0, None, 50.0)) == ["train", "untrained"]


def test_nothing_finite_is_drawn_too(frame, tmp_path):
    frame[["train_loss", "val_loss", "val_stderr"]] = np.nan
    frame["diverged"] = 3
    plot_rates(frame, float("nan")).savefig(tmp_path / "empty.png")


def test_a_negative_loss_is_drawn(frame):
    frame["val_loss"] -= 5
    low, high = plot_rates(frame, -4.0).axes[0].get_ylim()
    assert low < -4.8 < -4.0 < high


def test_into_an_axis_of_ones_own(frame):
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    assert plot_rates(frame, 1.0, axis=axis) is axis.figure
    assert "matplotlib.pyplot" not in sys.modules or axis.figure.canvas.manager is None
