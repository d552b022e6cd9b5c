"""Learning curves of a run, with what a reader should look at marked on them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nnexp.report import scale
from nnexp.report.chart import Chart, thinned
from nnexp.report.legend import legend
from nnexp.report.markup import Markup, element
from nnexp.report.prior import Prior
from nnexp.report.run_folder import RunFolder

LINES = (("val", "validation"), ("train", "train, over the epoch's batches"))


def run_curves(run: RunFolder, prior: Prior | None) -> Markup | None:
    """The section of the learning curves; None without a history."""
    if not run.epochs:
        return None
    charts = [c for c in (_loss(run, prior), _accuracy(run)) if c is not None]
    if not charts:
        return None
    names = [(series, name) for series, name in LINES if _seen(run, series)]
    return element(
        "section",
        element("h2", "Learning curves"),
        legend(names),
        element("div", *charts, class_="charts"),
        id="curves",
        class_="curves",
    )


def run_curve(
    run: RunFolder, part: str, quantity: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Epochs and values of a curve, (epochs,) each and NaN where unknown.

    The validation curve begins at epoch 0, before training, where that was watched.

    Arguments:
        part: `val` or `train`.
        quantity: `loss` or `accuracy`.
    """
    name = f"{part}_{quantity}"
    if name not in run.history:
        return np.zeros(0), np.zeros(0)
    epochs, values = run.history["epoch"], run.history[name]
    watched = run.signals.get("epoch", np.zeros(0))
    if name in run.signals and len(watched) and watched[0] == 0:
        epochs = np.concatenate(([0.0], epochs))
        values = np.concatenate((run.signals[name][:1], values))
    return epochs, values


def _seen(run: RunFolder, part: str) -> bool:
    return any(np.isfinite(run_curve(run, part, q)[1]).any() for q in ("loss", "accuracy"))


def _loss(run: RunFolder, prior: Prior | None) -> Markup | None:
    found = {part: run_curve(run, part, "loss") for part, _ in LINES}
    values = np.concatenate([own for _, own in found.values()])
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    below = bool(finite.min() < 0)
    shown = [*finite.tolist(), *([0.0] if below else [])]
    line = None if prior is None or below else prior.loss
    chart = Chart(
        _epochs(found),
        scale.score_scale(shown if line is None else [*shown, line]),
        "Loss",
        "epoch",
    )
    if below:
        chart.marks.region(-math.inf, 0.0, "below 0: no cross-entropy is there", "warned")
    if line is not None:
        chart.marks.across(line, f"naming the class shares {line:.3f}", "prior")
    _mark_epochs(chart, run, least=True)
    _draw(chart, found)
    return chart.render()


def _accuracy(run: RunFolder) -> Markup | None:
    found = {part: run_curve(run, part, "accuracy") for part, _ in LINES}
    values = np.concatenate([own for _, own in found.values()])
    if not np.isfinite(values).any():
        return None
    chart = Chart(
        _epochs(found), scale.score_scale(values.tolist(), bounded=True), "Accuracy", "epoch"
    )
    _mark_epochs(chart, run, least=False)
    _draw(chart, found)
    return chart.render()


def _mark_epochs(chart: Chart, run: RunFolder, least: bool) -> None:
    """Where it diverged, which weights were kept, and where the validation loss is least."""
    names: dict[int, list[str]] = {}
    if run.kept is not None:
        names.setdefault(run.kept, []).append("kept")
    losses = run.history.get("val_loss", np.zeros(0))
    if least and np.isfinite(losses).any():
        best = int(run.history["epoch"][np.nanargmin(losses)])
        names.setdefault(best, []).append("least validation loss")
    if run.diverged is not None:
        names.setdefault(run.diverged, []).append("diverged")
    for epoch, told in names.items():
        series = "warned" if "diverged" in told else "kept" if "kept" in told else "other"
        when = f"epoch {epoch}" if epoch else "before training"
        chart.marks.upwards(float(epoch), f"{', '.join(told)}: {when}", series)


def _epochs(found: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]) -> scale.Scale:
    every = np.concatenate([epochs for epochs, _ in found.values()])
    return scale.epochs(float(every.min()), float(every.max()))


def _draw(chart: Chart, found: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]) -> None:
    for part, name in reversed(LINES):  # validation lies on top
        epochs, values = found[part]
        drawn = thinned(len(epochs))
        chart.line(epochs[drawn].tolist(), values[drawn].tolist(), part, name)
