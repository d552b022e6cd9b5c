"""The picture of a learning-rate range test: losses over the rates, and the suggestion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nnexp.track.plot import COLORS, LABELS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEADROOM = 1.15  # the picture ends so far above the loss before training


def plot_rates(
    frame: pd.DataFrame,
    untrained: float,
    suggestion: float | None = None,
    configured: float | None = None,
    axis: Any = None,
) -> Figure:
    """Draw train and validation loss over the rates, a cross for each rate that diverged.

    Needs no display, and leaves matplotlib's backend as it is.

    Arguments:
        frame: `rate`, `train_loss`, `diverged`, and `val_loss` and `val_stderr` where there are
            validation rows.
        untrained: the loss before training.
        suggestion: a rate to mark.
        configured: the rate of the configuration, to mark where it is in the range.
        axis: a matplotlib axis to draw into; None for a new figure.

    Returns:
        The figure; `figure.savefig("lr_find.png")` writes it.
    """
    if axis is None:
        from matplotlib.figure import Figure  # not pyplot: no window, no global figure

        axis = Figure(figsize=(7.0, 4.2), layout="constrained").subplots()
    rates = frame["rate"]
    _draw_losses(axis, frame, untrained)
    broken = frame[frame["diverged"] > 0]["rate"]
    if len(broken):
        axis.scatter(
            broken, np.full(len(broken), 0.97), marker="x", color="0.35", label="diverged",
            transform=axis.get_xaxis_transform(), zorder=3,
        )  # fmt: skip
    if suggestion is not None:
        axis.axvline(suggestion, color="#009e73", linewidth=1.8, label=f"suggested: {suggestion:g}")
    if configured is not None and rates.min() <= configured <= rates.max():
        axis.axvline(
            configured,
            color="0.45",
            linewidth=1.2,
            linestyle=":",
            label=f"configured: {configured:g}",
        )
    axis.set_xscale("log")
    axis.set_xlim(rates.min() / 1.2, rates.max() * 1.2)
    axis.set_xlabel("learning rate")
    axis.set_ylabel("loss")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False)
    figure: Figure = axis.figure
    return figure


def _draw_losses(axis: Any, frame: pd.DataFrame, untrained: float) -> None:
    least = [untrained]
    for part, color in COLORS.items():
        if f"{part}_loss" not in frame:
            continue
        loss = frame[f"{part}_loss"].to_numpy()
        axis.plot(frame["rate"], loss, "o-", color=color, markersize=3.5, label=LABELS[part])
        least.append(float(np.min(loss, where=np.isfinite(loss), initial=np.inf)))
        if f"{part}_stderr" in frame:
            error = frame[f"{part}_stderr"].fillna(0.0).to_numpy()
            axis.fill_between(
                frame["rate"], loss - error, loss + error, color=color, alpha=0.2, lw=0
            )
    if not np.isfinite(untrained):
        return
    axis.axhline(untrained, color="0.45", linewidth=1, linestyle="--", label="untrained")
    # rates beyond the useful ones reach losses that would flatten all others
    drop = untrained - min(least)
    if drop > 0:
        axis.set_ylim(min(least) - 0.05 * drop, untrained + (HEADROOM - 1) * drop)
