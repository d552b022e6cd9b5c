"""Parallel coordinates: every configuration as a line through its settings to its score."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from nnexp.leaderboard import Configuration, Leaderboard
from nnexp.leaderboard.grouping import comparable
from nnexp.leaderboard.words import number, score_title, short_names
from nnexp.lines import shorten
from nnexp.report import scale
from nnexp.report.chart import SPAN
from nnexp.report.heat import STEPS
from nnexp.report.labels import brief, labels
from nnexp.report.markup import Markup, element, join, scroll, svg_percent
from nnexp.report.observations import number_of
from nnexp.report.room import LETTER
from nnexp.report.settings import charted, is_numeric, values_of
from nnexp.scores import is_loss

LEAST = 3  # settings
MOST_LINES = 300
MOST_VALUES = 10  # that are spaced evenly, whatever their size
HEIGHT = 280  # pixels
AXIS = 105  # pixels between two axes, at least
LONGEST = 12  # characters of a tick's label
LINE = 20  # pixels between two ticks, at least


def parallel_coordinates(board: Leaderboard) -> Markup | None:
    """The section; None where fewer than three settings were varied."""
    keys = charted(board)
    if len(keys) < LEAST:
        return None
    rows = board.configurations[:MOST_LINES]
    names = short_names(board.varied)
    axes = [_axis(board, key) for key in keys]
    means = [row.scores[board.sort].mean for row in rows]
    score = scale.score_scale(means, bounded=not is_loss(board.sort))
    last = len(axes)
    lines = []
    for row, told in zip(rows, labels(rows, names), strict=True):
        shade = STEPS - 1 - STEPS * (row.rank - 1) // len(rows)
        places = [axis.cross(row) for axis in axes] + [score.place(row.scores[board.sort].mean)]
        points = " ".join(
            f"{SPAN * i / last:.0f},{SPAN * (1 - place):.0f}"
            for i, place in enumerate(places)
            if math.isfinite(place)
        )
        words = f"{told}: {number(row.scores[board.sort].mean)}"
        classes = f"way w{shade}" + " first" * (row.rank == 1)
        lines.append(element("polyline", element("title", words), points=points, class_=classes))
    stretched = element(
        "svg", *reversed(lines), viewBox=f"0 0 {SPAN} {SPAN}", width="100%", height="100%",
        preserveAspectRatio="none", class_="stretched",
    )  # fmt: skip
    frames = [
        _frame(i / last, names[key], axes[i].scale, axes[i].even) for i, key in enumerate(keys)
    ]
    frames.append(_frame(1.0, score_title(board.sort), score, False))
    drawing = element(
        "svg", stretched, *frames, width="100%", height=HEIGHT, role="img",
        aria_label="configurations as lines through their settings",
    )  # fmt: skip
    which = f"The {MOST_LINES} best. " * (len(board.configurations) > MOST_LINES)
    what = (
        "A line is a configuration, the stronger its colour the better its rank; the first is "
        "thick. Values of a setting stand in order, evenly spaced where there are few."
    )
    inner = element("div", drawing, class_="parallel", style=f"min-width:{AXIS * last + 150}px")
    return element(
        "section",
        element("h2", "All settings at once"),
        element("p", which + what, class_="lead"),
        scroll(inner, "parallel coordinates"),
        id="parallel",
    )


@dataclass(frozen=True)
class ParallelAxis:
    """The axis of a setting.

    Arguments:
        scale: of its values.
        cross: where a configuration crosses it.
        even: whether its values are spaced evenly, whatever their size.
    """

    scale: scale.Scale
    cross: Callable[[Configuration], float]
    even: bool


def _axis(board: Leaderboard, key: str) -> ParallelAxis:
    values = values_of(board, key, failed=False)
    missing = any(key not in row.values for row in board.configurations)
    if len(values) > MOST_VALUES and is_numeric(board, key) and not missing:
        sized = scale.swept(number_of(value) or 0.0 for value in values)
        return ParallelAxis(
            sized, lambda row: sized.place(number_of(row.values[key]) or 0.0), False
        )
    labels = [shorten(brief(value), LONGEST) for value in values]
    order = {comparable(value): place + missing for place, value in enumerate(values)}
    even = scale.ordered([*(["(none)"] if missing else []), *labels])

    def cross(row: Configuration) -> float:
        return even.place(order[comparable(row.values[key])] if key in row.values else 0)

    return ParallelAxis(even, cross, True)


def _frame(at: float, name: str, axis: scale.Scale, pills: bool) -> Markup:
    x = svg_percent(at)
    parts = [
        element("line", x1=x, x2=x, y1=0, y2="100%", class_="axis"),
        element("text", shorten(name, 18), element("title", name), x=x, y=-18, class_="axis-name",
                text_anchor="middle"),
    ]  # fmt: skip
    kept: list[float] = []
    for tick in axis.ticks:
        if any(abs(tick.at - other) * HEIGHT < LINE for other in kept):
            continue
        kept.append(tick.at)
        parts += _pill(x, tick) if pills else [_tick(x, tick)]
    return join(*parts)


def _tick(x: str, tick: scale.Tick) -> Markup:
    y = svg_percent(1 - tick.at)
    return element("text", tick.label, x=x, y=y, dx=7, dy=".35em", class_="tick halo")


def _pill(x: str, tick: scale.Tick) -> list[Markup]:
    """A label on the axis itself, where lines meet; on a ground that hides them."""
    width, y = LETTER * len(tick.label) + 10, svg_percent(1 - tick.at)
    ground = element(
        "rect",
        x=x, y=y, width=width, height=18, rx=5, class_="pill",
        transform=f"translate(-{width / 2:g} -9)",
    )  # fmt: skip
    label_ = element("text", tick.label, x=x, y=y, dy=".35em", class_="tick", text_anchor="middle")
    return [ground, label_]
