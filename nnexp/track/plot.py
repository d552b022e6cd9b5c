"""Learning curves: loss and accuracy over the epochs, train and validation in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = {"train": "#0072b2", "val": "#d55e00"}  # Okabe & Ito: told apart by every eye
LABELS = {"train": "train", "val": "validation"}


def plot_history(
    frame: pd.DataFrame, axes: Sequence[Any] | None = None, best_epoch: int | None = None
) -> Figure:
    """Draw loss and accuracy side by side, with the best epoch marked.

    Needs no display, and leaves matplotlib's backend as it is.

    Arguments:
        frame: `epoch`, `train_loss`, `train_accuracy`, and `val_loss` and `val_accuracy` where
            there are validation rows.
        axes: two matplotlib axes to draw into; None for a new figure.
        best_epoch: the epoch to mark; None for the one of least validation loss, or of least
            train loss without validation rows.

    Returns:
        The figure; `figure.savefig("history.png")` writes it.

    Raises:
        ValueError: not two axes.
    """
    if axes is None:
        from matplotlib.figure import Figure  # not pyplot: no window, no global figure

        figure = Figure(figsize=(9.0, 3.4), layout="constrained")
        axes = list(figure.subplots(1, 2))
    else:
        axes = list(axes)
        if len(axes) != 2:
            raise ValueError(f"plot_history draws into two axes. Received: {len(axes)}")
        figure = axes[0].figure
    best = _best_epoch(frame) if best_epoch is None else best_epoch
    for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for part, color in COLORS.items():
            _draw_curve(axis, frame, f"{part}_{quantity}", LABELS[part], color)
        if best is not None:
            axis.axvline(best, color="0.45", linewidth=1, linestyle="--", label=f"best: {best}")
        axis.set_xlabel("epoch")
        axis.set_ylabel(quantity)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.25)
        if axis.get_legend_handles_labels()[0]:
            axis.legend(frameon=False)
    return figure


# The class of pandas' own accessor, by the public way to it.
_PlotAccessor: Any = pd.DataFrame.plot


class LearningCurves(_PlotAccessor):
    """`history.plot`: learning curves by itself, pandas' accessor with arguments."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Draw learning curves, or what pandas draws when given arguments.

        Arguments:
            args: pandas' own.
            kwargs: `axes` and `best_epoch` of `plot_history`, or pandas' own.
        """
        is_history = {"epoch", "train_loss", "train_accuracy"} <= set(self._parent.columns)
        if is_history and not args and set(kwargs) <= {"axes", "best_epoch"}:
            return plot_history(self._parent, **kwargs)
        return super().__call__(*args, **kwargs)


def _draw_curve(axis: Any, frame: pd.DataFrame, column: str, label: str, color: str) -> None:
    if column not in frame or not frame[column].notna().any():
        return
    marker = "o" if len(frame) == 1 else None
    axis.plot(frame["epoch"], frame[column], label=label, color=color, marker=marker)


def _best_epoch(frame: pd.DataFrame) -> int | None:
    for column in ("val_loss", "train_loss"):
        if column in frame and frame[column].notna().any():
            return int(frame["epoch"].iloc[int(np.nanargmin(frame[column]))])
    return None
