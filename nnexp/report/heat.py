"""Heat maps: the validation score over each pair of settings."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from itertools import combinations
from typing import Any

from nnexp.leaderboard import Configuration, Leaderboard
from nnexp.leaderboard.grouping import comparable
from nnexp.leaderboard.words import number, plural, score_title, short_names
from nnexp.report.labels import brief, brief_settings
from nnexp.report.markup import Markup, element, scroll
from nnexp.report.scale import DECADE
from nnexp.report.settings import charted, values_of
from nnexp.scores import is_loss

STEPS = 9  # colours `h0`, the worst, to `h8`, the best
MOST_VALUES = 14  # of a setting
MOST_KEYS = 3  # varied, for a map of each pair
FILLED = 0.4  # least share of a map that must have runs


def heat_maps(board: Leaderboard) -> Markup | None:
    """The section; None where fewer than two settings, or too many, were varied."""
    keys = charted(board)
    if not 2 <= len(keys) <= MOST_KEYS:
        return None
    maps = [_map(board, a, b) for a, b in combinations(keys, 2)]
    drawn = [m for m in maps if m is not None]
    if not drawn:
        return None
    what = f"Mean {score_title(board.sort)}, the stronger the colour the better"
    if len(keys) > 2:
        what += "; a cell shows the best of all configurations with its two settings"
    return element(
        "section",
        element("h2", "Pairs of settings"),
        element("p", f"{what}. The first configuration is framed.", class_="lead"),
        element("div", *drawn, class_="maps"),
        id="pairs",
    )


def shades(values: Sequence[float], lower_is_better: bool) -> list[int]:
    """A step of the palette for each value, `STEPS - 1` for the best and 0 for the worst.

    By logarithms where positive values span more than a decade.

    Arguments:
        values: finite.
        lower_is_better: as for a loss.
    """
    if not values:
        return []
    if min(values) > 0 and max(values) > DECADE * min(values):
        values = [math.log(value) for value in values]
    low, high = min(values), max(values)
    if low == high:
        return [STEPS - 1] * len(values)
    shares = [(value - low) / (high - low) for value in values]
    return [round((STEPS - 1) * (1 - s if lower_is_better else s)) for s in shares]


def _map(board: Leaderboard, a: str, b: str) -> Markup | None:
    cells: dict[tuple[Hashable, Hashable], Configuration] = {}
    for row in board.configurations:  # the best comes first
        if a in row.values and b in row.values:
            cells.setdefault((comparable(row.values[a]), comparable(row.values[b])), row)
    ended = {
        (comparable(r.config[a]), comparable(r.config[b])): r.status
        for r in board.failed
        if a in r.config and b in r.config
    }
    down, across = values_of(board, a), values_of(board, b)
    if len(down) > len(across):
        return _map(board, b, a) if len(across) > 1 else None
    if not 2 <= len(down) <= len(across) <= MOST_VALUES:
        return None
    if len(cells) < FILLED * len(down) * len(across):
        return None
    means = [row.scores[board.sort].mean for row in cells.values()]
    shade = dict(zip(cells, shades(means, is_loss(board.sort)), strict=True))
    names = short_names(board.varied)
    head = element("tr", element("td"), *(_title(v, "col") for v in across))
    body = []
    for value in down:
        parts = [_title(value, "row")]
        for other in across:
            place = (comparable(value), comparable(other))
            found = cells.get(place)
            if found is None:
                status = ended.get(place)
                parts.append(element("td", status or "–", class_="broken" if status else "none"))
                continue
            classes = f"h{shade[place]}" + " framed" * (found.rank == 1)
            told = f"{brief_settings(found.values, names)}, rank {found.rank}, "
            told += plural(len(found.records), "run")
            mean = number(found.scores[board.sort].mean)
            parts.append(element("td", mean, class_=classes, title=told))
        body.append(element("tr", *parts))
    table = element("table", element("thead", head), element("tbody", *body), class_="heat")
    return element(
        "figure",
        element("figcaption", f"{a} down, {b} across"),
        scroll(table, f"{score_title(board.sort)} over {a} and {b}"),
        class_="map",
    )


def _title(value: Any, scope: str) -> Markup:
    return element("th", element("span", brief(value)), scope=scope)
