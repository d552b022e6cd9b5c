"""The names of what a chart draws, each beside a piece of its line."""

from __future__ import annotations

from collections.abc import Iterable

from nnexp.report.markup import Markup, element


def legend(items: Iterable[tuple[str, str]]) -> Markup:
    """The legend of some lines.

    Arguments:
        items: of each line its classes, as for `Chart.line`, and its name; `band` among the
            classes draws a piece of a band instead.
    """
    return element("p", *(_item(series, name) for series, name in items), class_="lead items")


def _item(series: str, name: str) -> Markup:
    if "band" in series.split():
        sign = element("rect", x=0, y=1, width=24, height=10, class_=series)
    else:
        sign = element("line", x1=0, x2=24, y1=6, y2=6, class_=f"line {series}")
    drawing = element("svg", sign, width=24, height=12, class_="swatch", aria_hidden="true")
    return element("span", drawing, element("span", name), class_="item")
