"""Marks in a chart: lines across and upwards and regions, each with its name beside it."""

from __future__ import annotations

import math

from nnexp.report.markup import Markup, element, svg_percent
from nnexp.report.room import stacked
from nnexp.report.scale import Scale, Tick

LINE = 15  # pixels of a line of names
EDGE = 1e-9  # of an axis, beyond which a value is not on it


class Marks:
    """What is marked in a chart.

    Arguments:
        x, y: its axes.
        height: of its plot in pixels.
    """

    def __init__(self, x: Scale, y: Scale, height: int) -> None:
        self.x, self.y, self.height = x, y, height
        self._across: list[tuple[float, str, str]] = []  # place from the top, name, series
        self._upwards: list[tuple[Tick, str]] = []  # place and name, series
        self._regions: list[tuple[float, float, str, str]] = []  # top, bottom, name, series

    def across(self, y: float, name: str, series: str = "other") -> None:
        """A line across at a value, with its name at the right end; none beyond the axis."""
        at = 1 - self.y.place(y)
        if -EDGE <= at <= 1 + EDGE:
            self._across.append((at, name, series))

    def upwards(self, x: float, name: str, series: str = "other") -> None:
        """A line upwards at a value, with its name above the plot; none beyond the axis."""
        at = self.x.place(x)
        if -EDGE <= at <= 1 + EDGE:
            self._upwards.append((Tick(at, name), series))

    def region(self, low: float, high: float, name: str, series: str) -> None:
        """A region across between two values, as far as the axis goes, its name at its upper right.

        Arguments:
            low, high: infinite for no bound.
            name: what lies there, in a few words.
            series: its classes.
        """
        bottom = 1.0 if low == -math.inf else 1 - self.y.place(low)
        top = 0.0 if high == math.inf else 1 - self.y.place(high)
        bottom, top = min(bottom, 1.0), max(top, 0.0)
        if bottom - top > EDGE:
            self._regions.append((top, bottom, name, series))

    def render(self) -> tuple[list[Markup], list[Markup], int]:
        """What is drawn under the curves, what is drawn over them, and the pixels above the plot
        that the names need."""
        under, over = [], []
        names = [-LINE / 2]  # middles of the names at the right end, in pixels
        for top, bottom, name, series in self._regions:
            names.append(top * self.height + LINE)
            height = svg_percent(bottom - top)
            under.append(
                element("rect", x=0, y=svg_percent(top), width="100%", height=height,
                        class_=f"region {series}")
            )  # fmt: skip
            over.append(
                element("text", name, x="100%", y=svg_percent(top), dx=-6, dy="1.5em",
                        class_="mark-name halo", text_anchor="end")
            )  # fmt: skip
        for at, name, series in sorted(self._across):
            y, place = svg_percent(at), at * self.height
            above = all(abs(place - LINE / 2 - other) >= LINE for other in names)
            names.append(place + (-LINE / 2 if above else LINE / 2))
            under.append(element("line", x1=0, x2="100%", y1=y, y2=y, class_=f"mark {series}"))
            over.append(
                element("text", name, x="100%", y=y, dy="-.4em" if above else "1.1em",
                        class_=f"mark-name halo {series}", text_anchor="end")
            )  # fmt: skip
        lines = 0
        series_of = {id(tick): series for tick, series in self._upwards}
        for label, line in stacked([tick for tick, _ in self._upwards]):
            x, series = svg_percent(label.tick.at), series_of[id(label.tick)]
            lines = max(lines, line + 1)
            under.append(element("line", x1=x, x2=x, y1=-4, y2="100%", class_=f"mark {series}"))
            over.append(
                element("text", label.tick.label, x=x, y=-8 - LINE * line,
                        class_=f"mark-name {series}", text_anchor=label.anchor)
            )  # fmt: skip
        return under, over, LINE * lines
