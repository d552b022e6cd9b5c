"""Learning curves of the best configurations: the mean over their runs, in a band of all."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnexp.leaderboard import Configuration, Leaderboard
from nnexp.leaderboard.words import short_names
from nnexp.lines import shorten
from nnexp.report import scale
from nnexp.report.chart import COLOURS, Chart, thinned
from nnexp.report.labels import labels
from nnexp.report.markup import Markup, element, join
from nnexp.report.observations import Observations

PANELS = (
    ("val_loss", "Validation loss"),
    ("train_loss", "Train loss"),
    ("val_accuracy", "Validation accuracy"),
    ("train_accuracy", "Train accuracy"),
)
LONGEST = 80  # characters of a name in the legend


@dataclass(frozen=True)
class Curve:
    """One quantity of one configuration over the epochs.

    Arguments:
        epochs: (E,), rising.
        mean: (E,), over the runs that have reached the epoch; NaN where none has a number.
        low, high: (E,), of those runs.
        whole: (E,), whether all runs have reached the epoch.
    """

    epochs: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    whole: NDArray[np.bool_]


def configuration_curve(row: Configuration, column: str, seen: Observations) -> Curve | None:
    """The curve of a configuration; None where no run has it.

    Arguments:
        row: the configuration.
        column: of history.csv.
        seen: the histories.
    """
    runs = [h for h in map(seen.history, row.records) if column in h and len(h["epoch"])]
    if not runs:
        return None
    epochs = np.unique(np.concatenate([run["epoch"] for run in runs]))
    values = np.full((len(runs), len(epochs)), np.nan)
    for place, run in enumerate(runs):
        values[place, np.searchsorted(epochs, run["epoch"])] = run[column]
    if np.isnan(values).all():
        return None
    last = np.array([run["epoch"].max() for run in runs])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an epoch without a number stays NaN
        mean = np.nanmean(values, axis=0)
        low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    return Curve(epochs, mean, low, high, epochs <= last.min())


def learning_curves(board: Leaderboard, seen: Observations) -> Markup | None:
    """The section of the learning curves; None where no run has left a history.

    Arguments:
        board: of the configurations to show; without scores where they are in no order.
        seen: the histories.
    """
    rows = board.configurations[:COLOURS]
    names = short_names(board.varied)
    told = labels(rows, names)
    found = {name: [configuration_curve(row, name, seen) for row in rows] for name, _ in PANELS}
    charts = []
    for name, title in PANELS:
        if not any(found[name]):
            continue
        quantity = name.partition("_")[2]
        same = [n for n in found if n == name or (n.endswith(quantity) and quantity != "loss")]
        beside = [c for n in same for c in found[n] if c]
        chart = Chart(_epochs(beside), _values(beside, quantity), title, "epoch")
        for place in reversed(range(len(rows))):  # the best lies on top
            drawn = found[name][place]
            if drawn is not None:
                _draw(chart, drawn, place, told[place])
        charts.append(chart.render())
    if not charts:
        return None
    longest = max(len(row.records) for row in rows)
    bands = (
        "Lines are means over a configuration's runs, bands reach from the lowest to the highest "
        "run."
        if longest > 1
        else ("One run of each." if len(rows) > 1 else "One run.")
    )
    if not all(c.whole.all() for curves in found.values() for c in curves if c):
        bands += " A line goes on faint where some of the runs have stopped."
    several = len(board.configurations) > len(rows)
    those = f"{len(rows)} best" if rows[0].scores else f"first {len(rows)}"
    which = f"The {those} of {len(board.configurations)} configurations. " * several
    switches = element("span", " Untick a name to hide it.", class_="screen")
    return element(
        "section",
        element("h2", "Learning curves"),
        element("p", which + bands, switches if len(rows) > 1 else None, class_="lead"),
        element("div", _legend(told), element("div", *charts, class_="charts"), class_="curves"),
        id="curves",
    )


def _draw(chart: Chart, drawn: Curve, place: int, label: str) -> None:
    whole = int(drawn.whole.sum())
    series = f"s{place}"
    kept = np.array(thinned(whole), dtype=int)
    if not np.array_equal(drawn.low, drawn.high, equal_nan=True):
        chart.band(
            drawn.epochs[kept].tolist(), drawn.low[kept].tolist(), drawn.high[kept].tolist(), series
        )
    chart.line(drawn.epochs[kept].tolist(), drawn.mean[kept].tolist(), series, label)
    rest = np.array(thinned(len(drawn.epochs) - whole + 1), dtype=int) + whole - 1
    if whole and len(rest) > 1:
        chart.line(drawn.epochs[rest].tolist(), drawn.mean[rest].tolist(), f"{series} faint", label)


def _epochs(curves: list[Curve]) -> scale.Scale:
    low = min(float(c.epochs[0]) for c in curves)
    high = max(float(c.epochs[-1]) for c in curves)
    return scale.epochs(low, high)


def _values(curves: list[Curve], quantity: str) -> scale.Scale:
    ends = np.concatenate([np.concatenate([c.low, c.high]) for c in curves])
    return scale.score_scale(ends.tolist(), bounded=quantity == "accuracy")


def _legend(names: list[str]) -> Markup:
    """The names of the curves; a box of each shows and hides them, where there are several."""
    keys = []
    for place, name in enumerate(names):
        swatch = element(
            "svg", element("line", x1=0, x2=24, y1=5, y2=5, class_=f"line s{place}"),
            width=24, height=10, aria_hidden="true",
        )  # fmt: skip
        box = element("input", type="checkbox", checked=True, class_=f"show-{place}")
        told = element("span", shorten(name, LONGEST), title=name)
        parts = (box, swatch, told) if len(names) > 1 else (swatch, told)
        keys.append(element("label", *parts, class_="key"))
    return element("div", join(*keys), class_="legend")
