"""A chart of two axes that fits any width: curves stretch, text and dots keep their size.

The drawing is an SVG without a view box, so that a place is a percentage of its width. Curves lie
in a layer whose view box is stretched over it, `SPAN` units each way, and whose strokes do not
stretch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nnexp.report.marks import Marks
from nnexp.report.markup import Markup, element, join, svg_percent
from nnexp.report.room import with_room
from nnexp.report.scale import Scale

SPAN = 1000  # units of the curves' layer
HEIGHT = 210  # pixels
MOST_POINTS = 160  # of a curve; more would be finer than a screen shows
LEAST_LABEL = 4  # characters beside the y axis, so that charts below one another are aligned
COLOURS = 8  # of `--series-0`, ... in page.css


class Chart:
    """A chart to be drawn into.

    Arguments:
        x, y: its axes.
        title: what the y axis shows, in words; stands above the chart.
        x_title: what the x axis shows.
        height: pixels.

    Attributes:
        marks: what is marked in it.
    """

    def __init__(self, x: Scale, y: Scale, title: str, x_title: str, height: int = HEIGHT) -> None:
        self.x, self.y = x, y
        self.title, self.x_title, self.height = title, x_title, height
        self._under: list[Markup] = []  # stretched
        self._curves: list[Markup] = []  # stretched
        self._over: list[Markup] = []
        self._crossed = False
        self.marks = Marks(x, y, height)

    def line(
        self, xs: Sequence[float], ys: Sequence[float], series: str, name: str | None = None
    ) -> None:
        """A curve; it is interrupted where a value is not finite.

        Arguments:
            xs, ys: (n,) each.
            series: its classes: `s0` for the first colour, and `dashed`, `faint`.
            name: what it shows, for a pointer that rests on it.
        """
        for piece in _pieces([self._at(x, y) for x, y in zip(xs, ys, strict=True)]):
            if len(piece) == 1:
                cx, cy = (svg_percent(share) for share in _shares(piece[0]))
                self._over.append(element("circle", cx=cx, cy=cy, r=2.5, class_=f"dot {series}"))
                continue
            title = None if name is None else element("title", name)
            self._curves.append(
                element("polyline", title, points=_points(piece), class_=f"line {series}")
            )

    def band(
        self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], series: str
    ) -> None:
        """A band from `lows` to `highs`; interrupted where either is not finite."""
        both = [
            (*self._at(x, low), *self._at(x, high))
            for x, low, high in zip(xs, lows, highs, strict=True)
        ]
        for piece in _pieces(both):
            edge = [(p[0], p[1]) for p in piece] + [(p[2], p[3]) for p in reversed(piece)]
            if len(piece) > 1:
                self._under.append(
                    element("polygon", points=_points(edge), class_=f"band {series}")
                )

    def dot(
        self, x: float, y: float, series: str, name: str | None = None, radius: float = 3
    ) -> None:
        """A dot; none where it has no place.

        Arguments:
            x, y: its values.
            series: its classes; `hollow` draws its edge alone.
            name: what it shows.
            radius: pixels.
        """
        place = self._at(x, y)
        if all(map(math.isfinite, place)):
            cx, cy = (svg_percent(share) for share in _shares(place))
            title = None if name is None else element("title", name)
            self._over.append(
                element("circle", title, cx=cx, cy=cy, r=f"{radius:g}", class_=f"dot {series}")
            )

    def cross(self, x: float, name: str) -> None:
        """A cross above the plot, for what has no place on the y axis."""
        at = self.x.place(x)
        if math.isfinite(at):
            self._crossed = True
            self._over.append(
                element(
                    "text", "×", element("title", name), x=svg_percent(at), y=-3, class_="cross"
                )
            )

    def render(self) -> Markup:
        """The chart as a figure of HTML."""
        widest = max([LEAST_LABEL, *(len(tick.label) for tick in self.y.ticks)])
        stretched = element(
            "svg", *self._under, *self._curves, viewBox=f"0 0 {SPAN} {SPAN}", width="100%",
            height="100%", preserveAspectRatio="none", class_="stretched",
        )  # fmt: skip
        under, over, above = self.marks.render()
        drawing = element(
            "svg", *under, self._axes(), stretched, *self._over, *over, width="100%",
            height=self.height, role="img", aria_label=f"{self.title} against {self.x_title}",
        )  # fmt: skip
        style = f"padding-left:{7 * widest + 10}px" + f";padding-top:{above}px" * (above > 0)
        return element(
            "figure",
            element("figcaption", self.title),
            element("div", drawing, class_="plot", style=style),
            element("div", self.x_title, class_="axis-title"),
            class_="chart crossed" if self._crossed else "chart",
        )

    def _axes(self) -> Markup:
        parts = []
        for tick in self.y.ticks:
            y = svg_percent(1 - tick.at)
            parts.append(element("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
            parts.append(
                element("text", tick.label, x=-7, y=y, dy=".35em", class_="tick", text_anchor="end")
            )
        parts.append(element("line", x1=0, x2="100%", y1="100%", y2="100%", class_="axis"))
        for label in with_room(self.x.ticks):
            parts.append(
                element("text", label.tick.label, x=svg_percent(label.tick.at), y=self.height + 17,
                        class_="tick", text_anchor=label.anchor)
            )  # fmt: skip
        for tick in self.x.ticks:
            x = svg_percent(tick.at)
            parts.append(
                element("line", x1=x, x2=x, y1=self.height, y2=self.height + 4, class_="axis")
            )
        if self.x.gap is not None:
            x = svg_percent(self.x.gap)
            parts.append(
                element("text", "//", x=x, y=self.height + 4, class_="gap", text_anchor="middle")
            )
        return join(*parts)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        """A place in the units of the curves' layer; a little beyond it is let through."""
        across, up = self.x.place(x), self.y.place(y)
        return across * SPAN, min(max(1 - up, -9.0), 9.0) * SPAN if math.isfinite(up) else math.nan


def thinned(count: int, most: int = MOST_POINTS) -> list[int]:
    """Which of `count` points of a curve are drawn: all, or evenly spaced ones with both ends."""
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


def _pieces(points: Sequence[tuple[float, ...]]) -> list[list[tuple[float, ...]]]:
    pieces: list[list[tuple[float, ...]]] = [[]]
    for point in points:
        if all(map(math.isfinite, point)):
            pieces[-1].append(point)
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _points(points: Sequence[tuple[float, ...]]) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in points)


def _shares(place: tuple[float, ...]) -> tuple[float, float]:
    return place[0] / SPAN, place[1] / SPAN
