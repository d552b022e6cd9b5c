"""Signals by layer: gradients, updates, units that do nothing, weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnexp.lines import one_line, shorten
from nnexp.report import scale
from nnexp.report.chart import COLOURS, Chart, thinned
from nnexp.report.legend import legend
from nnexp.report.markup import Markup, element
from nnexp.report.run_folder import RunFolder

# of its weights that a step moves, a factor of ten either way of the 1e-3 of CS231n, "Neural
# Networks Part 3", ratio of weights to updates
USUAL_UPDATE = (1e-4, 1e-2)
LONGEST = 60  # characters of a layer's name


@dataclass(frozen=True)
class SignalPanel:
    """A kind of signals.

    Arguments:
        kind: of a column KIND/LAYER.
        title: in words.
        bounded: whether its values are shares.
        steady: whether it is seen at every epoch, so that an epoch without it is a gap.
    """

    kind: str
    title: str
    bounded: bool = False
    steady: bool = False


PANELS = (
    SignalPanel("gradient_norm", "Norm of the gradient", steady=True),
    SignalPanel("update_ratio", "Share of its weights that a step moves", steady=True),
    SignalPanel("dead", "Share of units that never fire", bounded=True),
    SignalPanel("saturated", "Share of units that are saturated", bounded=True),
    SignalPanel("weight_norm", "Norm of the weights"),
)


def layer_signals(run: RunFolder) -> Markup | None:
    """The section; None where nothing was watched."""
    found = {panel.kind: _of_layers(run, panel.kind) for panel in PANELS}
    layers = list(dict.fromkeys(layer for own in found.values() for layer in own))
    if not layers:
        return None
    chosen = [layers[place] for place in thinned(len(layers), COLOURS)]
    series = {layer: f"s{place}" for place, layer in enumerate(chosen)}
    charts = [_chart(run, panel, found[panel.kind], series) for panel in PANELS]
    lead = (
        "From the inputs to the outputs; gradients and steps are those of an epoch's last batch, "
        "units and weights are looked at in epochs 1, 2, 3, 4, 6, 8, 11, 16 and so on."
    )
    if len(layers) > len(chosen):
        lead = f"{len(chosen)} of {len(layers)} layers. {lead}"
    return element(
        "section",
        element("h2", "Signals by layer"),
        element("p", lead, class_="lead"),
        legend([(own, shorten(one_line(layer), LONGEST)) for layer, own in series.items()]),
        element("div", *(chart for chart in charts if chart is not None), class_="charts"),
        id="signals",
        class_="curves",
    )


def _of_layers(run: RunFolder, kind: str) -> dict[str, NDArray[np.float64]]:
    """The columns of a kind by layer, those with two numbers at least."""
    return {
        name.partition("/")[2]: values
        for name, values in run.signals.items()
        if name.partition("/")[0] == kind and np.isfinite(values).sum() > 1
    }


def _chart(
    run: RunFolder,
    panel: SignalPanel,
    found: Mapping[str, NDArray[np.float64]],
    series: Mapping[str, str],
) -> Markup | None:
    drawn = {layer: found[layer] for layer in series if layer in found}
    if not drawn:
        return None
    epochs = run.signals["epoch"]
    values = np.concatenate(list(drawn.values()))
    is_ratio = panel.kind == "update_ratio"
    y = scale.score_scale(
        [*values.tolist(), *((USUAL_UPDATE[0] / 2, USUAL_UPDATE[1] * 2) if is_ratio else ())],
        panel.bounded,
    )
    x = scale.epochs(float(epochs.min()), float(epochs.max()))
    chart = Chart(x, y, panel.title, "epoch")
    if is_ratio:
        low, high = USUAL_UPDATE
        chart.marks.region(low, high, f"usual: {low:g} to {high:g}", "usual")
    if run.diverged is not None:
        chart.marks.upwards(float(run.diverged), f"diverged: epoch {run.diverged}", "warned")
    for layer, own in reversed(drawn.items()):
        rows = np.arange(len(own)) if panel.steady else np.flatnonzero(np.isfinite(own))
        kept = rows[thinned(len(rows))]
        chart.line(epochs[kept].tolist(), own[kept].tolist(), series[layer], one_line(layer))
    return chart.render()
