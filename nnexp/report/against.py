"""Scores against each setting that was varied: lines over numbers, rows of dots for the rest."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nnexp.leaderboard import Configuration, Leaderboard, Record
from nnexp.leaderboard.comparing import recorded_score
from nnexp.leaderboard.grouping import comparable
from nnexp.leaderboard.words import number, short_names
from nnexp.lines import one_line
from nnexp.report import scale
from nnexp.report.chart import Chart
from nnexp.report.dots import Cell, Dot, Row, dot_rows
from nnexp.report.labels import brief, brief_settings, heading
from nnexp.report.markup import Markup, element
from nnexp.report.observations import Observations, mean_of, number_of
from nnexp.report.settings import charted, is_numeric, values_of

MOST_LINES = 60  # of settings other than the best
MOST_DOTS = 400  # of one row


@dataclass(frozen=True)
class ScorePanel:
    """One quantity of a chart.

    Arguments:
        title: above it.
        val: the score of a run in metrics.json; None for none.
        train: the column of a run's history.csv at its kept epoch; None for none.
    """

    title: str
    val: str | None
    train: str | None


LOSS = ScorePanel("Loss", "val_loss", "train_loss")
ACCURACY = ScorePanel("Accuracy", "val_accuracy", "train_accuracy")
PENALTY = ScorePanel("Penalty", None, "train_penalty")


def against_settings(board: Leaderboard, seen: Observations) -> Markup | None:
    """The section; None where nothing was varied that it could show."""
    groups = []
    keys = charted(board)
    for key in keys:
        if is_numeric(board, key):
            groups.append(_numbers(board, key, seen))
        elif len(keys) > 1 and len(values_of(board, key, failed=False)) > 1:
            groups.append(_options(board, key))
    if not groups:
        return None
    return element("section", element("h2", "Scores against each setting"), *groups, id="settings")


def like_the_first(board: Leaderboard, key: str) -> list[Configuration]:
    """The configurations that differ from the first in one key at most, and in what follows it."""
    keys = charted(board)
    first = _others(board.configurations[0].values, keys, key)
    return [row for row in board.configurations if _others(row.values, keys, key) == first]


def _numbers(board: Leaderboard, key: str, seen: Observations) -> Markup:
    having = [row for row in board.configurations if key in row.values]
    having.sort(key=lambda row: _x(row, key))  # in which equal settings keep their ranks' order
    keys = charted(board)
    lines: dict[Hashable, list[Configuration]] = {}
    for row in having:
        lines.setdefault(_others(row.values, keys, key), []).append(row)
    first = _others(board.configurations[0].values, keys, key)
    anchor = _anchor(lines, first)
    slice_ = lines.pop(anchor, [])
    others = _drawn(list(lines.values()))
    broken = [(x, r) for r in board.failed if (x := number_of(r.config.get(key))) is not None]
    axis = scale.swept([*(_x(row, key) for row in having), *(x for x, _ in broken)])
    panels = [LOSS, ACCURACY]
    kept = [mean_of(seen.kept(r, "train_penalty") for r in row.records) for row in slice_]
    kept = [value for value in kept if math.isfinite(value)]
    if max(kept, default=0) > 1.01 * min(kept, default=0):
        panels.append(PENALTY)
    charts = [_chart(panel, key, axis, slice_, others, broken, seen) for panel in panels]
    drawn = [chart for chart in charts if chart is not None]
    return element(
        "div",
        element("h3", key),
        _key_legend(
            board, key, (slice_ or board.configurations)[0], anchor == first, others, broken
        ),
        element("div", *drawn, class_="charts"),
        class_="setting",
    )


def _anchor(lines: Mapping[Hashable, Sequence[Configuration]], first: Hashable) -> Hashable:
    """The settings at which a key is shown: those of the first, if it was varied there at all.

    Else those with the most values, as where each of several penalties was varied alone.
    """
    if not lines or len(lines.get(first, ())) > 1:
        return first
    ranks = {own: min(row.rank for row in rows) for own, rows in lines.items()}
    return max(lines, key=lambda own: (len(lines[own]), -ranks[own]))


def _x(row: Configuration, key: str) -> float:
    return number_of(row.values[key]) or 0.0


def _drawn(lines: list[list[Configuration]]) -> list[list[Configuration]]:
    """The lines of other settings that are drawn, those with the best first; one alone is a dot."""
    ranked = sorted(lines, key=lambda rows: min(row.rank for row in rows))
    dots = [rows for rows in ranked if len(rows) == 1][:MOST_DOTS]
    return [*[rows for rows in ranked if len(rows) > 1][:MOST_LINES], *dots]


def _chart(
    panel: ScorePanel,
    key: str,
    axis: scale.Scale,
    slice_: Sequence[Configuration],
    others: Sequence[Sequence[Configuration]],
    broken: Sequence[tuple[float, Record]],
    seen: Observations,
) -> Markup | None:
    def val(record: Record) -> float:
        return math.nan if panel.val is None else recorded_score(record, panel.val)

    def train(record: Record) -> float:
        return math.nan if panel.train is None else seen.kept(record, panel.train)

    runs = [[val(record) for record in row.records] for row in slice_]
    trained = [mean_of(map(train, row.records)) for row in slice_]
    beside = [[mean_of(map(val, row.records)) for row in rows] for rows in others]
    shown = [*(v for row in runs for v in row), *trained, *(v for row in beside for v in row)]
    if not any(map(math.isfinite, shown)):
        return None
    bounded = panel is ACCURACY
    chart = Chart(axis, scale.score_scale(shown, bounded), panel.title, key)
    for rows, means in zip(others, beside, strict=True):
        xs = [_x(row, key) for row in rows]
        chart.line(xs, means, "other", "other settings")
    xs = [_x(row, key) for row in slice_]
    for x, mean in zip(xs, trained, strict=True):
        chart.dot(x, mean, "train hollow", f"train, {key}={brief(x)}: {number(mean)}")
    chart.line(xs, trained, "train", "train")
    chart.line(xs, [mean_of(values) for values in runs], "val", "validation, mean")
    for x, row, values in zip(xs, slice_, runs, strict=True):
        for record, value in zip(row.records, values, strict=True):
            chart.dot(x, value, "val seed", f"run {record.name}: {number(value)}", 2.5)
        mean = mean_of(values)
        name = f"validation, {key}={brief(row.values[key])}: {number(mean)}"
        chart.dot(x, mean, "val", name, 4)
    for x in sorted({x for x, _ in broken}):
        ended = [record for at, record in broken if at == x]
        chart.cross(x, f"{key}={brief(x)}: " + ", ".join(f"{r.name} {r.status}" for r in ended))
    return chart.render()


def _key_legend(
    board: Leaderboard,
    key: str,
    shown: Configuration,
    of_first: bool,
    others: Sequence[Sequence[Configuration]],
    broken: Sequence[tuple[float, Record]],
) -> Markup:
    lines = any(len(rows) > 1 for rows in others)
    rest = {k: v for k, v in shown.values.items() if k != key}
    names = short_names(board.varied)
    why = "as in the first configuration" if of_first else "where it has the most values"
    at = f", at {brief_settings(rest, names)} {why}" if rest else ""
    runs = "; small dots are runs" if any(len(r.records) > 1 for r in board.configurations) else ""
    items = [
        _item(_swatch("val", "dot"), f"validation{at}{runs}"),
        _item(_swatch("train", "dot hollow"), "train, over the batches of the epoch that was kept"),
    ]
    if others:
        items.append(
            _item(_swatch("other", None if lines else "dot"), "validation at other settings")
        )
    if broken:
        items.append(_item(element("span", "×", class_="cross"), "runs that are in no mean"))
    return element("p", *items, class_="lead items")


def _item(sign: Markup, told: str) -> Markup:
    return element("span", sign, element("span", told), class_="item")


def _swatch(series: str, dot: str | None) -> Markup:
    marks = [element("line", x1=0, x2=24, y1=6, y2=6, class_=f"line {series}")]
    if dot is not None:
        marks.append(element("circle", cx=12, cy=6, r=3.5, class_=f"{dot} {series}"))
    return element("svg", *marks, width=24, height=12, class_="swatch", aria_hidden="true")


def _options(board: Leaderboard, key: str) -> Markup:
    """Rows of dots: the runs of each value, those like the first in all other settings apart."""
    like = {row.rank for row in like_the_first(board, key)}
    rows = []
    for value in values_of(board, key, failed=False):
        cells = []
        for score in _two_scores(board):
            having = [
                row for row in board.configurations
                if key in row.values and comparable(row.values[key]) == comparable(value)
            ]  # fmt: skip
            same = [row for row in having if row.rank in like]
            dots = [
                Dot(recorded_score(record, score), "other", _name(record, score))
                for row in having if row.rank not in like
                for record in row.records
            ][:MOST_DOTS]  # fmt: skip
            dots += [
                Dot(recorded_score(record, score), "val", _name(record, score))
                for row in same
                for record in row.records
            ]
            mean = mean_of(recorded_score(r, score) for row in same for r in row.records)
            cells.append(Cell(dots, mean, math.nan, math.nan, "val"))
        rows.append(Row(brief(value), cells))
    titles = [heading(score) for score in _two_scores(board)]
    bounded = ["loss" not in score for score in _two_scores(board)]
    told = "a run at all other settings of the first configuration; the stroke is their mean"
    legend = [
        _item(element("span", class_="bullet val"), told),
        _item(element("span", class_="bullet other"), "a run at other settings"),
    ]
    return element(
        "div",
        element("h3", key),
        element("p", *legend, class_="lead items"),
        dot_rows(rows, titles, bounded),
        class_="setting",
    )


def _name(record: Record, score: str) -> str:
    return f"run {one_line(record.name)}: {number(recorded_score(record, score))}"


def _two_scores(board: Leaderboard) -> list[str]:
    other = "val_accuracy" if board.sort == "val_loss" else "val_loss"
    return [board.sort, other]


def _others(values: dict[str, Any], keys: Sequence[str], key: str) -> Hashable:
    return tuple(comparable(values[k]) if k in values else () for k in keys if k != key)
