"""Rows of dots on shared axes, each with a stroke at its mean: a row a configuration."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from nnexp.report import scale
from nnexp.report.markup import Markup, element, join, svg_percent
from nnexp.report.room import centred

FAR_OUT = 1e3  # times the median: losses beyond it do not stretch the axis
NARROW = 170  # pixels of the narrowest column, a phone's


@dataclass(frozen=True)
class Dot:
    """A value: where, in which classes, and what a pointer that rests on it is told."""

    value: float
    series: str
    name: str


@dataclass(frozen=True)
class Cell:
    """The dots of one column of a row.

    Arguments:
        dots: those that are not finite are left out.
        mean: a stroke; NaN for none.
        low, high: the ends of a bar; NaN for none.
        series: the classes of stroke and bar.
    """

    dots: Sequence[Dot]
    mean: float
    low: float
    high: float
    series: str


@dataclass(frozen=True)
class Row:
    """A row: its label, and a cell a column."""

    label: str
    cells: Sequence[Cell]


def dot_rows(
    rows: Sequence[Row], titles: Sequence[str], bounded: Sequence[bool], shared: bool = False
) -> Markup:
    """The rows as a figure of HTML.

    Arguments:
        rows: one at least.
        titles: of the columns.
        bounded: for each column, whether its values are shares between 0 and 1.
        shared: all columns have the same axis, that of all their values.
    """
    columns = range(len(titles))
    if shared:
        scales = [_axis([c for row in rows for c in row.cells], bounded[0])] * len(titles)
    else:
        scales = [_axis([row.cells[i] for row in rows], bounded[i]) for i in columns]
    parts = [element("div", class_="dots-label")]
    parts += [element("div", title, class_="dots-title") for title in titles]
    for row in rows:
        parts.append(element("div", row.label, class_="dots-label", title=row.label))
        parts += [_cell(row.cells[i], scales[i], f"{row.label}: {titles[i]}") for i in columns]
    parts.append(element("div", class_="dots-label"))
    parts += [_ticks(scales[i]) for i in columns]
    return element("figure", join(*parts), class_="dots", style=f"--columns:{len(titles)}")


def _axis(cells: Sequence[Cell], bounded: bool) -> scale.Scale:
    """The axis of dots and means, and of bars as far as they do not dwarf those.

    A loss of an optimizer that has all but diverged is left out, and lies at the edge.
    """
    seen = [d.value for c in cells for d in c.dots if math.isfinite(d.value)]
    seen += [c.mean for c in cells if math.isfinite(c.mean)]
    if not seen:
        return scale.linear_scale(0, 1)
    middle = statistics.median(seen)
    if middle > 0:
        seen = [v for v in seen if v <= FAR_OUT * middle]
    low, high = min(seen), max(seen)
    room = (high - low) / 2
    bottom, top = low - room, high + room
    if low >= 0 and not bounded:
        positive = [v for v in seen if v > 0]
        logs = bool(positive) and high > scale.DECADE * min(positive)
        bottom, top = (min(positive) / 2, high * 2) if logs else (max(bottom, 0.0), top)
    for cell in cells:
        if math.isfinite(cell.low) and math.isfinite(cell.high):
            seen += [max(cell.low, bottom), min(cell.high, top)]
    if bounded:
        seen = [min(max(v, 0.0), 1.0) for v in seen]
    return scale.score_scale(seen, bounded)


def _cell(cell: Cell, axis: scale.Scale, label: str) -> Markup:
    parts = [
        element("line", x1=svg_percent(t.at), x2=svg_percent(t.at), y1=0, y2="100%", class_="grid")
        for t in axis.ticks
    ]
    low, high = _place(axis, cell.low), _place(axis, cell.high)
    if math.isfinite(cell.low) and math.isfinite(cell.high):
        parts.append(
            element("line", x1=svg_percent(low), x2=svg_percent(high), y1="50%", y2="50%",
                    class_=f"bar {cell.series}")
        )  # fmt: skip
    for dot in cell.dots:
        if math.isfinite(dot.value):
            parts.append(
                element("circle", element("title", dot.name),
                        cx=svg_percent(_place(axis, dot.value)), cy="50%", r=3.5,
                        class_=f"dot seed {dot.series}")
            )  # fmt: skip
    if math.isfinite(cell.mean):
        x = svg_percent(_place(axis, cell.mean))
        parts.append(element("line", x1=x, x2=x, y1="18%", y2="82%", class_=f"mean {cell.series}"))
    drawing = element("svg", *parts, width="100%", height="100%", role="img", aria_label=label)
    return element("div", drawing, class_="dots-cell")


def _ticks(axis: scale.Scale) -> Markup:
    parts = [element("line", x1=0, x2="100%", y1=0, y2=0, class_="axis")]
    for label in centred(axis.ticks, NARROW):
        parts.append(
            element("text", label.tick.label, x=svg_percent(label.tick.at), y=16, class_="tick",
                    text_anchor=label.anchor)
        )  # fmt: skip
    return element("svg", *parts, width="100%", height=22, aria_hidden="true")


def _place(axis: scale.Scale, value: float) -> float:
    """The place on the axis, at its nearer end for what lies beyond."""
    share = axis.place(value)
    if math.isfinite(share):
        return min(max(share, 0.0), 1.0)
    return 0.0  # at or below zero, on an axis of logarithms
