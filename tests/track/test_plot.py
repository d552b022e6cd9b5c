import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nnexp.track.history import HistoryFrame
from nnexp.track.plot import plot_history


@pytest.fixture
def frame() -> HistoryFrame:
    return HistoryFrame(
        {
            "epoch": [1, 2, 3, 4],
            "train_loss": [4.0, 3.0, 2.0, 1.0],
            "train_accuracy": [0.1, 0.2, 0.3, 0.4],
            "val_loss": [4.0, 2.5, 3.0, float("nan")],
            "val_accuracy": [0.1, 0.2, 0.2, 0.2],
        }
    )


def labels(figure: Figure) -> list[list[str]]:
    return [[str(line.get_label()) for line in axis.lines] for axis in figure.axes]


def test_curves_and_best_epoch_are_drawn(frame: HistoryFrame, tmp_path: Path) -> None:
    figure = plot_history(frame)
    assert labels(figure) == [["train", "validation", "best: 2"]] * 2
    assert [axis.get_ylabel() for axis in figure.axes] == ["loss", "accuracy"]
    assert list(figure.axes[0].lines[0].get_ydata()) == [4.0, 3.0, 2.0, 1.0]
    assert list(figure.axes[0].lines[2].get_xdata()) == [2, 2]
    figure.savefig(tmp_path / "history.png")
    assert (tmp_path / "history.png").stat().st_size > 5000


def test_without_validation_rows_the_train_loss_decides(frame: HistoryFrame) -> None:
    empty = frame.assign(val_loss=float("nan"), val_accuracy=float("nan"))
    assert labels(plot_history(empty)) == [["train", "best: 4"]] * 2


def test_plot_without_arguments_draws_learning_curves(frame: HistoryFrame) -> None:
    assert isinstance(frame.plot(), Figure)
    assert labels(frame.plot(best_epoch=3))[0][-1] == "best: 3"


def test_plot_with_arguments_is_pandas_own(frame: HistoryFrame) -> None:
    own = Figure()
    axis = own.subplots()
    drawn = frame.plot(x="epoch", y="val_accuracy", ax=axis)
    assert drawn is axis
    assert list(axis.lines[0].get_ydata()) == [0.1, 0.2, 0.2, 0.2]
    assert frame.plot.line(x="epoch", y="train_loss", ax=axis) is axis
    assert len(axis.lines) == 2
    assert frame[["train_loss"]].plot(ax=axis) is axis


def test_axes_can_be_given(frame: HistoryFrame) -> None:
    own = Figure()
    FigureCanvasAgg(own)
    axes = own.subplots(1, 2)
    assert plot_history(frame, axes) is own
    with pytest.raises(ValueError, match="two axes"):
        plot_history(frame, [axes[0]])


def test_one_epoch_and_none_can_be_drawn(frame: HistoryFrame) -> None:
    FigureCanvasAgg(plot_history(frame.head(1))).draw()
    FigureCanvasAgg(plot_history(frame.head(0))).draw()


def test_backend_and_pandas_stay_as_they_were(frame: HistoryFrame) -> None:
    before = mpl.rcParams._get("backend")
    frame.plot()
    assert mpl.rcParams._get("backend") == before
    assert pd.DataFrame.plot is not HistoryFrame.plot


def test_history_imports_no_matplotlib() -> None:
    code = "import sys, nnexp.track.history; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
